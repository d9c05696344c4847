export { BootScriptError, bootScript, errorScript, ipxeScript, type NetworkBoot } from "./ipxe-script.ts";
export { type CompiledTemplate, compileTemplate, renderTemplate, type TemplateSource } from "./template.ts";
export { TemplateError, type TemplateErrorCode, type TemplatePosition } from "./template-error.ts";
