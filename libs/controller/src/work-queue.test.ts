import { seededRandom } from '@berth/telemetry';
import { SimulatedClock } from '@berth/testing';
import { beforeEach, expect, test } from 'vitest';
import { WorkQueue } from './work-queue.ts';

let clock: SimulatedClock;
let queue: WorkQueue;

beforeEach(() => {
  clock = new SimulatedClock();
  queue = new WorkQueue({ clock, random: seededRandom(1) }, () => {});
});

/** Tries the key whenever it can be taken, each try failing, for so long; somebody adds it every millisecond. Returns when it was tried. */
async function failingTries(durationMs: number): Promise<number[]> {
  const tries: number[] = [];
  for (let ms = 0; ms < durationMs; ms++) {
    queue.add('a');
    const key = queue.take();
    if (key) {
      tries.push(clock.monotonicMs());
      // What a failing plan writes, such as a status or an event, wakes it up.
      queue.add(key);
      queue.done(key, false);
    }
    await clock.advance(1);
  }
  return tries;
}

test('wake-ups do not undercut the floor of a failed try, which grows to five seconds', async () => {
  const tries = await failingTries(60_000);
  const waits = tries.slice(1).map((atMs, index) => atMs - (tries[index] ?? 0));
  expect(waits[0]).toBeGreaterThanOrEqual(25);
  expect(Math.max(...waits)).toBeLessThanOrEqual(5_001);
  expect(Math.min(...waits.slice(-5))).toBeGreaterThanOrEqual(2_500);
  expect(tries.length).toBeLessThan(30);
});

test('a success takes the floor away, and what came meanwhile is looked at next', async () => {
  await failingTries(5_000);
  await clock.advance(5_000);
  queue.add('a');
  expect(queue.take()).toBe('a');
  queue.add('a');
  queue.done('a', true);
  expect(queue.take()).toBe('a');
});

test('a planned wait of nothing is no hot loop, an endless one is cut, and one that is no number is refused', async () => {
  queue.addAfter('now', 0);
  queue.addAfter('past', -5_000);
  queue.addAfter('never', Number.POSITIVE_INFINITY);
  expect(queue.take()).toBeUndefined();
  await clock.advance(10);
  expect([queue.take(), queue.take(), queue.take()]).toEqual(['now', 'past', undefined]);
  await clock.advance(24 * 3_600_000);
  expect(queue.take()).toBe('never');
  expect(() => queue.addAfter('nothing', Number.NaN)).toThrow('nothing cannot be looked at again after a time that is no number');
});

test('a key that failed without being woken waits its whole back-off', async () => {
  for (let failures = 0; failures < 12; failures++) {
    queue.add('a');
    await clock.advance(5_001);
    if (queue.take()) queue.done('a', false);
  }
  await clock.advance(29_000);
  expect(queue.take()).toBeUndefined();
  await clock.advance(31_000);
  expect(queue.take()).toBe('a');
});
