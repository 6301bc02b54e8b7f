import { seededRandom } from '@berth/telemetry';
import { expect, test } from 'vitest';
import { pickFree } from './number-range.ts';

test('the upper part goes first, and the lower one when it is all that is left', () => {
  const taken = new Set<number>();
  const range = { from: 1, to: 100, spared: 20 };
  const picks = Array.from({ length: 100 }, () => {
    const picked = pickFree([range], (candidate) => taken.has(candidate), seededRandom(taken.size)) ?? 0;
    taken.add(picked);
    return picked;
  });
  expect(Math.min(...picks.slice(0, 80))).toBe(21);
  expect(new Set(picks).size).toBe(100);
  expect(pickFree([range], (candidate) => taken.has(candidate), seededRandom(1))).toBeUndefined();
});

test('a full range is not gone through while another has room', () => {
  let looks = 0;
  const taken = (candidate: number) => {
    looks++;
    return candidate <= 60_000;
  };
  const ranges = [
    { from: 1, to: 60_000, spared: 256 },
    { from: 60_001, to: 60_010, spared: 5 },
  ];
  expect(pickFree(ranges, taken, seededRandom(3))).toBeGreaterThan(60_005);
  expect(looks).toBeLessThan(100);
});

test('no range has no number', () => {
  expect(pickFree([], () => false, seededRandom(1))).toBeUndefined();
});
