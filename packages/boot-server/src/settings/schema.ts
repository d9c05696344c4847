import { parsedText, parseMacPattern } from "@railhead/provisioning";
import { gitRefSchema, repoUrlSchema } from "@railhead/provisioning/contract";
import { parseIpv4, parseSubnet } from "@railhead/wire";
import { z } from "zod";
import { parseResolver } from "../dns/resolver.ts";

const ipv4 = parsedText(parseIpv4);
const port = z.int().min(1).max(65_535);
const seconds = z.int().min(1);
const name = z.string().regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, "a word of a-z, 0-9 and -");

const domainName = z
  .string()
  .max(253)
  .regex(/^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i, "not a domain name");

const routeSchema = z
  .strictObject({
    destination: parsedText(parseSubnet).describe("Network and prefix length."),
    router: ipv4.describe("Where packets to it go; `0.0.0.0`: it is on the link."),
  })
  .describe("A network and the router that leads to it.");

const poolSchema = z.strictObject({
  first: ipv4.describe("First address of the pool."),
  last: ipv4.describe("Last address of the pool; it is handed out too."),
});

/** One network; what holds between its keys is in relations.ts. */
export const networkSchema = z.strictObject({
  name: name.describe("What the log calls the network."),
  mode: z
    .enum(["authoritative", "reservations", "proxy", "off"])
    .default("authoritative")
    .describe(
      "`authoritative`: pool and reservations. `reservations`: declared machines only. `proxy`: another server gives the addresses, this one what to boot. `off`: no DHCP.",
    ),
  subnet: parsedText(parseSubnet).describe("Network and prefix length, `10.77.0.0/24`."),
  serverAddress: ipv4.describe("This server's own address there: DHCP server identifier, TFTP and HTTP server."),
  relayed: z.boolean().default(false).describe("Its machines reach this server through a relay only."),
  pool: poolSchema.exactOptional().describe("Addresses for machines without a reservation. Absent: reservations only."),
  router: ipv4.exactOptional().describe("Default gateway (DHCP option 3)."),
  dns: z.array(ipv4).default([]).describe("Name servers (DHCP option 6)."),
  ntp: z.array(ipv4).default([]).describe("Time servers (DHCP option 42)."),
  domain: domainName.exactOptional().describe("Domain name (DHCP option 15)."),
  searchDomains: z.array(domainName).default([]).describe("Domains to search for short names (DHCP option 119)."),
  routes: z.array(routeSchema).default([]).describe("Routes beside the default one (DHCP option 121)."),
  leaseSeconds: seconds.min(60).default(3600).describe("Length of a lease; a client may ask for less."),
  offerSeconds: seconds.default(60).describe("How long an offered address is held back for the client."),
  quarantineSeconds: seconds
    .default(900)
    .describe("How long an address that a client declined, because another host uses it, is given to nobody."),
  rapidCommit: z.boolean().default(false).describe("Lease in two messages to clients that ask for it (RFC 4039)."),
  conflictCheck: z
    .boolean()
    .default(true)
    .describe("Look for an address on the network before it is offered for the first time (RFC 2131 section 2.2)."),
  policy: z
    .strictObject({
      unknownMachines: z
        .enum(["serve", "ignore"])
        .default("serve")
        .describe("`ignore`: only declared machines are answered."),
      deny: z
        .array(parsedText(parseMacPattern))
        .default([])
        .describe("MAC addresses, or beginnings of them, that are never answered."),
      ignoreClasses: z
        .array(z.string().min(1))
        .default([])
        .describe("Vendor and user classes, by their beginning, that are not answered."),
    })
    .prefault({}),
});

/** The DNS server; what holds between its keys and the networks is in relations.ts. */
export const dnsSchema = z.strictObject({
  addresses: z
    .array(ipv4)
    .min(1)
    .exactOptional()
    .describe("Where it listens, by UDP and TCP; every network's `serverAddress` unless given."),
  port: port.default(53).describe("Operating systems know only 53."),
  upstream: z
    .array(parsedText(parseResolver))
    .default([])
    .describe(
      "Name servers to ask about all other names, in this order: `10.0.0.53`, or `10.0.0.53:5353`. None: such questions are refused.",
    ),
  ttlSeconds: seconds.max(86_400).default(60).describe("How long an answer about a machine may be remembered."),
});

/** The whole configuration file. Relative paths are relative to the file. */
export const settingsSchema = z.strictObject({
  stateDir: z
    .string()
    .min(1)
    .describe("Where leases, machine records and reports are kept. Only one server may use it."),
  dataPath: z.string().min(1).describe("Data directory: `machines/`, `groups/`, `profiles/`, `ignition/`."),
  assetsPath: z.string().min(1).exactOptional().describe("Files served under `/assets/`: kernels, initrds, images."),
  http: z.strictObject({
    address: ipv4.describe("Address that the HTTP server listens on; `0.0.0.0` for all, which several networks need."),
    port: port.default(8080).describe("Port of the HTTP server."),
  }),
  tftp: z
    .strictObject({
      root: z.string().min(1).describe("Directory that is served, read-only."),
      port: port.default(69).describe("UDP port. Firmware knows only 69."),
      ignoreCase: z
        .boolean()
        .default(false)
        .describe("Also find files whose names differ in case, as Windows' boot loader asks for them."),
      maxBlockSize: z
        .int()
        .min(512)
        .max(65_464)
        .default(1468)
        .describe("Largest block granted, in bytes: what fits the path in one piece, 1468 on Ethernet."),
      maxWindowSize: z.int().min(1).max(1024).default(64).describe("Largest number of blocks before an answer."),
      rolloverTo: z
        .union([z.literal(0), z.literal(1)])
        .default(0)
        .describe("Number of the block after 65535. Most clients expect 0."),
      maxTransfers: z.int().min(1).max(10_000).default(1000).describe("Transfers at the same time."),
      maxTransfersPerClient: z
        .int()
        .min(1)
        .max(10_000)
        .default(8)
        .describe("Transfers at the same time to one address."),
      maxTransferSeconds: seconds.default(600).describe("A transfer that takes longer is given up."),
      cacheMebibytes: z
        .int()
        .min(1)
        .default(512)
        .describe("Memory for the content of files; no file that is larger is served over TFTP."),
      loaders: z
        .strictObject({
          bios: z.string().min(1).default("undionly.kpxe").describe("iPXE for BIOS machines."),
          "uefi-x64": z.string().min(1).default("snponly.efi").describe("iPXE for 64-bit UEFI machines."),
          "uefi-ia32": z.string().min(1).exactOptional().describe("For 32-bit x86 UEFI machines."),
          "uefi-arm32": z.string().min(1).exactOptional().describe("For 32-bit ARM UEFI machines."),
          "uefi-arm64": z.string().min(1).exactOptional().describe("For 64-bit ARM UEFI machines."),
          "uefi-riscv64": z.string().min(1).exactOptional().describe("For 64-bit RISC-V UEFI machines."),
          "uefi-loong64": z.string().min(1).exactOptional().describe("For 64-bit LoongArch UEFI machines."),
        })
        .prefault({}),
    })
    .exactOptional()
    .describe("TFTP server, on every network's `serverAddress`."),
  dns: dnsSchema.exactOptional().describe("DNS server for the machines' names. Absent: none."),
  networks: z
    .array(networkSchema)
    .default([])
    .describe("Networks to hand out addresses on. None: no DHCP and no TFTP."),
  cluster: z
    .strictObject({
      name: name.default("cluster").describe("Name of the cluster, for templates."),
      variables: z
        .record(z.string(), z.unknown())
        .default({})
        .describe("Values for templates, as `cluster.variables.*`."),
    })
    .prefault({}),
  configRepo: z
    .strictObject({
      path: z.string().min(1).exactOptional().describe("Git repository on this server, served at `/git/config.git`."),
      url: repoUrlSchema
        .exactOptional()
        .describe("Git repository elsewhere, instead of `path`: an `http`, `https`, `git` or `file` URL."),
      ref: gitRefSchema.default("main").describe("Branch, tag or commit that the agents run."),
    })
    .exactOptional()
    .describe("The config repo that the agents clone at every boot."),
  agentDir: z
    .string()
    .min(1)
    .exactOptional()
    .describe("Directory with `railhead-agent.json` and the agent's executables, served under `/agent/`."),
  log: z
    .strictObject({
      level: z.enum(["debug", "info", "warn", "error"]).default("info").describe("What is left out of the log."),
      format: z
        .enum(["auto", "json", "pretty"])
        .default("auto")
        .describe("`auto`: pretty on a terminal, else JSON lines."),
    })
    .prefault({}),
});

/** The configuration in force: every default filled in, every path absolute. */
export type Settings = z.output<typeof settingsSchema>;
/** The configuration as it is written. */
export type SettingsInput = z.input<typeof settingsSchema>;
