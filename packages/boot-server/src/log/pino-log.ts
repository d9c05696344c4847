import { pino } from "pino";
import { build as prettyStream } from "pino-pretty";
import type { Settings } from "../settings/schema.ts";
import { EVENT_LEVELS, type EventLog } from "./events.ts";

/**
 * Writes events to standard output: a JSON line each, or for people where `format` says so or a terminal listens.
 * Written at once, so that the last event before a crash is there.
 */
export function pinoLog({ level, format }: Settings["log"]): EventLog {
  const pretty = format === "pretty" || (format === "auto" && process.stdout.isTTY);
  const destination = pretty
    ? prettyStream({ sync: true, messageFormat: "{event}", ignore: "pid,hostname,event", translateTime: "HH:MM:ss.l" })
    : pino.destination({ fd: 1, sync: true });
  const logger = pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination,
  );
  return (event) => logger[EVENT_LEVELS[event.event] ?? "info"](event);
}
