/** Serial number, or with TFTP_PREFIX=2 the MAC address. */
const PREFIX = /^(?:[0-9a-f]{8}|[0-9a-f]{2}(?:-[0-9a-f]{2}){5})\/(.+)$/;

/**
 * Where a Raspberry Pi's file may be, best first. Its boot ROM and EEPROM ask for `<serial>/start4.elf`; where there is
 * no directory for that one Pi, those of all Pis stand in `rpi/`, or else in the root.
 *
 * @returns nothing when the name does not begin like a Pi's
 */
export function raspberryPiNames(name: string): readonly string[] {
  const file = PREFIX.exec(name)?.[1];
  return file === undefined ? [] : [`rpi/${file}`, file];
}
