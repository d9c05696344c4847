import { parseDocument, type ScalarTag, type Tags, type YAMLError } from "yaml";
import { configProblem, IgnitionError } from "./problem.ts";

/**
 * YAML 1.2 reads `0644` as six hundred and forty-four, which is never what a file mode means: a whole number that
 * starts with a zero is octal here, as it is for Butane and in YAML 1.1.
 */
const LEADING_ZERO: ScalarTag = {
  identify: () => false,
  default: true,
  tag: "tag:yaml.org,2002:int",
  test: /^0[0-9]+$/,
  resolve: (digits, onError) => {
    if (/[89]/.test(digits)) onError(`${digits} starts with 0 but is no octal number; quote it if it is text`);
    return Number.parseInt(digits, 8);
  },
};

const customTags = (tags: Tags): Tags => [LEADING_ZERO, ...tags];

/**
 * Reads the text of a config, JSON or YAML.
 *
 * @param name what errors call the text, usually a path.
 * @throws IgnitionError "ignition-syntax" with line and column of each problem; duplicate keys and a second document
 *   are problems.
 */
export function parseIgnition(text: string, name: string): unknown {
  const document = parseDocument(text, { customTags, uniqueKeys: true, prettyErrors: true, merge: true });
  const faults = [...document.errors, ...document.warnings];
  if (faults.length > 0) {
    const problems = faults.map((fault) => {
      const { line = 1, col = 1 } = fault.linePos?.[0] ?? {};
      return configProblem("error", [], `line ${line}, column ${col}: ${faultMessage(fault)}`);
    });
    throw new IgnitionError("ignition-syntax", name, problems);
  }
  try {
    const value: unknown = document.toJS({ maxAliasCount: 100 });
    return value;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new IgnitionError("ignition-syntax", name, [configProblem("error", [], message)], { cause: error });
  }
}

/** The library's message ends in " at line L, column C:" and a copy of the source, which may hold secrets. */
function faultMessage(fault: YAMLError): string {
  if (fault.code === "MULTIPLE_DOCS") return "a second document starts here; a config is one document";
  return fault.message
    .split("\n", 1)
    .join("")
    .replace(/ at line \d+, column \d+:?$/, "");
}
