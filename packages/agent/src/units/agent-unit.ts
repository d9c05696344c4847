import type { UnitState } from "../systemd/unit-state.ts";

/** The service that runs the agent, as Ignition names it. */
export const AGENT_UNIT = "railhead-agent.service";

/** Relations by which a unit waits for the agent, or goes when the agent goes. */
const RELATIONS = ["after", "requires", "requisite", "bindsTo", "partOf", "conflicts"] as const;

/** systemd's word for each relation. */
const DIRECTIVES = {
  after: "After",
  requires: "Requires",
  requisite: "Requisite",
  bindsTo: "BindsTo",
  partOf: "PartOf",
  conflicts: "Conflicts",
} as const satisfies Record<(typeof RELATIONS)[number], string>;

/**
 * SW-64: why the agent must not start `state`'s unit, or `undefined` when it may.
 *
 * A unit that is ordered after the agent's own service waits for the agent while the agent waits for
 * it; one that is bound to it dies when the agent has done its work and ends.
 */
export function dependsOnAgent(state: UnitState): string | undefined {
  const directives = RELATIONS.filter((relation) => state[relation].includes(AGENT_UNIT)).map(
    (relation) => `${DIRECTIVES[relation]}=${AGENT_UNIT}`,
  );
  return directives.length === 0
    ? undefined
    : `has ${directives.join(" and ")}, so it and the agent would wait for each other`;
}
