import { silentLogger, systemClock } from '@berth/telemetry';
import { expect, onTestFinished, test } from 'vitest';
import { podOf, TestNode } from '../pods/testing.ts';
import { NodeShutdown } from './node-shutdown.ts';
import { ShutdownInhibitor } from './shutdown-inhibitor.ts';
import type { ShutdownPeriod } from './shutdown-periods.ts';

const periods: ShutdownPeriod[] = [
  { priority: 0, seconds: 20 },
  { priority: 2_000_000_000, seconds: 10 },
];

/** A node whose pods run. */
async function running(...pods: ReturnType<typeof podOf>[]) {
  const node = new TestNode({ images: ['web:1', 'hollow/stubborn'] });
  await node.manager.start();
  const events: string[] = [];
  const shutdown = new NodeShutdown({
    ...{ periods, clock: node.clock, logger: silentLogger },
    pods: () => node.manager.pods(),
    evict: (uid, failure) => node.manager.evict(uid, failure),
    event: (reason, message) => events.push(`${reason}: ${message}`),
    changed: () => {
      node.isShuttingDown = shutdown.isShuttingDown;
    },
  });
  node.want(pods);
  await node.clock.advance(1_000);
  expect(pods.map(({ metadata }) => node.status(metadata.name).phase)).toEqual(pods.map(() => 'Running'));
  return { node, shutdown, events };
}

test('pods end as failed, critical ones once the others have; each says why, and the node says that it shuts down', async () => {
  const critical = podOf('web:1', { priority: 2_000_000_000 }, 'critical');
  const slow = podOf('hollow/stubborn', { terminationGracePeriodSeconds: 5 }, 'slow');
  const { node, shutdown, events } = await running(critical, slow, podOf('web:1', {}, 'quick'));
  const over = shutdown.begin();
  await node.clock.advance(1_000);
  expect(['critical', 'slow', 'quick'].map((name) => node.status(name).phase)).toEqual(['Running', 'Running', 'Failed']);
  await node.clock.advance(5_000);
  await over;
  const message = 'Pod was terminated in response to imminent node shutdown.';
  for (const name of ['critical', 'slow', 'quick']) {
    const disrupted = { type: 'DisruptionTarget', status: 'True', reason: 'TerminationByKubelet', message };
    expect(node.status(name)).toMatchObject({ phase: 'Failed', reason: 'Terminated', message });
    expect(node.status(name).conditions).toContainEqual(expect.objectContaining(disrupted));
  }
  expect(node.told('Terminated')).toEqual([]);
  expect(events).toEqual(['NodeShutdown: Shutdown manager detected shutdown event']);
});

test('a pod has no longer than its group, however long it asks for', async () => {
  const { node, shutdown } = await running(podOf('hollow/stubborn', { terminationGracePeriodSeconds: 600 }, 'slow'));
  const over = shutdown.begin();
  await node.clock.advance(19_000);
  expect(node.status('slow').phase).toBe('Running');
  await node.clock.advance(2_000);
  await over;
  expect(node.status('slow').phase).toBe('Failed');
});

test('a node that is shutting down refuses pods, and takes them again once that is cancelled', async () => {
  const { node, shutdown, events } = await running();
  await shutdown.begin();
  node.want([podOf('web:1', {}, 'late')]);
  await node.clock.advance(1_000);
  expect(node.status('late')).toMatchObject({
    ...{ phase: 'Failed', reason: 'NodeShutdown', message: 'Pod was rejected: Pod was rejected as the node is shutting down.' },
  });
  shutdown.cancel();
  node.want([podOf('web:1', {}, 'later')]);
  await node.clock.advance(1_000);
  expect(node.status('later').phase).toBe('Running');
  expect(events.at(-1)).toBe('NodeShutdown: Shutdown manager detected shutdown cancellation');
});

test('the machine waits for pods: the child that holds it up ends after them', async () => {
  const [begun, gone] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const script = `
    process.on('SIGTERM', () => process.exit(0));
    console.log('Monitoring bus message stream.');
    console.log(JSON.stringify({ type: 'signal', member: 'PrepareForShutdown', payload: { type: 'b', data: [true] } }));
    setInterval(() => {}, 1000);`;
  const order: string[] = [];
  // It pauses before it holds the machine up again.
  const sleep = () => {
    order.push('the child is gone');
    gone.resolve();
    return new Promise<void>(() => {});
  };
  const clock = { ...systemClock, sleep };
  const inhibitor = new ShutdownInhibitor({
    ...{ clock, logger: silentLogger, command: [process.execPath, '-e', script], cancelled: () => undefined },
    shuttingDown: async () => {
      begun.resolve();
      await Promise.resolve();
      order.push('pods have ended');
    },
  });
  onTestFinished(() => inhibitor.stop());
  inhibitor.start();
  await begun.promise;
  await gone.promise;
  expect(order).toEqual(['pods have ended', 'the child is gone']);
});
