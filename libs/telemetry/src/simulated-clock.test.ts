import { expect, test } from 'vitest';
import { SimulatedClock } from './simulated-clock.ts';

test('timers fire in order of time, then of being set, and see the time they were set for', async () => {
  const clock = new SimulatedClock(0);
  const seen: string[] = [];
  const note = (name: string) => () => seen.push(`${name}@${clock.now()}`);
  clock.after(20, note('c'));
  clock.after(10, note('a'));
  clock.after(10, note('b'));
  clock.after(15, note('never')).cancel();
  await clock.advance(30);
  expect(seen).toEqual(['a@10', 'b@10', 'c@20']);
  expect(clock.now()).toBe(30);
});

test('promises go on between timers, and what they set fires in its turn', async () => {
  const clock = new SimulatedClock(0);
  const seen: number[] = [];
  const worker = async () => {
    for (let round = 0; round < 3; round++) {
      await clock.sleep(5);
      await Promise.resolve();
      seen.push(clock.now());
    }
  };
  void worker();
  expect(await clock.runUntil(() => seen.length === 3, 1_000)).toBe(true);
  expect(seen).toEqual([5, 10, 15]);
  expect(await clock.runUntil(() => false, 100)).toBe(false);
});

test('a thousand timers set in any order fire sorted', async () => {
  const clock = new SimulatedClock(0);
  const fired: number[] = [];
  for (let index = 0; index < 1_000; index++) clock.after((index * 7_919) % 1_009, () => fired.push(clock.now()));
  await clock.advance(2_000);
  expect(fired).toEqual([...fired].sort((a, b) => a - b));
  expect(fired).toHaveLength(1_000);
});
