import Handlebars from "handlebars";
import { TemplateFailure, type TemplatePosition } from "./template-error.ts";
import { base64, dataUrl, jsonForYaml, utf8Bytes } from "./text-encoding.ts";

/** What Handlebars hands a helper as its last argument, as far as we use it. `loc` counts columns from 0. */
interface HelperOptions {
  readonly fn: (context: unknown) => string;
  readonly loc: { readonly start: TemplatePosition };
}

type HelperCall = (args: readonly unknown[], options: HelperOptions, context: unknown) => unknown;

interface HelperSpec {
  readonly block: boolean;
  readonly minArguments: number;
  readonly maxArguments: number;
  /** `undefined`: Handlebars' own, kept as it is. */
  readonly call: HelperCall | undefined;
}

function inline(count: number | readonly [number, number], call: HelperCall): HelperSpec {
  const [minArguments, maxArguments] = typeof count === "number" ? [count, count] : count;
  return { block: false, minArguments, maxArguments, call };
}

const block = { block: true, minArguments: 1, maxArguments: 1 } as const;
const twoOrMore = [2, Number.POSITIVE_INFINITY] as const;

/** The helpers of the template language; docs and error messages list exactly these. */
export const HELPERS: Readonly<Record<string, HelperSpec>> = {
  if: { ...block, call: undefined },
  unless: { ...block, call: undefined },
  with: { ...block, call: undefined },
  each: { ...block, call: undefined },
  dataUrl: { ...block, minArguments: 0, maxArguments: 0, call: dataUrlBlock },
  default: inline(2, ([value, fallback]) => value ?? fallback),
  lookup: inline(2, lookup),
  eq: inline(2, ([left, right]) => left === right),
  ne: inline(2, ([left, right]) => left !== right),
  and: inline(twoOrMore, (args) => firstOrLast(args, isFalsy)),
  or: inline(twoOrMore, (args) => firstOrLast(args, (value) => !isFalsy(value))),
  not: inline(1, ([value]) => isFalsy(value)),
  json: inline(1, json),
  join: inline([1, 2], join),
  upper: inline(1, ([value], options) => text("upper", value, options).toUpperCase()),
  lower: inline(1, ([value], options) => text("lower", value, options).toLowerCase()),
  base64: inline(1, ([value], options) => base64(utf8Bytes(text("base64", value, options)))),
};

/** Helpers that templates cannot name; the strict rewriting puts them around every variable. */
export const INTERNAL = { value: "(value)", output: "(output)", optional: "(optional)", print: "(print)" } as const;

const INTERNAL_CALLS: Readonly<Record<string, HelperCall>> = {
  [INTERNAL.value]: value,
  [INTERNAL.output]: (args, options) => printable(value(args, options), String(args[1]), options),
  [INTERNAL.optional]: (args) => walk(args).found,
  [INTERNAL.print]: ([result, name], options) => printable(result, String(name), options),
};

/** A Handlebars of our own, so that nothing registered elsewhere in the process is visible to templates or changed. */
export function createEngine(): typeof Handlebars {
  const engine = Handlebars.create();
  for (const name of Object.keys(engine.helpers)) {
    if (HELPERS[name] === undefined) engine.unregisterHelper(name);
  }
  for (const name of Object.keys(engine.decorators)) engine.unregisterDecorator(name);
  const own = Object.entries(HELPERS).flatMap(([name, { call }]) =>
    call === undefined ? [] : [[name, call] as const],
  );
  for (const [name, call] of [...own, ...Object.entries(INTERNAL_CALLS)]) {
    engine.registerHelper(name, function (this: unknown, ...all: unknown[]) {
      return call(all.slice(0, -1), optionsOf(all), this);
    });
  }
  const each = engine.helpers["each"];
  engine.registerHelper("each", function (this: unknown, items: unknown, options: unknown) {
    if (items !== null && typeof items !== "object") {
      throw helperFailure(optionsOf([options]), `each needs a list or a map, got ${kindOf(items)}`);
    }
    const text: unknown = each?.call(this, items, options);
    return text;
  });
  return engine;
}

function optionsOf(all: readonly unknown[]): HelperOptions {
  const options = all.at(-1);
  if (!isHelperOptions(options)) throw new TypeError("Handlebars called a helper without options");
  return options;
}

function isHelperOptions(value: unknown): value is HelperOptions {
  return typeof value === "object" && value !== null && "loc" in value;
}

/** One line break right after the opening tag is layout, not content, so that a script's `#!` can start a line. */
function dataUrlBlock(_: readonly unknown[], options: HelperOptions, context: unknown): string {
  return dataUrl(options.fn(context).replace(/^\r?\n/, ""));
}

function lookup([base, key]: readonly unknown[], options: HelperOptions): unknown {
  if (typeof key !== "string" && typeof key !== "number") {
    throw helperFailure(options, `lookup needs a name or an index as its second argument, got ${kindOf(key)}`);
  }
  return value([base, String(key), String(key)], options);
}

/** `[base, path as written, ...steps]` -> the value, which must be there. */
function value(args: readonly unknown[], options: HelperOptions): unknown {
  const { found, missing } = walk(args);
  if (missing === undefined) return found;
  const variable = String(args[1]);
  const what = missing === "" || missing === variable ? "" : `: there is no "${missing}"`;
  throw new TemplateFailure("template-unknown-variable", start(options), `unknown variable "${variable}"${what}`, {
    variable,
    hint: `define it, or write {{default ${variable} "..."}} if it may be missing; inside each and with, ../ leads out`,
  });
}

/** Follows own properties only: nothing is inherited, so `constructor` and `__proto__` are as unknown as any name. */
function walk(args: readonly unknown[]): { readonly found: unknown; readonly missing?: string } {
  let found = args[0];
  let step = "";
  for (let at = 2; at < args.length; at++) {
    step = String(args[at]);
    if (!hasOwn(found, step)) return { found: undefined, missing: step };
    found = found[step];
  }
  return found === undefined ? { found, missing: step } : { found };
}

function hasOwn(value: unknown, key: string): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && Object.hasOwn(value, key);
}

/** Always text: Handlebars joins what is printed by `+`, which would add two numbers that stand side by side. */
function printable(result: unknown, name: string, options: HelperOptions): string {
  if (typeof result === "string" || typeof result === "number" || typeof result === "boolean") return String(result);
  throw helperFailure(
    options,
    `"${name}" is ${kindOf(result)} and has no plain text form`,
    `write {{json ${name}}}, or {{default ${name} ""}} for null`,
  );
}

function json([value]: readonly unknown[], options: HelperOptions): string {
  const text = jsonForYaml(value);
  if (text === undefined) throw helperFailure(options, `json cannot write ${kindOf(value)}`);
  return text;
}

function join([list, separator = ","]: readonly unknown[], options: HelperOptions): string {
  if (!Array.isArray(list)) throw helperFailure(options, `join needs a list, got ${kindOf(list)}`);
  return list.map((item: unknown) => text("join", item, options)).join(text("join", separator, options));
}

function text(helper: string, value: unknown, options: HelperOptions): string {
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") return String(value);
  throw helperFailure(options, `${helper} needs text, got ${kindOf(value)}`);
}

function firstOrLast(args: readonly unknown[], wanted: (value: unknown) => boolean): unknown {
  const at = args.findIndex(wanted);
  return args.at(at);
}

/** What `if` takes as false: JavaScript's falsy values and the empty list. */
function isFalsy(value: unknown): boolean {
  return Array.isArray(value) ? value.length === 0 : !value;
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return "null";
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" ? "a map" : `a ${typeof value}`;
}

function helperFailure(options: HelperOptions, message: string, hint?: string): TemplateFailure {
  return new TemplateFailure("template-helper", start(options), message, hint === undefined ? {} : { hint });
}

function start(options: HelperOptions): TemplatePosition {
  return { line: options.loc.start.line, column: options.loc.start.column + 1 };
}
