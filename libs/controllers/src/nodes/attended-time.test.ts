import { SimulatedClock } from '@berth/telemetry/testing';
import { expect, test } from 'vitest';
import { AttendedTime } from './attended-time.ts';

test('time counts while requests are served, and stands still while they are not', async () => {
  const clock = new SimulatedClock();
  let isServed = true;
  const time = new AttendedTime(clock, () => (isServed ? Promise.resolve() : Promise.reject(new Error('the store is away'))));
  time.start();
  await clock.advance(62_000);
  expect([time.nowMs(), time.sinceResumeMs()]).toEqual([62_000, 62_000]);
  isServed = false;
  await clock.advance(600_000);
  // The last proof was at 60 s; time went on for 20 s after it.
  expect([time.nowMs(), time.sinceResumeMs()]).toEqual([80_000, 0]);
  isServed = true;
  await clock.advance(10_000);
  expect(time.nowMs()).toBeGreaterThanOrEqual(80_000);
  expect(time.nowMs()).toBeLessThanOrEqual(90_000);
  expect(time.sinceResumeMs()).toBeLessThanOrEqual(10_000);
  time.stop();
});

test('a process that was stopped resumes: what its overdue timers see is a stall', async () => {
  let monotonicMs = 0;
  const tick = Promise.withResolvers<void>();
  const due: (() => void)[] = [];
  const after = (_: number, callback: () => void) => {
    due.push(callback);
    return { cancel: () => {} };
  };
  const time = new AttendedTime({ now: () => 0, monotonicMs: () => monotonicMs, after, sleep: async () => {} }, async () => tick.resolve());
  time.start();
  monotonicMs = 600_000;
  expect([time.nowMs(), time.sinceResumeMs()]).toEqual([20_000, 0]);
  due[0]?.();
  await tick.promise;
  await Promise.resolve();
  await Promise.resolve();
  monotonicMs += 3_000;
  expect([time.nowMs(), time.sinceResumeMs()]).toEqual([23_000, 3_000]);
});
