import { silentLogger, systemClock } from '@berth/telemetry';
import { expect, test } from 'vitest';
import { RetryQueue } from './retry-queue.ts';

test('a task does not run before add has returned', async () => {
  const queue = new RetryQueue(systemClock, silentLogger, 10);
  let returned = false;
  const sawReturn = new Promise<boolean>((resolve) => {
    queue.add(async () => resolve(returned));
  });
  returned = true;
  expect(await sawReturn).toBe(true);
});

test('a failed task is tried again before the next one', async () => {
  const queue = new RetryQueue(systemClock, silentLogger, 10);
  const seen: string[] = [];
  queue.add(async () => {
    seen.push('first');
    if (seen.length === 1) throw new Error('not yet');
  });
  await new Promise<void>((resolve) => {
    queue.add(async () => {
      seen.push('second');
      resolve();
    });
  });
  expect(seen).toEqual(['first', 'first', 'second']);
});
