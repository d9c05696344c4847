import { readFile } from "node:fs/promises";
import { type AgentSettings, agentSettingsSchema } from "@railhead/provisioning/contract";
import { AgentError } from "../agent-error.ts";

/**
 * Reads the settings that Ignition wrote.
 *
 * Throws `AgentError`: `settings-unreadable` when there is no such file, `settings-invalid` with
 * every problem when it is not JSON or not settings.
 */
export async function readSettings(file: string): Promise<AgentSettings> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (cause) {
    throw new AgentError("settings-unreadable", `cannot read the settings ${file}`, {
      cause,
      hint: "Ignition writes this file; its journal tells whether it ran: journalctl -t ignition",
    });
  }
  return parseSettings(file, text);
}

function parseSettings(file: string, text: string): AgentSettings {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (cause) {
    // V8's message quotes the text around the error, and that may be a password.
    throw new AgentError("settings-invalid", `${file} is not JSON`, {
      cause,
      problems: [{ file, message: "not JSON" }],
    });
  }
  const parsed = agentSettingsSchema.safeParse(document);
  if (parsed.success) return parsed.data;
  throw new AgentError("settings-invalid", `${file} is not valid`, {
    problems: parsed.error.issues.map((issue) => ({ file, path: issue.path.join("."), message: issue.message })),
  });
}
