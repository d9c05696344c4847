import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { systemClock } from "../clock.ts";
import type { AgentEvent } from "../log.ts";
import { createHttpReportSink } from "./http-report-sink.ts";
import { createReporter, type Reporter, silentReporter } from "./reporter.ts";

const identity = {
  machine: "core-01",
  mac: "52:54:00:77:00:01",
  bootId: "7c3b1b1e-0a52-4c0b-9d65-6f9d3b3e6f10",
  agentVersion: "0.1.0",
};

const cleanups: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

/** A boot server that answers each request with the next status, the last for ever; 0 is no answer at all. */
async function serverThat(...statuses: readonly number[]) {
  const requests: { path: string | undefined; unit: unknown; sequence: unknown }[] = [];
  const events: AgentEvent[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => {
      body += chunk.toString();
    });
    request.on("end", () => {
      const { unit, sequence } = JSON.parse(body);
      const status = statuses[requests.length] ?? statuses.at(-1) ?? 204;
      requests.push({ path: `${request.method} ${request.url}`, unit, sequence });
      if (status !== 0) response.writeHead(status).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  cleanups.push(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const sink = createHttpReportSink(url);
  const reporter = createReporter({ identity, sink, clock: systemClock, log: (event) => void events.push(event) });
  return { reporter, requests, events };
}

function reportUnits(reporter: Reporter, ...units: readonly string[]): void {
  for (const [index, unit] of units.entries()) {
    reporter.report({ kind: "unit-started", unit, index: index + 1, total: units.length });
  }
}

describe("reports", () => {
  test("are POSTed to /reports in the order they were made", async () => {
    const { reporter, requests, events } = await serverThat(204);
    reportUnits(reporter, "a.service", "b.service", "c.service");
    await reporter.close();
    expect(requests).toEqual(
      ["a.service", "b.service", "c.service"].map((unit, index) => ({
        path: "POST /reports",
        unit,
        sequence: index + 1,
      })),
    );
    expect(events).toEqual([]);
  });

  test("that come after the queue has run empty are sent too", async () => {
    const { reporter, requests } = await serverThat(204);
    reportUnits(reporter, "a.service");
    await expect.poll(() => requests.length).toBe(1);
    reportUnits(reporter, "b.service");
    await reporter.close();
    expect(requests.map(({ unit }) => unit)).toEqual(["a.service", "b.service"]);
  });

  test("are sent again after a server error, and still in order", async () => {
    const { reporter, requests, events } = await serverThat(503, 429, 204);
    reportUnits(reporter, "a.service", "b.service");
    await reporter.close();
    expect(requests.map(({ unit }) => unit)).toEqual(["a.service", "a.service", "a.service", "b.service"]);
    expect(events).toEqual([]);
  });

  test("that the server refuses are logged and not sent again", async () => {
    const { reporter, requests, events } = await serverThat(400, 302, 204);
    reportUnits(reporter, "a.service", "b.service", "c.service");
    await reporter.close();
    expect(requests.map(({ unit }) => unit)).toEqual(["a.service", "b.service", "c.service"]);
    expect(events).toEqual([400, 302].map((status) => ({ event: "report-refused", kind: "unit-started", status })));
  });

  test("SW-74: to a server that hangs end the run some five seconds later, and the loss is logged", async () => {
    const { reporter, events } = await serverThat(0);
    const startMs = performance.now();
    reportUnits(reporter, "a.service", "b.service");
    await reporter.close();
    expect(performance.now() - startMs).toBeLessThan(8_000);
    expect(events).toMatchObject([{ event: "reports-lost", count: 2 }]);
  }, 15_000);

  test("of a machine without a boot server go nowhere", async () => {
    const { requests } = await serverThat(204);
    reportUnits(silentReporter, "a.service");
    await silentReporter.close();
    expect(requests).toEqual([]);
  });
});

test("why a server cannot be reached is told", async () => {
  const sink = createHttpReportSink("http://127.0.0.1:9");
  const report = {
    ...identity,
    kind: "unit-started",
    unit: "a.service",
    index: 1,
    total: 1,
    sequence: 1,
    at: "2026-11-20T10:00:00Z",
  } as const;
  await expect(sink.send(report, new AbortController().signal)).rejects.toThrow(/127\.0\.0\.1:9\/reports: .+/);
});
