// How Go writes characters of a quoted text.

/** Characters with an escape of their own in a quoted text (go.dev/ref/spec, "Rune literals"); the quotes themselves are not among them. */
export const goEscapes: Readonly<Record<string, string>> = {
  '\x07': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '\\': '\\\\',
};

/** Go's encoder leaves nothing in texts that a browser could take for markup. */
export function escapedForHtml(json: string): string {
  return json.replace(/[<>&\u2028\u2029]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

const plain = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]*$/u;

/** As `%q` writes a text. */
export function goQuoted(text: string): string {
  // As most texts are.
  if (plain.test(text) && !/["\\]/.test(text)) return `"${text}"`;
  return `"${[...text].map(quotedRune).join('')}"`;
}

function quotedRune(rune: string): string {
  if (rune === '"') return '\\"';
  const own = goEscapes[rune];
  if (own) return own;
  if (plain.test(rune)) return rune;
  const code = rune.codePointAt(0) ?? 0;
  const hex = code.toString(16);
  if (code < 0x80) return `\\x${hex.padStart(2, '0')}`;
  return code < 0x10000 ? `\\u${hex.padStart(4, '0')}` : `\\U${hex.padStart(8, '0')}`;
}

/** As `%#U` writes a character: `U+0007`, `U+00FC 'ü'`. */
export function goRune(rune: string): string {
  const code = (rune.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
  return `U+${code}${isPrintable(rune) ? ` '${rune}'` : ''}`;
}

/** Whether Go takes the character for one that can be printed. */
export function isPrintable(rune: string): boolean {
  return plain.test(rune);
}
