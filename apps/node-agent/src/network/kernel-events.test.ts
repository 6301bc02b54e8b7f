import { silentLogger, systemClock } from '@berth/telemetry';
import { expect, test } from 'vitest';
import { KernelEvents } from './kernel-events.ts';

test('hears whole lines, in whatever pieces they come, and all of a burst in one call', async () => {
  const many = 5_000;
  const program = `printf "de"; printf "lete a"; printf "\\n"; seq ${many}; exec sleep 60`;
  const heard: string[] = [];
  let calls = 0;
  let called = () => {};
  const events = new KernelEvents({
    command: ['sh', '-c', program],
    isOfInterest: (line) => {
      heard.push(line);
      return line === 'delete a' || line === `${many}`;
    },
    changed: async () => {
      calls++;
      if (heard.length === many + 1) called();
    },
    clock: systemClock,
    logger: silentLogger,
  });
  const all = new Promise<void>((resolve) => {
    called = resolve;
  });
  events.start();
  try {
    await all;
  } finally {
    await events.stop();
  }
  expect(heard).toEqual(['delete a', ...Array.from({ length: many }, (_, index) => `${index + 1}`)]);
  expect(calls).toBeLessThanOrEqual(3);
});
