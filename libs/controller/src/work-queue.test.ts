import { type Clock, seededRandom } from '@berth/telemetry';
import { beforeEach, expect, test } from 'vitest';
import { WorkQueue } from './work-queue.ts';

/** Time that the test turns; timers fire at once, in the order in which they are due. */
class HandClock implements Clock {
  #nowMs = 0;
  readonly #timers = new Set<{ atMs: number; callback: () => void }>();

  now = () => this.#nowMs;
  monotonicMs = () => this.#nowMs;
  sleep = () => Promise.resolve();

  after(delayMs: number, callback: () => void) {
    const timer = { atMs: this.#nowMs + delayMs, callback };
    this.#timers.add(timer);
    return { cancel: () => void this.#timers.delete(timer) };
  }

  advance(durationMs: number): void {
    const endMs = this.#nowMs + durationMs;
    for (let due = this.#next(endMs); due; due = this.#next(endMs)) {
      this.#timers.delete(due);
      this.#nowMs = due.atMs;
      due.callback();
    }
    this.#nowMs = endMs;
  }

  #next(endMs: number) {
    return [...this.#timers].filter(({ atMs }) => atMs <= endMs).sort((a, b) => a.atMs - b.atMs)[0];
  }
}

let clock: HandClock;
let queue: WorkQueue;

beforeEach(() => {
  clock = new HandClock();
  queue = new WorkQueue({ clock, random: seededRandom(1) }, () => {});
});

/** Tries the key whenever it can be taken, each try failing, for so long; somebody adds it every millisecond. Returns when it was tried. */
function failingTries(durationMs: number): number[] {
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
    clock.advance(1);
  }
  return tries;
}

test('wake-ups do not undercut the floor of a failed try, which grows to five seconds', () => {
  const tries = failingTries(60_000);
  const waits = tries.slice(1).map((atMs, index) => atMs - (tries[index] ?? 0));
  expect(waits[0]).toBeGreaterThanOrEqual(25);
  expect(Math.max(...waits)).toBeLessThanOrEqual(5_001);
  expect(Math.min(...waits.slice(-5))).toBeGreaterThanOrEqual(2_500);
  expect(tries.length).toBeLessThan(30);
});

test('a success takes the floor away, and what came meanwhile is looked at next', () => {
  failingTries(5_000);
  clock.advance(5_000);
  queue.add('a');
  expect(queue.take()).toBe('a');
  queue.add('a');
  queue.done('a', true);
  expect(queue.take()).toBe('a');
});

test('a planned wait of nothing is no hot loop, an endless one is cut, and one that is no number is refused', () => {
  queue.addAfter('now', 0);
  queue.addAfter('past', -5_000);
  queue.addAfter('never', Number.POSITIVE_INFINITY);
  expect(queue.take()).toBeUndefined();
  clock.advance(10);
  expect([queue.take(), queue.take(), queue.take()]).toEqual(['now', 'past', undefined]);
  clock.advance(24 * 3_600_000);
  expect(queue.take()).toBe('never');
  expect(() => queue.addAfter('nothing', Number.NaN)).toThrow('nothing cannot be looked at again after a time that is no number');
});

test('a key that failed without being woken waits its whole back-off', () => {
  for (let failures = 0; failures < 12; failures++) {
    queue.add('a');
    clock.advance(5_001);
    if (queue.take()) queue.done('a', false);
  }
  clock.advance(29_000);
  expect(queue.take()).toBeUndefined();
  clock.advance(31_000);
  expect(queue.take()).toBe('a');
});
