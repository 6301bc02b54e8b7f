import { expect, test } from 'vitest';
import { weightOf } from './cgroups.ts';

test.each([
  [2, 1],
  [1024, 39],
  [262_144, 10_000],
  [1_000_000, 10_000],
])('a share of %i weighs %i', (shares, weight) => {
  expect(weightOf(shares)).toBe(weight);
});
