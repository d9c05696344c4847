import { describe, expect, test } from "vitest";
import { SimulatedDisk } from "../../testing/simulated-disk.ts";
import { deleteLine, headerLine, putLine } from "./journal-line.ts";
import { type FileStore, openFileStore } from "./open-file-store.ts";

/** A line of the journal, and what it says of which key; the header says nothing. */
interface Step {
  readonly line: string;
  readonly key?: string;
  readonly value?: number;
}

const STEPS: readonly Step[] = [
  { line: headerLine() },
  put("one", 1),
  put("two", 2),
  put("one", 3),
  { line: deleteLine("bindings", "two"), key: "two" },
  put("vier", 4),
  put("two", 5),
  put("one", 6),
];
const JOURNAL = Buffer.from(STEPS.map(({ line }) => line).join(""));

function put(key: string, value: number): Step {
  return { line: putLine("bindings", key, JSON.stringify(value)), key, value };
}

function replay(steps: readonly Step[]): Map<string, number> {
  const records = new Map<string, number>();
  for (const { key, value } of steps) {
    if (key !== undefined && value !== undefined) {
      records.set(key, value);
    } else if (key !== undefined) {
      records.delete(key);
    }
  }
  return records;
}

interface Found {
  readonly store: FileStore;
  readonly records: Map<string, unknown>;
  readonly disk: SimulatedDisk;
}

async function found(disk: SimulatedDisk): Promise<Found> {
  const store = await openFileStore("/store", { fileSystem: disk.fileSystem() });
  return { store, disk, records: new Map(store.collection<unknown>("bindings", (value) => value).all()) };
}

function withJournal(content: Buffer): Promise<Found> {
  const disk = new SimulatedDisk();
  disk.place("/store/journal", content);
  return found(disk);
}

/** Where each line ends, behind its newline. */
const ENDS = STEPS.map((_, index) =>
  Buffer.byteLength(
    STEPS.slice(0, index + 1)
      .map(({ line }) => line)
      .join(""),
  ),
);

/** The lines that a damaged byte belongs to: with its newline, a line loses its border to the next. */
function spoiled(offset: number): number[] {
  const line = ENDS.filter((end) => end <= offset).length;
  return offset === (ENDS[line] ?? 0) - 1 ? [line, line + 1] : [line];
}

const everyOffset = Array.from({ length: JOURNAL.byteLength + 1 }, (_, offset) => offset);

describe("a journal that was cut off", { timeout: 60_000 }, () => {
  test("at any byte holds what its whole lines say, and tells of the torn one", async () => {
    for (const cut of everyOffset) {
      const { records, store } = await withJournal(JOURNAL.subarray(0, cut));
      const whole = ENDS.filter((end) => end <= cut).length;
      const end = ENDS[whole - 1] ?? 0;
      expect(records, `cut at ${cut}`).toEqual(replay(STEPS.slice(0, whole)));
      const torn =
        cut === 0 ? [{ kind: "no-header" }] : cut === end ? [] : [{ kind: "torn-tail", offset: end, bytes: cut - end }];
      expect(store.problems, `cut at ${cut}`).toEqual(torn);
      await store.close();
    }
  });

  test("at any byte goes on from there: what is put then is there after a restart, with nothing to tell", async () => {
    for (const cut of everyOffset) {
      const first = await withJournal(JOURNAL.subarray(0, cut));
      await first.store.close();
      const second = await openFileStore("/store", { fileSystem: first.disk.fileSystem() });
      await second.collection("bindings", Number).put("later", 7);
      await second.close();
      const third = await found(first.disk);
      expect(third.records, `cut at ${cut}`).toEqual(new Map([...first.records, ["later", 7]]));
      expect(third.store.problems).toEqual([]);
      await third.store.close();
    }
  });
});

describe("a journal with a flipped byte", { timeout: 60_000 }, () => {
  test.each([
    ["its lowest bit", (byte: number) => byte ^ 0x01],
    ["its case", (byte: number) => byte ^ 0x20],
    ["its highest bit", (byte: number) => byte ^ 0x80],
    ["all of it, to a newline", (byte: number) => (byte === 0x0a ? 0x00 : 0x0a)],
    ["all of it, to zero", () => 0x00],
  ])("(%s) serves every other line, and never a value that was not put", async (_, flip) => {
    for (const offset of everyOffset.slice(0, -1)) {
      const damaged = Buffer.from(JOURNAL);
      damaged[offset] = flip(damaged[offset] ?? 0);
      const { records, store } = await withJournal(damaged);
      const lost = spoiled(offset);
      expect(records, `byte ${offset}`).toEqual(replay(STEPS.filter((_, line) => !lost.includes(line))));
      const kind = offset === JOURNAL.byteLength - 1 ? "torn-tail" : "corrupt-line";
      expect(store.problems[0], `byte ${offset}`).toMatchObject({ kind });
      await store.close();
    }
  });
});

describe("a corrupt line in the middle of a journal", () => {
  const damaged = Buffer.from(JOURNAL);
  damaged.write("X", ENDS[1] ?? 0);
  const bytes = (ENDS[2] ?? 0) - (ENDS[1] ?? 0) - 1;
  const facts = { line: 3, offset: ENDS[1], bytes, reason: "bad-checksum" };

  test("is told of once, and kept in quarantine with its reason", async () => {
    const { store, disk } = await withJournal(damaged);
    const quarantine = "/store/quarantine/lines-1";
    expect(store.problems).toEqual([{ kind: "corrupt-line", ...facts, quarantine }]);
    const line = damaged.subarray(ENDS[1], ENDS[2]).toString();
    expect(disk.read(quarantine)?.toString()).toBe(`${JSON.stringify(facts)}\n${line}`);
    await store.close();

    const again = await found(disk);
    expect(again.store.problems).toEqual([]);
    expect(again.records).toEqual(replay(STEPS));
  });

  test("does not take the place of what was in quarantine before", async () => {
    const disk = new SimulatedDisk();
    disk.place("/store/journal", damaged);
    disk.place("/store/quarantine/lines-9", Buffer.from("former"));
    const { store } = await found(disk);
    expect(store.problems).toMatchObject([{ quarantine: "/store/quarantine/lines-10" }]);
  });

  test("stays in the journal until it could be put in quarantine, and the rest is served meanwhile", async () => {
    const disk = new SimulatedDisk();
    disk.place("/store/journal", damaged);
    disk.failNext("write", "ENOSPC");
    const { store, records } = await found(disk);
    expect(records).toEqual(replay(STEPS));
    expect(store.problems).toMatchObject([
      { kind: "corrupt-line" },
      { kind: "rewrite-failed", cause: { code: "ENOSPC" } },
    ]);
    expect(disk.read("/store/journal")).toEqual(damaged);

    await store.collection("machines", String).put("core-01", "here");
    expect(disk.read("/store/quarantine/lines-1")?.toString()).toContain('"reason":"bad-checksum"');
    await store.close();
    expect((await found(disk)).store.problems).toEqual([]);
  });

  test("with a good checksum that says nothing a journal says is no better", async () => {
    const odd = putLine("bindings", "one", "1,2");
    const { records, store } = await withJournal(
      Buffer.from(headerLine() + odd + headerLine() + putLine("bindings", "one", "7")),
    );
    expect(records).toEqual(new Map([["one", 7]]));
    expect(store.problems).toMatchObject([
      { line: 2, reason: "bad-entry" },
      { line: 3, reason: "bad-entry" },
    ]);
  });
});

test("a journal that does not begin with a header is not touched", async () => {
  const disk = new SimulatedDisk();
  disk.place("/store/journal", Buffer.from(putLine("bindings", "one", "1")));
  await expect(found(disk)).rejects.toMatchObject({ code: "store-open-failed" });
  expect(disk.paths()).toEqual(["/store/journal"]);
});
