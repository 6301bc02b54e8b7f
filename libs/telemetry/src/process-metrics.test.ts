import { type Gauge, Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { collectProcessMetrics } from './process-metrics.ts';

test('the delay of the event loop is what goes beyond the time between two looks at it', async () => {
  const registry = new Registry();
  collectProcessMetrics(registry);
  const gauge = registry.getSingleMetric('nodejs_eventloop_lag_p99_seconds') as Gauge;
  for (const [told, delay] of [
    [1.25, 0.25],
    [5.11e-7, 0],
    [Number.NaN, 0],
  ] as const) {
    gauge.set({}, told);
    expect((await gauge.get()).values.map(({ value }) => value)).toEqual([delay]);
  }
  expect(await registry.metrics()).toMatch(/^nodejs_eventloop_lag_p99_seconds 0(\.\d+)?$/m);
});
