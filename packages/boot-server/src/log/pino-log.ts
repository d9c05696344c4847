import { pino } from "pino";
import { build as prettyStream } from "pino-pretty";
import type { Settings } from "../settings/schema.ts";
import { EVENT_LEVELS, type EventLog } from "./events.ts";
import { LineBuffer } from "./line-buffer.ts";

/**
 * Writes events to standard output: a JSON line each, or for people where `format` says so or a terminal listens.
 *
 * JSON lines are written together, at most 50 ms late; a warning or an error is written at once with all before it, and
 * whatever is left when the process ends, also by an exception that nobody caught. Only SIGKILL loses the last 50 ms.
 */
export function pinoLog({ level, format }: Settings["log"]): EventLog {
  const pretty = format === "pretty" || (format === "auto" && process.stdout.isTTY);
  const destination = pretty ? prettyDestination() : bufferedDestination();
  const logger = pino(
    {
      level,
      base: null,
      timestamp: timestamps(),
      formatters: { level: (label) => ({ level: label }) },
    },
    destination,
  );
  return (event) => {
    const grave = EVENT_LEVELS[event.event] ?? "info";
    logger[grave](event);
    if (grave === "warn" || grave === "error") destination.flush();
  };
}

/** The time as pino wants it. Made once for all events of a millisecond: to make it costs as much as the rest of a line. */
function timestamps(): () => string {
  let madeAt = Number.NaN;
  let text = "";
  return () => {
    const now = Date.now();
    if (now !== madeAt) {
      madeAt = now;
      text = `,"time":"${new Date(now).toISOString()}"`;
    }
    return text;
  };
}

interface Destination {
  readonly write: (line: string) => void;
  readonly flush: () => void;
}

function bufferedDestination(): Destination {
  // Waits where the reader of a pipe is slow.
  const output = pino.destination({ fd: 1, sync: true });
  const buffer = new LineBuffer((lines) => void output.write(lines));
  process.once("exit", () => buffer.flush());
  return { write: (line) => buffer.write(line), flush: () => buffer.flush() };
}

function prettyDestination(): Destination {
  const output = prettyStream({
    sync: true,
    messageFormat: "{event}",
    ignore: "pid,hostname,event",
    translateTime: "HH:MM:ss.l",
  });
  return { write: (line) => void output.write(line), flush: () => undefined };
}
