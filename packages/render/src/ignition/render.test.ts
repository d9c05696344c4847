import { describe, expect, test } from "vitest";
import { compileTemplate } from "../template.ts";
import { TemplateError } from "../template-error.ts";
import { IgnitionError } from "./problem.ts";
import { renderIgnition } from "./render.ts";

const NODE = `
ignition: {version: 3.3.0}
passwd:
  users:
    - name: core
      sshAuthorizedKeys: {{json keys}}
storage:
  files:
    - path: /etc/hostname
      mode: 0644
      contents:
        source: "{{#dataUrl}}{{machine.name}}{{/dataUrl}}"
{{#if (default machine.role false)}}
    - {path: /etc/role, contents: {source: "{{#dataUrl}}{{machine.role}}{{/dataUrl}}"}}
{{/if}}
`;

function render(text: string, context: Readonly<Record<string, unknown>> = {}): string {
  return renderIgnition(compileTemplate({ name: "ignition/node.yaml", text }), context);
}

describe("renderIgnition", () => {
  test("fills in a machine's values and answers compact JSON", () => {
    expect(render(NODE, { machine: { name: "core-01", role: 'a, b: "c"' }, keys: ["ssh-ed25519 AAAA x"] })).toBe(
      '{"ignition":{"version":"3.3.0"},"passwd":{"users":[{"name":"core","sshAuthorizedKeys":["ssh-ed25519 AAAA x"]}]},' +
        '"storage":{"files":[{"path":"/etc/hostname","mode":420,"contents":{"source":"data:,core-01"}},' +
        '{"path":"/etc/role","contents":{"source":"data:,a%2C%20b%3A%20%22c%22"}}]}}',
    );
  });

  test("one machine's values are not another's", () => {
    const template = compileTemplate({ name: "n", text: NODE });
    const names = ["core-01", "core-02"].map((name) => renderIgnition(template, { machine: { name }, keys: [] }));
    expect(names[0]?.replace("core-01", "core-02")).toBe(names[1]);
  });

  test("a value cannot break out of json or dataUrl", () => {
    const nasty = '"\n    - path: /etc/shadow\n#';
    const config = JSON.parse(render(NODE, { machine: { name: nasty }, keys: [nasty] })) as unknown;
    expect(config).toMatchObject({
      passwd: { users: [{ sshAuthorizedKeys: [nasty] }] },
      storage: { files: [{ path: "/etc/hostname" }] },
    });
    expect(config).toHaveProperty("storage.files.length", 1);
  });

  test("a missing variable is the template's error", () => {
    expect(() => render(NODE, { machine: {}, keys: [] })).toThrow(TemplateError);
  });

  test.each([
    ["an empty text", "", "ignition-invalid"],
    ["a comment", "# to do\n", "ignition-invalid"],
    ["an empty object", "{}", "ignition-invalid"],
    ["a text cut off", '{"ignition": {"version": "3.3.0"}, "storage": {', "ignition-syntax"],
    ["a rule broken", "ignition: {version: 3.3.0}\nstorage: {files: [{path: motd}]}", "ignition-invalid"],
    ["Butane", "variant: fcos\nversion: 1.4.0\n", "ignition-invalid"],
  ])("%s is never an empty config but an error", (_, text, code) => {
    let caught: unknown;
    try {
      render(text);
    } catch (error) {
      caught = error;
    }
    expect(caught).toBeInstanceOf(IgnitionError);
    expect(caught).toMatchObject({ code });
    expect(caught).toHaveProperty("problems.0.kind", "error");
  });

  test("the message names the file and every error", () => {
    expect(() => render("ignition: {version: 3.3.0}\nstorage: {files: [{path: motd, mode: -1}]}")).toThrow(
      "ignition/node.yaml: $.storage.files[0].path: path not absolute; $.storage.files[0].mode: illegal file mode",
    );
  });

  test("warnings do not keep a config from being served", () => {
    expect(render("ignition: {version: 3.3.0}\nstorage: {files: [{path: /a, mode: 04755}]}")).toContain('"mode":2541');
  });
});
