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
