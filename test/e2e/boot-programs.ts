/** Programs for bare machines, written in machine code: each says one line and stops. */

/**
 * The first sector of a BIOS machine's disk. Loaded to 0000:7c00 (real mode), it writes a text to COM1, which QEMU has
 * set up already.
 */
export function bootSector(text: string): Uint8Array {
  const code = Buffer.from(
    [
      "fc", // cld
      "31c0", // xor ax, ax
      "8ed8", // mov ds, ax
      "be167c", // mov si, 7c16h     the text, right behind the code
      "baf803", // mov dx, 3f8h      COM1
      "ac", // next: lodsb
      "84c0", // test al, al
      "7403", // jz stop
      "ee", // out dx, al
      "ebf8", // jmp next
      "f4", // stop: hlt
      "ebfd", // jmp stop
    ].join(""),
    "hex",
  );
  const sector = Buffer.alloc(512);
  sector.set(code);
  sector.write(`${text}\r\n\0`, code.length, "latin1");
  sector.writeUInt16LE(0xaa55, 510);
  return sector;
}

const FILE_ALIGNMENT = 0x200;
const SECTION_ALIGNMENT = 0x1000;

/** An EFI application for 64-bit ARM (a PE32+ file) that writes a text to the console. */
export function arm64EfiProgram(text: string): Uint8Array {
  const code = [
    0xf940_2020, // ldr x0, [x1, #64]   x1: the system table; its ConOut (UEFI specification section 4.3)
    0xf940_0402, // ldr x2, [x0, #8]    its OutputString (section 12.4)
    0x1000_0061, // adr x1, .+12        the text
    0xd63f_0040, // blr x2
    0x1400_0000, // b .
  ];
  const file = Buffer.alloc(2 * FILE_ALIGNMENT);
  file.write("MZ");
  file.writeUInt32LE(0x40, 0x3c); // where the PE header is
  file.write("PE\0\0", 0x40);
  const coff = 0x44;
  file.writeUInt16LE(0xaa64, coff); // machine: 64-bit ARM
  file.writeUInt16LE(1, coff + 2); // sections
  file.writeUInt16LE(240, coff + 16); // size of the optional header
  file.writeUInt16LE(0x0022, coff + 18); // executable, any address
  const optional = coff + 20;
  file.writeUInt16LE(0x20b, optional); // PE32+
  file.writeUInt32LE(FILE_ALIGNMENT, optional + 4); // size of the code
  file.writeUInt32LE(SECTION_ALIGNMENT, optional + 16); // entry point
  file.writeUInt32LE(SECTION_ALIGNMENT, optional + 20); // base of the code
  file.writeUInt32LE(SECTION_ALIGNMENT, optional + 32);
  file.writeUInt32LE(FILE_ALIGNMENT, optional + 36);
  file.writeUInt32LE(2 * SECTION_ALIGNMENT, optional + 56); // size of the image
  file.writeUInt32LE(FILE_ALIGNMENT, optional + 60); // size of the headers
  file.writeUInt16LE(10, optional + 68); // subsystem: EFI application
  file.writeUInt32LE(16, optional + 108); // data directories, all empty
  const section = optional + 240;
  file.write(".text", section);
  file.writeUInt32LE(FILE_ALIGNMENT, section + 8);
  file.writeUInt32LE(SECTION_ALIGNMENT, section + 12);
  file.writeUInt32LE(FILE_ALIGNMENT, section + 16);
  file.writeUInt32LE(FILE_ALIGNMENT, section + 20);
  file.writeUInt32LE(0x6000_0020, section + 36); // code, executable, readable
  for (const [index, instruction] of code.entries()) file.writeUInt32LE(instruction, FILE_ALIGNMENT + 4 * index);
  file.write(`${text}\r\n\0`, FILE_ALIGNMENT + 4 * code.length, "utf16le");
  return file;
}
