/** The setting that names what a unit of each triggering type triggers; without it the name is the same. */
const TRIGGERS: readonly (readonly [suffix: string, key: string])[] = [
  [".timer", "Unit"],
  [".path", "Unit"],
  [".socket", "Service"],
];

/**
 * Units that `unit` triggers, by its file's own words: for `x.timer` what `Unit=` says or `x.service`.
 *
 * A socket may hand each connection to an instance of `x@.service` (Accept=yes), so a template is among
 * the candidates; the caller takes those that exist. Of other types nothing is triggered.
 */
export function triggeredUnits(unit: string, content: string): readonly string[] {
  const trigger = TRIGGERS.find(([suffix]) => unit.endsWith(suffix));
  if (trigger === undefined) return [];
  const [suffix, key] = trigger;
  const named = content.split(/\r?\n/).flatMap((line) => {
    const [name, ...value] = line.split("=");
    return name?.trim() === key ? [value.join("=").trim()] : [];
  });
  const last = named.filter((name) => name !== "").at(-1);
  if (last !== undefined) return [last];
  const stem = unit.slice(0, -suffix.length);
  return suffix === ".socket" ? [`${stem}.service`, `${stem}@.service`] : [`${stem}.service`];
}
