import type { NetBoot } from "@railhead/provisioning";
import { compileTemplate } from "@railhead/render";

/**
 * Makes one machine's boot section out of a profile's.
 *
 * @throws TemplateError
 */
export type BootTemplate = (context: Readonly<Record<string, unknown>>) => NetBoot;

/**
 * Compiles the texts of a boot section, each a template of its own.
 *
 * @param nameOf what errors call the text at a path below `boot`
 * @throws TemplateError
 */
export function compileBoot(boot: NetBoot, nameOf: (path: readonly (string | number)[]) => string): BootTemplate {
  const compile = (text: string, path: readonly (string | number)[]) => compileTemplate({ name: nameOf(path), text });
  const kernel = compile(boot.kernel, ["kernel"]);
  const initrd = boot.initrd.map((text, index) => compile(text, ["initrd", index]));
  const args = boot.args.map((text, index) => compile(text, ["args", index]));
  return (context) => ({
    kernel: kernel.render(context),
    initrd: initrd.map((template) => template.render(context)),
    args: args.map((template) => template.render(context)),
  });
}
