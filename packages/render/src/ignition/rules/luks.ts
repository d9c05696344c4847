import { utf8Bytes } from "../../text-encoding.ts";
import { parseUrl } from "../url.ts";
import { child, integer, isTrue, items, type Report, text, type View } from "../view.ts";
import { checkDevice } from "./disk.ts";

const LABEL_LIMIT_BYTES = 47;
const PINS = ["tpm2", "tang", "sss"];

export function checkLuks(luks: View, report: Report): void {
  if (text(luks, "name")?.includes("/")) report.error(luks, ["name"], "device names cannot contain slashes");
  if (utf8Bytes(text(luks, "label") ?? "").length > LABEL_LIMIT_BYTES) {
    report.error(luks, ["label"], "luks device labels cannot be longer than 47 characters");
  }
  checkDevice(luks, report);
  if (!isTrue(child(luks, "cex"), "enabled")) return;
  const clevis = child(luks, "clevis");
  if (usesOwnPins(clevis) || usesCustomPin(clevis)) report.error(luks, ["cex"], "cannot use cex with clevis");
  if (text(child(luks, "keyFile"), "source") !== undefined) {
    report.error(luks, ["cex"], "cannot use cex with key file");
  }
}

export function checkClevis(clevis: View, report: Report): void {
  if (!usesCustomPin(clevis)) return;
  if (usesOwnPins(clevis)) {
    report.error(clevis, [], "cannot use custom clevis config with tpm2, tang, or threshold");
  }
  const custom = child(clevis, "custom");
  const pin = text(custom, "pin") ?? "";
  if (pin === "") report.error(custom, ["pin"], "missing required custom clevis pin");
  else if (!PINS.includes(pin)) report.error(custom, ["pin"], "unsupported clevis pin");
  if ((text(custom, "config") ?? "") === "") report.error(custom, ["config"], "missing required custom clevis config");
}

export function checkTang(tang: View, report: Report): void {
  const url = parseUrl(text(tang, "url") ?? "");
  if (url === undefined) report.error(tang, ["url"], "unable to parse url");
  else if (url.scheme !== "http" && url.scheme !== "https") report.error(tang, ["url"], "invalid url scheme");
  if ((text(tang, "thumbprint") ?? "") === "") report.error(tang, ["thumbprint"], "thumbprint is required");
  const advertisement = text(tang, "advertisement") ?? "";
  if (advertisement !== "" && !isJson(advertisement)) {
    report.error(tang, ["advertisement"], "advertisement is not valid JSON");
  }
}

function usesOwnPins(clevis: View): boolean {
  return items(clevis, "tang").length > 0 || isTrue(clevis, "tpm2") || (integer(clevis, "threshold") ?? 0) !== 0;
}

/** An empty `custom` object says nothing. */
function usesCustomPin(clevis: View): boolean {
  const custom = child(clevis, "custom");
  return ["pin", "config"].some((key) => (text(custom, key) ?? "") !== "") || isTrue(custom, "needsNetwork");
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
