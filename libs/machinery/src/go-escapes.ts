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
