const TYPES: Readonly<Record<string, string>> = {
  cfg: "text/plain; charset=utf-8",
  efi: "application/efi",
  gz: "application/gzip",
  html: "text/html; charset=utf-8",
  ign: "application/vnd.coreos.ignition+json",
  ipxe: "text/plain; charset=utf-8",
  iso: "application/x-iso9660-image",
  json: "application/json",
  sha256: "text/plain; charset=utf-8",
  tar: "application/x-tar",
  txt: "text/plain; charset=utf-8",
  xz: "application/x-xz",
  yaml: "application/yaml",
  zst: "application/zstd",
};

/** By the end of the file's name. UEFI takes what it loads for a program when it is `application/efi`. */
export function contentTypeOf(name: string, otherwise = "application/octet-stream"): string {
  const extension = name.slice(name.lastIndexOf(".") + 1).toLowerCase();
  return Object.hasOwn(TYPES, extension) ? (TYPES[extension] ?? otherwise) : otherwise;
}
