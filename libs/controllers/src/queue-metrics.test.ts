// Queues of controllers are counted as client-go counts its own.
import { WorkQueue } from '@berth/controller';
import { seededRandom } from '@berth/telemetry';
import { SimulatedClock } from '@berth/telemetry/testing';
import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { QueueCounters } from './queue-metrics.ts';

test('what waits, is under way, took its time and is tried again', async () => {
  const registry = new Registry();
  const clock = new SimulatedClock();
  const counters = new QueueCounters(registry);
  const queue = new WorkQueue({ clock, random: seededRandom(1), queueMetrics: (state) => counters.of('widgets', state) }, () => {});
  const values = async (name: string) => {
    const lines = (await registry.metrics()).split('\n').filter((line) => line.startsWith(`workqueue_${name}{name="widgets"}`));
    return lines.map((line) => Number(line.split(' ')[1]));
  };
  for (const key of ['a', 'b', 'a']) queue.add(key);
  expect([await values('depth'), await values('adds_total'), await values('retries_total')]).toEqual([[2], [2], [0]]);
  await clock.advance(5_000);
  queue.take();
  await clock.advance(2_000);
  queue.take();
  await clock.advance(1_000);
  expect([await values('depth'), await values('unfinished_work_seconds'), await values('longest_running_processor_seconds')]).toEqual([
    [0],
    [4],
    [3],
  ]);
  expect(await values('queue_duration_seconds_sum')).toEqual([12]);
  queue.done('a', true);
  queue.done('b', false);
  queue.addAfter('c', 60_000);
  expect([await values('work_duration_seconds_sum'), await values('work_duration_seconds_count')]).toEqual([[4], [2]]);
  // What waits for its back-off is none that can be taken.
  expect([await values('depth'), await values('retries_total'), await values('unfinished_work_seconds')]).toEqual([[0], [2], [0]]);
  await clock.advance(61_000);
  expect([await values('depth'), await values('adds_total')]).toEqual([[2], [4]]);
  queue.close();
  counters.stop();
  expect(await registry.getMetricsAsJSON()).toEqual([]);
});
