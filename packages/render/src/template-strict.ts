import { TemplateFailure } from "./template-error.ts";
import { HELPERS, INTERNAL } from "./template-helpers.ts";

// The types of the syntax tree, hbs.AST, are global declarations of the package handlebars.
type Node = hbs.AST.Node;
type Path = hbs.AST.PathExpression;
/** Anything with a name and arguments: `{{name a b}}`, `{{#name a}}`, `(name a)`. */
type Call = hbs.AST.MustacheStatement | hbs.AST.BlockStatement | hbs.AST.SubExpression;

const DATA_VARIABLES = ["root", "index", "key", "first", "last"];

/**
 * Makes a parsed template strict, in place. Handlebars' own `strict` looks only at what is printed: a missing variable
 * in `if`, in `each` or as a helper's argument is silently nothing, inherited names count as defined, and a missing
 * parent is a TypeError without a position. So every variable becomes a call of an internal helper that knows its path.
 *
 * @throws TemplateFailure for unknown helpers, wrong numbers of arguments, partials and decorators.
 */
export function makeStrict(program: hbs.AST.Program): void {
  visitProgram(program, []);
}

function visitProgram(program: hbs.AST.Program, outerNames: readonly string[]): void {
  // Handlebars leaves blockParams out where the template names none, although its types promise them.
  const names = [...((program.blockParams as string[] | undefined) ?? []), ...outerNames];
  for (const statement of program.body) visitStatement(statement, names);
}

function visitStatement(statement: Node, names: readonly string[]): void {
  if (isMustache(statement)) visitMustache(statement, names);
  else if (isBlock(statement)) visitBlock(statement, names);
  else if (isPartial(statement)) {
    const { name } = statement;
    throw failure(statement, `unknown partial "${isPath(name) ? name.original : "(...)"}"`);
  } else if (statement.type !== "ContentStatement" && statement.type !== "CommentStatement") {
    throw failure(statement, "decorators are not part of the template language");
  }
}

function visitMustache(mustache: hbs.AST.MustacheStatement, names: readonly string[]): void {
  const target: Node = mustache.path;
  if (!isPath(target)) throw syntaxFailure(target, "a literal stands where a variable or a helper is expected");
  const spec = helperOf(mustache, target, names);
  if (spec === undefined) {
    rewriteCall(mustache, INTERNAL.output, variableArguments(target, names));
    return;
  }
  if (spec.block)
    throw failure(mustache, `${target.original} is a block: {{#${target.original}}}...{{/${target.original}}}`);
  visitArguments(mustache, names);
  const inner = {
    type: "SubExpression",
    path: target,
    params: mustache.params,
    hash: mustache.hash,
    loc: mustache.loc,
  };
  rewriteCall(mustache, INTERNAL.print, [inner, stringLiteral(target.original, mustache)]);
}

function visitBlock(block: hbs.AST.BlockStatement, names: readonly string[]): void {
  const target: Node = block.path;
  if (!isPath(target)) throw syntaxFailure(target, "a literal stands where a block helper is expected");
  const spec = helperOf(block, target, names);
  if (spec === undefined || !spec.block) {
    throw failure(block, `"${target.original}" is no block helper`, "write {{#if x}}, {{#each x}} or {{#with x}}");
  }
  visitArguments(block, names);
  const inverse = block.inverse as hbs.AST.Program | undefined;
  const body = block.program as hbs.AST.Program | undefined;
  if (body === undefined) throw failure(block, `{{^${target.original}}} is not supported`, "write {{#unless x}}");
  visitProgram(body, names);
  if (inverse !== undefined) visitProgram(inverse, names);
}

/** The helper that a call names; `undefined` when it is a plain variable. */
function helperOf(call: Call, target: Path, names: readonly string[]): (typeof HELPERS)[string] | undefined {
  const name = target.original;
  const mayBeHelper = target.parts.length === 1 && target.depth === 0 && !target.data && target.parts[0] === name;
  const spec = mayBeHelper && !names.includes(name) && Object.hasOwn(HELPERS, name) ? HELPERS[name] : undefined;
  const count = call.params.length;
  // Handlebars gives a call without named arguments no hash at all.
  const pairs = (call.hash as hbs.AST.Hash | undefined)?.pairs ?? [];
  if (spec === undefined) {
    if (count === 0 && pairs.length === 0 && call.type !== "SubExpression") return undefined;
    throw failure(call, `unknown helper "${name}"`, `helpers are ${Object.keys(HELPERS).join(", ")}`);
  }
  if (pairs[0] !== undefined) throw failure(call, `${name} takes no named argument "${pairs[0].key}"`);
  if (count < spec.minArguments || count > spec.maxArguments) {
    const hint = count === 0 ? `a variable of that name is written {{this.${name}}}` : undefined;
    throw failure(call, `${name} takes ${range(spec)}, got ${count}`, hint);
  }
  return spec;
}

function visitArguments(call: Call, names: readonly string[]): void {
  const optionalFirst = isPath(call.path) && call.path.original === "default";
  call.params = call.params.map((param, index) => {
    if (isPath(param)) {
      const helper = optionalFirst && index === 0 ? INTERNAL.optional : INTERNAL.value;
      return internalCall(helper, param, variableArguments(param, names));
    }
    if (isSubExpression(param)) {
      const spec = helperOf(param, param.path, names);
      if (spec?.block) throw failure(param, `${param.path.original} is a block and no value`);
      visitArguments(param, names);
    }
    return param;
  });
}

/** `a.b.c` -> its starting point (the context, `..`, a block parameter, `@root`), the path as written, and the steps. */
function variableArguments(path: Path, names: readonly string[]): Node[] {
  const [head, ...rest] = path.parts;
  const scoped = /^\.|^this\b/.test(path.original);
  const startsAtName = head !== undefined && (path.data || (path.depth === 0 && !scoped && names.includes(head)));
  if (path.data && !DATA_VARIABLES.includes(head ?? "")) {
    throw new TemplateFailure("template-unknown-variable", position(path), `unknown variable "${path.original}"`, {
      variable: path.original,
      hint: `there are ${DATA_VARIABLES.map((name) => `@${name}`).join(", ")}`,
    });
  }
  const base = { ...path, parts: startsAtName ? [head] : [], ...(startsAtName ? {} : { original: "this" }) };
  const steps = startsAtName ? rest : path.parts;
  return [base, stringLiteral(path.original, path), ...steps.map((step) => stringLiteral(step, path))];
}

function internalCall(helper: string, at: Node, params: Node[]): Node {
  const call: Omit<hbs.AST.SubExpression, "hash"> = {
    type: "SubExpression",
    path: helperPath(helper, at),
    params,
    loc: at.loc,
  };
  return call;
}

function rewriteCall(mustache: hbs.AST.MustacheStatement, helper: string, params: Node[]): void {
  mustache.path = helperPath(helper, mustache);
  mustache.params = params;
}

function helperPath(name: string, at: Node): Path {
  return { type: "PathExpression", data: false, depth: 0, parts: [name], original: name, loc: at.loc };
}

function stringLiteral(text: string, at: Node): Node {
  const literal: hbs.AST.StringLiteral = { type: "StringLiteral", value: text, original: text, loc: at.loc };
  return literal;
}

function isPath(node: Node): node is Path {
  return node.type === "PathExpression";
}

function isMustache(node: Node): node is hbs.AST.MustacheStatement {
  return node.type === "MustacheStatement";
}

function isBlock(node: Node): node is hbs.AST.BlockStatement {
  return node.type === "BlockStatement";
}

function isPartial(node: Node): node is hbs.AST.PartialStatement | hbs.AST.PartialBlockStatement {
  return node.type === "PartialStatement" || node.type === "PartialBlockStatement";
}

function isSubExpression(node: Node): node is hbs.AST.SubExpression {
  return node.type === "SubExpression";
}

function range({ minArguments: min, maxArguments: max }: (typeof HELPERS)[string]): string {
  if (min === max) return min === 1 ? "1 argument" : `${min} arguments`;
  return max === Number.POSITIVE_INFINITY ? `${min} or more arguments` : `${min} to ${max} arguments`;
}

function position(node: Node): { line: number; column: number } {
  return { line: node.loc.start.line, column: node.loc.start.column + 1 };
}

function failure(node: Node, message: string, hint?: string): TemplateFailure {
  return new TemplateFailure("template-helper", position(node), message, hint === undefined ? {} : { hint });
}

function syntaxFailure(node: Node, message: string): TemplateFailure {
  return new TemplateFailure("template-syntax", position(node), message);
}
