/**
 * Text to bytes without `TextEncoder`, `Buffer` or `btoa`: this package compiles against the ES library alone.
 * Unpaired surrogates become U+FFFD, as every UTF-8 encoder of the platform does.
 */
export function utf8Bytes(text: string): Uint8Array {
  const percent = encodeURIComponent(text.toWellFormed());
  const bytes = new Uint8Array(text.length * 3);
  let length = 0;
  for (let at = 0; at < percent.length; at++) {
    const code = percent.charCodeAt(at);
    if (code === 0x25) {
      bytes[length++] = Number.parseInt(percent.slice(at + 1, at + 3), 16);
      at += 2;
    } else {
      bytes[length++] = code;
    }
  }
  return bytes.subarray(0, length);
}

const BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** Base 64 with padding (RFC 4648 section 4). */
export function base64(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 3) {
    const left = bytes.length - at;
    const group = ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
    text += BASE64.charAt(group >> 18) + BASE64.charAt((group >> 12) & 63);
    text += left > 1 ? BASE64.charAt((group >> 6) & 63) : "=";
    text += left > 2 ? BASE64.charAt(group & 63) : "=";
  }
  return text;
}

/**
 * A `data:` URL (RFC 2397) holding the UTF-8 bytes of a text. Besides letters and digits it contains only
 * `- _ . ! ~ * ( ) % : ,`, so it may stand plain, single quoted or double quoted in YAML and in JSON.
 */
export function dataUrl(text: string): string {
  return `data:,${encodeURIComponent(text.toWellFormed()).replaceAll("'", "%27")}`;
}

/**
 * A value as JSON that is also YAML: beyond what JSON must escape, the characters that YAML 1.2 (section 5.1) does not
 * allow or treats as line breaks are escaped too. `undefined` when JSON has no form for the value.
 */
export function jsonForYaml(value: unknown): string | undefined {
  const json: string | undefined = JSON.stringify(value);
  return json?.replace(/[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}
