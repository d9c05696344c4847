/** Unit types that can come as a file and be started by name. Devices and scopes cannot. */
const UNIT_TYPES = ["service", "socket", "timer", "path", "target", "mount", "automount", "swap", "slice"] as const;

/** systemd's UNIT_NAME_MAX is 256 with the terminating zero. */
const MAX_UNIT_NAME_LENGTH = 255;

const SHAPE = /^([^@]*)(?:@(.*))?\.([^.]+)$/s;
const NAME_CHARACTERS = /^[A-Za-z0-9:_\\][A-Za-z0-9:_.\\-]*$/;
const INSTANCE_CHARACTERS = /^[A-Za-z0-9:_.\\@-]+$/;

/**
 * Says why `name` is not a unit that can be installed from a file and started, or `undefined` when it is.
 *
 * The grammar is systemd.unit(5)'s without names that begin with `-` or `.`: `-.mount` belongs to the
 * operating system, and such a name reads as an option or a hidden file elsewhere.
 */
export function unitNameProblem(name: string): string | undefined {
  if (name.length > MAX_UNIT_NAME_LENGTH) return `a unit name has at most ${MAX_UNIT_NAME_LENGTH} characters`;
  if (name.includes("/")) return "give the unit's name, not a path";
  const [, prefix, instance, type] = SHAPE.exec(name) ?? [];
  if (prefix === undefined || !UNIT_TYPES.some((known) => known === type)) {
    return `a unit name ends in one of ${UNIT_TYPES.map((known) => `.${known}`).join(" ")}`;
  }
  if (!NAME_CHARACTERS.test(prefix))
    return "a unit name begins with a letter, digit, : or _ and goes on with those or . - \\";
  if (instance === "") return "a template cannot be started; name an instance, such as name@1.service";
  if (instance !== undefined && !INSTANCE_CHARACTERS.test(instance)) {
    return "an instance name has letters, digits and : _ . - \\ @ only";
  }
  return undefined;
}

/**
 * The file that defines a unit: itself, or for an instance its template
 * (`nano@1.service` -> `nano@.service`). `unit` must be a valid unit name.
 */
export function unitFileName(unit: string): string {
  const at = unit.indexOf("@");
  return at < 0 ? unit : unit.slice(0, at + 1) + unit.slice(unit.lastIndexOf("."));
}
