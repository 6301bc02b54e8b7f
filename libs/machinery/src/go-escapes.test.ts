// Texts as Go quotes them in errors.
import { expect, test } from 'vitest';
import { goQuoted, goRune } from './go-escapes.ts';

test.each([
  ['web', '"web"'],
  ['a "b" \\c', '"a \\"b\\" \\\\c"'],
  ['a\x00b', '"a\\x00b"'],
  ['a\x7f', '"a\\x7f"'],
  ['a\nb\x07', '"a\\nb\\a"'],
  ['ü', '"ü"'],
  ['\u200b', '"\\u200b"'],
  ['\u{e0001}', '"\\U000e0001"'],
])('%j', (text, quoted) => expect(goQuoted(text)).toBe(quoted));

test('characters by their number', () => {
  expect(goRune('\n')).toBe('U+000A');
  expect(goRune('ü')).toBe("U+00FC 'ü'");
});
