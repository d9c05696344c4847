import type { CompiledTemplate } from "../template.ts";
import { parseIgnition } from "./parse.ts";
import { IgnitionError } from "./problem.ts";
import { validateIgnition } from "./validate.ts";

/**
 * A template (Ignition as YAML or JSON) with a machine's values -> the compact JSON to serve.
 *
 * @throws TemplateError when the template cannot be rendered.
 * @throws IgnitionError when the result is no valid config; an empty text is none either.
 */
export function renderIgnition(template: CompiledTemplate, context: Readonly<Record<string, unknown>>): string {
  const { config, problems } = validateIgnition(parseIgnition(template.render(context), template.name));
  if (config === undefined) throw new IgnitionError("ignition-invalid", template.name, problems);
  return JSON.stringify(config);
}
