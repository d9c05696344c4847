import type { Inventory } from "@railhead/provisioning";
import { type NodeReport, nodeReportSchema } from "@railhead/provisioning/contract";
import { AddressError, type MacAddress, parseMac } from "@railhead/wire";
import { type Answer, refuse } from "./answer.ts";

/** Reads the body of `POST /reports`: a report of a declared machine about itself, or the answer that refuses it. */
export function takeReport(
  body: unknown,
  inventory: Inventory,
): { readonly mac: MacAddress; readonly report: NodeReport } | Answer {
  const parsed = nodeReportSchema.safeParse(body);
  if (!parsed.success) {
    const problems = parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);
    return refuse("bad-report", problems.join("; "));
  }
  const report = parsed.data;
  const mac = readMac(report.mac);
  const machine = mac === undefined ? undefined : inventory.machineByMac.get(mac);
  if (mac === undefined || machine === undefined || machine.name !== report.machine) {
    return refuse("unknown-machine", `no machine ${report.machine} with MAC ${report.mac} is declared`);
  }
  return { mac, report };
}

function readMac(text: string): MacAddress | undefined {
  try {
    return parseMac(text);
  } catch (error) {
    if (error instanceof AddressError) return undefined;
    throw error;
  }
}
