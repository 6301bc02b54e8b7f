import { expect, test } from 'vitest';
import { boundedWarnings } from './bounded-warnings.ts';

test('each warning goes out once, and none that says nothing', () => {
  expect(boundedWarnings(['a', '', 'b', 'a'])).toEqual(['a', 'b']);
  expect(boundedWarnings([])).toEqual([]);
});

test('what fits is left as it is, however long one is', () => {
  const long = 'x'.repeat(4_096);
  expect(boundedWarnings([long])).toEqual([long]);
});

test('beyond the bound each is cut, by characters, and the rest is left out', () => {
  const long = Array.from({ length: 30 }, (_, i) => `${i} ${'ü'.repeat(300)}`);
  const kept = boundedWarnings(long);
  expect(kept).toHaveLength(16);
  expect(kept[0]).toBe(`0 ${'ü'.repeat(254)}`);
});
