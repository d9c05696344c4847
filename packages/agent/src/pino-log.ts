import { pino } from "pino";
import { type AgentEvent, type Log, levelOf, sentenceOf } from "./log.ts";

/**
 * Logs one JSON object a line to standard output, which under systemd is the journal.
 *
 * Synchronous on purpose: pino's worker threads do not survive bundling, and a line must be out
 * before the process ends.
 */
export function createPinoLog(): Log {
  const logger = pino(
    { base: null, timestamp: pino.stdTimeFunctions.isoTime, formatters: { level: (level) => ({ level }) } },
    pino.destination({ fd: 1, sync: true }),
  );
  return (event: AgentEvent) => logger[levelOf(event)](event, sentenceOf(event));
}
