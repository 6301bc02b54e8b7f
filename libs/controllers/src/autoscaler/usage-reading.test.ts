// What autoscalers know of what pods use: read from metrics.k8s.io when somebody looks, and again when it is no longer new.
import { StatusError } from '@berth/machinery';
import { SimulatedClock } from '@berth/telemetry/testing';
import { expect, test } from 'vitest';
import { UsageReading } from './usage-reading.ts';

const metrics = {
  metadata: { name: 'p', namespace: 'shop' },
  timestamp: '2026-01-01T00:01:00Z',
  window: '15s',
  containers: [{ name: 'main', usage: { cpu: '250000000n', memory: '2Ki' } }],
};

function reading(list: () => Promise<unknown>) {
  const clock = new SimulatedClock();
  let lists = 0;
  const read = new UsageReading(
    {
      list: async () => {
        lists++;
        return (await list()) as never;
      },
    },
    clock,
  );
  const settled = () => new Promise(setImmediate);
  return { clock, read, settled, count: () => lists };
}

test('it is read once for all who look, and anew when it is no longer new', async () => {
  const { clock, read, settled, count } = reading(async () => ({ items: [metrics] }));
  expect([read.current(), read.current()]).toEqual([undefined, undefined]);
  await settled();
  const containers = new Map([['main', { cpu: 250_000_000n, memory: 2048n * 1_000_000_000n }]]);
  const usages = new Map([['shop/p', { sinceMs: Date.parse('2026-01-01T00:00:45Z'), containers }]]);
  expect(read.current()).toEqual({ usages });
  expect(count()).toBe(1);
  await clock.advance(10_000);
  expect(read.current()).toBeUndefined();
  await settled();
  expect(read.current()).toEqual({ usages });
  expect(count()).toBe(2);
});

test('why there is nothing is said, and asked again later', async () => {
  const { read, settled } = reading(async () => {
    throw StatusError.unavailable('nobody reports');
  });
  read.current();
  await settled();
  expect(read.current()).toEqual({
    usages: new Map(),
    problem: 'unable to fetch metrics from resource metrics API: nobody reports',
  });
});
