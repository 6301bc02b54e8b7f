// Base64 as Secrets carry it. Written out because pure libraries have no runtime to ask.
import { utf8Length } from '../validation/metadata.ts';

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** Base64 of a text's UTF-8 form. */
export function encodeBase64(text: string): string {
  const bytes = utf8(text);
  let encoded = '';
  for (let i = 0; i < bytes.length; i += 3) {
    const group = ((bytes[i] ?? 0) << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
    for (let digit = 0; digit < 4; digit++) {
      encoded += i + digit > bytes.length ? '=' : alphabet[(group >> (18 - 6 * digit)) & 63];
    }
  }
  return encoded;
}

/** The text behind base64 whose bytes are UTF-8; undefined when it is not base64. Only ASCII needs to survive. */
export function decodeBase64(encoded: string): string | undefined {
  const digits = encoded.replace(/=+$/, '');
  let text = '';
  let bits = 0;
  let held = 0;
  for (const digit of digits) {
    const value = alphabet.indexOf(digit);
    if (value < 0) return undefined;
    held = ((held << 6) | value) & 0xffff;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      text += String.fromCharCode((held >> bits) & 0xff);
    }
  }
  return text;
}

/** How many bytes base64 stands for, without decoding it. */
export function base64Bytes(encoded: string): number {
  const padding = encoded.endsWith('==') ? 2 : encoded.endsWith('=') ? 1 : 0;
  return Math.floor((encoded.length * 3) / 4) - padding;
}

function utf8(text: string): Uint8Array {
  const bytes = new Uint8Array(utf8Length(text));
  let at = 0;
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    if (code < 0x80) bytes[at++] = code;
    else {
      const extra = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
      bytes[at++] = ([0, 0xc0, 0xe0, 0xf0][extra] ?? 0) | (code >> (6 * extra));
      for (let shift = extra - 1; shift >= 0; shift--) bytes[at++] = 0x80 | ((code >> (6 * shift)) & 0x3f);
    }
  }
  return bytes;
}
