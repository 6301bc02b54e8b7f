// A program's text means the same in one byte a character.
import { Script } from 'node:vm';
import { expect, test } from 'vitest';
import { escaped } from './build.ts';

test.each([
  ["'µ — 𝕏'", 'µ — 𝕏'],
  ['`≠ ⁹`', '≠ ⁹'],
  ['/^[µμ]s$/.test("\u03bcs")', true],
  ['/^𝕏$/u.test("𝕏")', true],
  ['1 /* – */ + 1 // …', 2],
])('%s', (program, value) => {
  const text = escaped(program);
  expect(text).toMatch(/^[\0-\x7f]*$/);
  expect(new Script(text).runInThisContext()).toBe(value);
});
