/** Set by the bundler (build/build-agent.ts) to the version in package.json. */
declare const RAILHEAD_AGENT_VERSION: string | undefined;

/** The agent's version; `0.0.0-source` when it runs from its sources. */
export const AGENT_VERSION: string =
  typeof RAILHEAD_AGENT_VERSION === "undefined" ? "0.0.0-source" : RAILHEAD_AGENT_VERSION;
