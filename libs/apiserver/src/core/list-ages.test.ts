import { systemClock } from '@berth/telemetry';
import { expect, test } from 'vitest';
import { ListAges, listAgeMaxMs } from './list-ages.ts';

function ages() {
  let now = 1_000_000;
  return {
    ages: new ListAges({ ...systemClock, now: () => now }),
    pass: (ms: number) => {
      now += ms;
    },
  };
}

test('a revision is old five minutes after a token of it was handed out', () => {
  const { ages: lists, pass } = ages();
  expect(lists.isOld(7)).toBe(false);
  lists.note(7);
  pass(listAgeMaxMs - 1);
  expect(lists.isOld(7)).toBe(false);
  pass(1);
  expect([lists.isOld(7), lists.isOld(6), lists.isOld(8)]).toEqual([true, true, false]);
});

test('of many tokens none is old early, and none late by more than those that share its mark', () => {
  const { ages: lists, pass } = ages();
  const handedOut: { revision: number; atMs: number }[] = [];
  let now = 0;
  let wrong = 0;
  for (let n = 1; n <= 1_000; n++) {
    const step = (n * 7_919) % 3_000;
    pass(step);
    now += step;
    lists.note(n);
    handedOut.push({ revision: n, atMs: now });
    for (const { revision, atMs } of handedOut.slice(-300)) {
      const ageMs = now - atMs;
      if (lists.isOld(revision) ? ageMs < listAgeMaxMs : ageMs > listAgeMaxMs + 10_000) wrong += 1;
    }
  }
  expect(wrong).toBe(0);
});
