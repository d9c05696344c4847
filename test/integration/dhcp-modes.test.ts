import {
  clientMessage,
  createLab,
  type DhcpClient,
  firmwareOptions,
  type Lab,
  type LabEvent,
  type LabSettings,
  labNeeds,
  openDhcpClient,
  replyKind,
} from "@railhead/testkit";
import { bytesOption, OPTION, textOption } from "@railhead/wire";
import { beforeAll, describe, expect, test } from "vitest";

const needs = labNeeds();
const KNOWN = "52:54:00:77:04:01";
const UNKNOWN = "52:54:00:99:00:02";
const FILES = { "data/machines/core-01.json": { name: "core-01", macs: [KNOWN], address: "10.77.0.11" } };
const SILENCE_MS = 500;

let lab: Lab;
let clients: DhcpClient;
let lastXid = 0;

/** The configuration that the lab began with. */
let base: LabSettings;

/** Has the running server take over these settings of its one network; one that is `undefined` is left out. */
async function changeNetwork(changes: Readonly<Record<string, unknown>>): Promise<void> {
  const from = lab.server.events.length;
  lab.replaceFile("railhead.yaml", {
    ...base,
    networks: base.networks.map((network) => ({ ...network, ...changes })),
  });
  lab.server.signal("SIGHUP");
  await lab.server.waitForEvent(({ event }) => event === "settings.reloaded", { from });
}

function header() {
  lastXid += 1;
  return { xid: lastXid };
}

/** The answer to a DISCOVER, with the address, or why there is none. */
async function discover(mac: string, options: readonly ReturnType<typeof textOption>[] = []): Promise<string> {
  const from = lab.server.events.length;
  const message = clientMessage("discover", { mac, options, header: header() });
  const answered = clients.exchange(message).then((reply) => `${replyKind(reply)} ${reply?.yiaddr}`);
  const isRefusal = (event: LabEvent) => event.event === "dhcp.ignored" && event["mac"] === mac;
  const refused = lab.server.waitForEvent(isRefusal, { from, timeoutMs: 5000 }).then(
    ({ reason }) => String(reason),
    () => answered,
  );
  return Promise.race([answered, refused]);
}

describe.skipIf(needs.skip)(`one server, told of each mode in turn${needs.note}`, () => {
  beforeAll(async () => {
    lab = await createLab({
      clientAddress: "10.77.0.250/24",
      files: FILES,
      settings: (settings) => {
        base = settings;
        return settings;
      },
    });
    clients = await openDhcpClient(lab.udp);
    return async () => lab[Symbol.asyncDispose]();
  });

  describe("a network with reservations only", () => {
    beforeAll(() => changeNetwork({ mode: "reservations", pool: undefined }));

    test("gives a declared machine its address and a stranger nothing, and says why", async () => {
      expect(await discover(KNOWN)).toBe("offer 10.77.0.11");
      expect(await discover(UNKNOWN)).toBe("no-reservation");
    });

    test("leaves a stranger's lease of another server alone: not even a NAK (RFC 2131 section 4.3.2)", async () => {
      const renewal = clientMessage("request", { mac: UNKNOWN, requested: "10.77.0.11", header: header() });
      expect(replyKind(await clients.exchange(renewal, SILENCE_MS))).toBe("no reply");
    });
  });

  describe("a network whose DHCP is off", () => {
    beforeAll(() => changeNetwork({ mode: "off", pool: undefined }));

    test("is not answered on port 67, and its files are served all the same", async () => {
      const from = lab.server.events.length;
      for (const options of [[], firmwareOptions(7)]) {
        const message = clientMessage("discover", { mac: KNOWN, options, header: header() });
        expect(replyKind(await clients.exchange(message, SILENCE_MS))).toBe("no reply");
      }
      expect(lab.server.events.slice(from).filter(({ event }) => event.startsWith("dhcp."))).toEqual([]);
      expect((await lab.http("/boot.ipxe")).status).toBe(200);
    });
  });

  describe("a network with a policy", () => {
    beforeAll(() =>
      changeNetwork({
        rapidCommit: true,
        policy: { unknownMachines: "ignore", deny: ["52:54:00:77:04:02", "de:ad"], ignoreClasses: ["anaconda"] },
      }),
    );

    test("answers declared machines only", async () => {
      expect(await discover(KNOWN)).toBe("offer 10.77.0.11");
      expect(await discover(UNKNOWN)).toBe("unknown-machine");
    });

    test("never answers whom it denies, by whole address and by vendor", async () => {
      for (const mac of ["52:54:00:77:04:02", "de:ad:00:00:00:01"]) {
        expect(await discover(mac)).toBe("denied");
      }
    });

    test.each([
      ["vendor class", textOption(OPTION.vendorClass, "anaconda-Linux 6.1")],
      ["user class", textOption(OPTION.userClass, "anaconda")],
    ])("leaves clients of a class alone, known by their %s", async (_name, option) => {
      expect(await discover(KNOWN, [option])).toBe("ignored-class");
    });

    test("gives a lease in two messages to whom asks for that, and in four to others (RFC 4039)", async () => {
      expect(await discover(KNOWN, [bytesOption(OPTION.rapidCommit, new Uint8Array(0))])).toBe("ack 10.77.0.11");
      expect(await discover(KNOWN)).toBe("offer 10.77.0.11");
    });
  });
});
