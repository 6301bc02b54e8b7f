import { SimulatedClock } from '@berth/telemetry/testing';
import { expect, test } from 'vitest';
import { WakeLoop } from './wake-loop.ts';

function loopOf(step: (ranMs: number) => void) {
  const clock = new SimulatedClock(0);
  const ran: number[] = [];
  let failures = 0;
  const perform = async () => {
    ran.push(clock.monotonicMs());
    step(clock.monotonicMs());
  };
  const loop = new WakeLoop(clock, perform, () => void failures++);
  return { clock, loop, ran, failures: () => failures };
}

test('a step that fails is repeated after 2, 4, 8, 10 s, and nothing wakes it before', async () => {
  const { clock, loop, ran, failures } = loopOf((ranMs) => {
    if (ranMs < 30_000) throw new Error('not yet');
  });
  loop.wake();
  for (let passed = 0; passed < 60_000; passed += 100) {
    await clock.advance(100);
    if (passed < 30_000) loop.wake();
  }
  expect(ran.filter((ranMs) => ranMs < 30_000)).toEqual([0, 2_000, 6_000, 14_000, 24_000]);
  expect(ran.slice(5)).toEqual([34_000]);
  expect(failures()).toBe(5);
});

test('after a success the next failure is repeated as soon as the first was', async () => {
  const { clock, loop, ran } = loopOf((ranMs) => {
    if (ranMs !== 2_000) throw new Error('again');
  });
  loop.wake();
  await clock.advance(2_000);
  expect(ran).toEqual([0, 2_000]);
  loop.wakeAt(3_000);
  await clock.advance(3_000);
  expect(ran).toEqual([0, 2_000, 3_000, 5_000]);
});

test('a loop that is let go of while it waits does not run again', async () => {
  const { clock, loop, ran } = loopOf(() => {
    throw new Error('never');
  });
  loop.wake();
  await clock.advance(1_000);
  await loop.detach();
  loop.wake();
  await clock.advance(100_000);
  expect(ran).toEqual([0]);
});
