import { SimulatedClock } from '@berth/telemetry/testing';
import { expect, test } from 'vitest';
import { untilEndShows } from './exit-visibility.ts';

type Shown = 'created' | 'running' | 'unreachable' | 'exited';

/** Every order of up to `length` statuses that are not the end. */
function staleOrders(length: number): Shown[][] {
  if (length === 0) return [[]];
  const shorter = staleOrders(length - 1);
  const last = shorter.filter((order) => order.length === length - 1);
  return [...shorter, ...last.flatMap((order) => (['created', 'running', 'unreachable'] as const).map((next) => [...order, next]))];
}

/** Each status is shown for `heldMs`, then the end for ever. */
function runtimeThatShows(clock: SimulatedClock, order: Shown[], heldMs: number) {
  const sinceMs = clock.monotonicMs();
  return async () => {
    const shown = order[Math.floor((clock.monotonicMs() - sinceMs) / heldMs)] ?? 'exited';
    if (shown === 'unreachable') throw new Error('the runtime cannot be reached');
    return shown === 'exited';
  };
}

test('an end is noticed within 100 ms of showing, whatever was shown before and for however long', async () => {
  const orders = staleOrders(4);
  expect(orders).toHaveLength(1 + 3 + 9 + 27 + 81);
  for (const heldMs of [1, 7, 60, 700]) {
    for (const order of orders) {
      const clock = new SimulatedClock();
      const noticed = untilEndShows(runtimeThatShows(clock, order, heldMs), clock, new AbortController().signal).then(() =>
        clock.monotonicMs(),
      );
      await clock.advance(heldMs * order.length + 100);
      expect(await Promise.race([noticed, 'never'])).toBeLessThanOrEqual(heldMs * order.length + 100);
    }
  }
});

test('an end that shows a minute late is noticed all the same, without asking all the time', async () => {
  const clock = new SimulatedClock();
  let looks = 0;
  const hasEnded = async () => {
    looks++;
    return clock.monotonicMs() >= 60_000;
  };
  const noticed = untilEndShows(hasEnded, clock, new AbortController().signal);
  await clock.advance(63_000);
  expect(await Promise.race([noticed, 'never'])).toBe(true);
  expect(looks).toBeLessThan(250);
});

test('nobody looks once nobody listens', async () => {
  const clock = new SimulatedClock();
  const listening = new AbortController();
  let looks = 0;
  const noticed = untilEndShows(async () => ++looks < 0, clock, listening.signal);
  await clock.advance(20);
  listening.abort(new Error('the stream of events has ended'));
  expect(await noticed).toBe(false);
  const before = looks;
  await clock.advance(60_000);
  expect(looks).toBe(before);
});
