import { isAtLeast } from "../spec-version.ts";
import { readUnitText, type UnitText } from "../unit-text.ts";
import { isTrue, type Report, text, type View } from "../view.ts";

const UNIT_NAME = /\.(?:service|socket|device|mount|automount|swap|target|path|timer|snapshot|slice|scope)$/;

export function checkUnit(unit: View, report: Report): void {
  const name = text(unit, "name") ?? "";
  if (!UNIT_NAME.test(name)) report.error(unit, ["name"], "invalid systemd unit extension");
  const unitText = checkUnitContents(unit, report);
  if (unitText?.error === undefined && isTrue(unit, "enabled") && unitText?.sections.has("Install") === false) {
    const message = `unit ${JSON.stringify(name)} is enabled, but has no install section so enable does nothing`;
    report.warning(unit, ["contents"], message);
  }
}

export function checkDropin(dropin: View, report: Report): void {
  if (!text(dropin, "name")?.endsWith(".conf")) report.error(dropin, ["name"], "invalid systemd drop-in extension");
  checkUnitContents(dropin, report);
}

function checkUnitContents(view: View, report: Report): UnitText | undefined {
  const contents = text(view, "contents") ?? "";
  if (contents === "") return undefined;
  const unitText = readUnitText(contents);
  if (unitText.error !== undefined) report.error(view, ["contents"], `invalid unit content: ${unitText.error}`);
  if (unitText.hasLongLine) {
    const message = "invalid unit content: line too long (max 2048 bytes)";
    // Images that read spec 3.4 have a reader without this limit; systemd itself never had it.
    if (isAtLeast(view.version, "3.4.0")) report.warning(view, ["contents"], message);
    else report.error(view, ["contents"], message);
  }
  return unitText;
}
