import { SimulatedClock } from '@berth/telemetry/testing';
import { expect, test } from 'vitest';
import { Retries, type Stage } from './retries.ts';

/** How long each of `count` tries waits after the one before, when every one fails and `between` happens all the time. */
async function waits(stage: Stage, count: number, between: (retries: Retries) => void = () => undefined): Promise<number[]> {
  const clock = new SimulatedClock();
  const retries = new Retries(clock);
  const waited: number[] = [];
  for (let tries = 0; tries < count; tries++) {
    const failedAtMs = clock.now();
    retries.failed(stage, 'main');
    while (retries.waits(stage, 'main')) {
      await clock.advance(250);
      between(retries);
    }
    waited.push((clock.now() - failedAtMs) / 1000);
  }
  return waited;
}

test('each failure in a row waits twice as long, up to the limit of its stage', async () => {
  expect(await waits('container', 11)).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
  expect(await waits('sandbox', 8)).toEqual([1, 2, 4, 8, 16, 32, 60, 60]);
  expect(await waits('volumes', 9)).toEqual([0.5, 1, 2, 4, 8, 16, 32, 64, 122]);
  expect(await waits('end', 7)).toEqual([1, 2, 4, 8, 16, 30, 30]);
});

test('changes bring the next try forward, but not below a floor that grows with the failures', async () => {
  const hastened = await waits('container', 12, (retries) => retries.hasten());
  expect(hastened).toEqual([1, 1, 1, 1, 1.75, 3.25, 6.5, 13, 25.75, 30, 30, 30]);
});

test('what succeeded begins anew; stages and names do not disturb each other', () => {
  const clock = new SimulatedClock();
  const retries = new Retries(clock);
  for (let tries = 0; tries < 5; tries++) retries.failed('container', 'a');
  expect(retries.waits('container', 'b') || retries.waits('sandbox') || retries.waits('volumes')).toBe(false);
  expect(retries.failed('container', 'b')).toBe(clock.now() + 1_000);
  expect(retries.readyAtMs('container', 'a')).toBe(clock.now() + 16_000);
  retries.succeeded('container', 'a');
  expect(retries.readyAtMs('container', 'a')).toBe(0);
  expect(retries.failed('container', 'a')).toBe(clock.now() + 1_000);
});
