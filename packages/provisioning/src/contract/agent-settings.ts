import { z } from "zod";
import { gitRefSchema, machineNameSchema, macSchema, repoUrlSchema, roleSchema } from "./identifiers.ts";

/** Where Ignition writes the settings and where `railhead-agent run` looks for them. */
export const AGENT_SETTINGS_PATH = "/etc/railhead/agent.json";

const serverSchema = z
  .string()
  .max(2048)
  .regex(/^https?:\/\/[^\s@?#]+$/, "must be an http or https URL without user, query or fragment")
  .transform((url) => url.replace(/\/+$/, ""));

const absolutePathSchema = z
  .string()
  .max(1024)
  .regex(/^(?:\/(?!\.\.?(?:\/|$))[^/\p{Cc}]+)+$/u, "must be an absolute path without a slash at its end");

/**
 * What one machine's agent is told, as JSON in {@link AGENT_SETTINGS_PATH}.
 *
 * Unknown keys are problems: a key that is silently ignored is a setting someone believes in.
 */
export const agentSettingsSchema = z
  .strictObject({
    /** The boot server; reports are POSTed to `${server}/reports`. Absent: the agent sends none. */
    server: serverSchema.optional(),
    machine: z.strictObject({ name: machineNameSchema, mac: macSchema, role: roleSchema }).readonly(),
    /** The config repo and the branch, tag or commit to run. */
    repo: z.strictObject({ url: repoUrlSchema, ref: gitRefSchema }).readonly(),
    /** Holds the checkout (`repo`) and what the agent remembers between runs. */
    stateDir: absolutePathSchema.default("/var/lib/railhead"),
    /** How long one unit may take to become active, or to finish when it is a oneshot. */
    unitTimeoutSeconds: z.number().positive().max(86_400).default(90),
  })
  .readonly();

/** Settings with every default filled in. */
export type AgentSettings = z.output<typeof agentSettingsSchema>;

/** Settings as they may be written: what has a default may be left out. */
export type AgentSettingsInput = z.input<typeof agentSettingsSchema>;
