import { globSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/**
 * What each package may import beside itself and its own files. This table is the documentation of the layers:
 * wire <- provisioning <- {render, store} <- boot-server <- {sandbox, cli}; the agent knows the contract only.
 * zod is let into provisioning because it is pure, and what the operator wrote is parsed there.
 */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  wire: [],
  provisioning: ["@railhead/wire", "zod"],
  render: ["@railhead/provisioning", "@railhead/wire", "handlebars", "yaml"],
  store: ["@railhead/provisioning", "node:"],
  "boot-server": [
    "@railhead/provisioning",
    "@railhead/provisioning/contract",
    "@railhead/render",
    "@railhead/store",
    "@railhead/wire",
    "dns-packet",
    "fastify",
    "node:",
    "pino",
    "pino-pretty",
    "yaml",
    "zod",
  ],
  sandbox: ["@railhead/wire", "node:"],
  cli: ["@railhead/boot-server", "@railhead/sandbox", "commander", "node:"],
  agent: ["@railhead/provisioning/contract", "commander", "node:", "pino", "simple-git"],
  testkit: ["@railhead/provisioning", "@railhead/wire", "node:"],
};

/** These compute and never look at the world: same arguments, same answer. */
const PURE = ["wire", "provisioning", "render"];
/** What a pure package must not name; timers, `process` and `node:*` are already type errors there. */
const IMPURE_CALLS = /\bDate\.now\b|\bnew Date\(\)|\bMath\.random\b|\bperformance\.now\b/;
const IMPORT = /(?:\bfrom\s+|\bimport\s*\(?\s*)["']([^"']+)["']/g;

interface Source {
  readonly file: string;
  readonly text: string;
}

function sourcesOf(name: string): readonly Source[] {
  return globSync(`packages/${name}/src/**/*.ts`, { cwd: ROOT })
    .filter((file) => !file.endsWith(".test.ts"))
    .map((file) => ({ file, text: readFileSync(join(ROOT, file), "utf8") }));
}

/** Without comments, so that prose may mention what code may not. */
function codeOf({ text }: Source): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\//g, "").replaceAll(/^\s*\/\/.*$/gm, "");
}

function importsOf(source: Source): readonly string[] {
  return [...codeOf(source).matchAll(IMPORT)].map(([, specifier]) => specifier ?? "");
}

function forbiddenImports(name: string, source: Source): readonly string[] {
  const allowed = MAY_IMPORT[name] ?? [];
  const home = join("packages", name, "src");
  return importsOf(source).filter((specifier) => {
    if (specifier.startsWith(".")) return relative(home, join(dirname(source.file), specifier)).startsWith("..");
    return !allowed.some((entry) => (entry.endsWith(":") ? specifier.startsWith(entry) : specifier === entry));
  });
}

const packages = globSync("packages/*", { cwd: ROOT }).map((path) => path.slice("packages/".length));

test("the table names every package and no other", () => {
  expect(Object.keys(MAY_IMPORT).toSorted()).toEqual(packages.toSorted());
});

describe.each(packages)("%s", (name) => {
  const sources = sourcesOf(name);

  test("has sources, so that the checks below check something", () => {
    expect(sources.length).toBeGreaterThan(0);
  });

  test("imports only what its row allows", () => {
    const bad = sources.flatMap((source) =>
      forbiddenImports(name, source).map((specifier) => `${source.file}: ${specifier}`),
    );
    expect(bad).toEqual([]);
  });

  test("declares in package.json exactly the packages that it imports", () => {
    const manifest = JSON.parse(readFileSync(join(ROOT, "packages", name, "package.json"), "utf8")) as {
      readonly dependencies?: Readonly<Record<string, string>>;
    };
    const imported = new Set(
      sources
        .flatMap(importsOf)
        .filter((specifier) => !specifier.startsWith(".") && !specifier.startsWith("node:"))
        .map((specifier) =>
          specifier
            .split("/")
            .slice(0, specifier.startsWith("@") ? 2 : 1)
            .join("/"),
        ),
    );
    expect(Object.keys(manifest.dependencies ?? {}).toSorted()).toEqual([...imported].toSorted());
  });
});

describe.each(PURE)("%s is pure", (name) => {
  test("asks neither clock nor chance", () => {
    const bad = sourcesOf(name).filter((source) => IMPURE_CALLS.test(codeOf(source)));
    expect(bad.map(({ file }) => file)).toEqual([]);
  });

  test("compiles without Node's types and without the DOM's", () => {
    const config = JSON.parse(readFileSync(join(ROOT, "packages", name, "tsconfig.json"), "utf8")) as {
      readonly compilerOptions: { readonly types: readonly string[]; readonly lib: readonly string[] };
    };
    expect(config.compilerOptions.types).toEqual([]);
    expect(config.compilerOptions.lib).toEqual(["es2024"]);
  });
});

test("the check finds a forbidden import, in the middle of a file and of a dynamic one", () => {
  const source = {
    file: "packages/wire/src/x.ts",
    text: 'const a = 1;\nimport { b } from "node:fs";\nawait import("zod");',
  };
  expect(forbiddenImports("wire", source)).toEqual(["node:fs", "zod"]);
  const climbing = { file: "packages/wire/src/x.ts", text: 'export { y } from "../../store/src/y.ts";' };
  expect(forbiddenImports("wire", climbing)).toEqual(["../../store/src/y.ts"]);
});
