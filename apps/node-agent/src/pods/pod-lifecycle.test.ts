// The life of whole pods by their containers' own policies, and what of it outlives a node that is started anew.
import type { Pod } from '@berth/api';
import type { KubeObject } from '@berth/machinery';
import { expect, test } from 'vitest';
import { podOf, TestNode } from './testing.ts';

async function nodeWith(...pods: Pod[]): Promise<TestNode> {
  const node = new TestNode();
  await node.manager.start();
  node.want(pods);
  await node.clock.advance(0);
  return node;
}

const mainStatus = (node: TestNode) => node.status().containerStatuses?.[0];

test('a container with rules of its own is started again by its exit code, in a pod that restarts nothing', async () => {
  const restartPolicyRules = [{ action: 'Restart', exitCodes: { operator: 'In', values: [42] } }];
  const containers = [
    { name: 'main', image: 'hollow/exit:42-after-1000', restartPolicy: 'Never', restartPolicyRules },
    { name: 'other', image: 'hollow/exit:0-after-3000' },
  ];
  const node = await nodeWith(podOf('x', { containers, restartPolicy: 'Never' }));
  await node.clock.advance(60_000);
  expect(mainStatus(node)?.restartCount).toBeGreaterThanOrEqual(3);
  expect(node.status().phase).toBe('Running');
  expect(node.status().containerStatuses?.[1]).toMatchObject({ restartCount: 0, state: { terminated: { exitCode: 0 } } });
});

test('a pod that restarts its containers ends all the same when their own policies say that none starts again', async () => {
  const containers = [
    { name: 'main', image: 'hollow/exit:0-after-1000', restartPolicy: 'OnFailure' },
    { name: 'other', image: 'hollow/exit:3-after-2000', restartPolicy: 'Never' },
  ];
  const node = await nodeWith(podOf('x', { containers }));
  await node.clock.advance(10_000);
  expect(node.status()).toMatchObject({ phase: 'Failed', containerStatuses: [{ restartCount: 0 }, { restartCount: 0 }] });
});

test('an init container with rules of its own is tried again by its exit code, and fails the pod with another', async () => {
  const restartPolicyRules = [{ action: 'Restart', exitCodes: { operator: 'In', values: [42] } }];
  const init = (image: string) => [{ name: 'init', image, restartPolicy: 'Never', restartPolicyRules }];
  const again = await nodeWith(podOf('app', { initContainers: init('hollow/exit:42'), restartPolicy: 'Never' }));
  await again.clock.advance(60_000);
  expect(again.status()).toMatchObject({ phase: 'Pending', initContainerStatuses: [{ restartCount: 3 }] });
  const failed = await nodeWith(podOf('app', { initContainers: init('hollow/exit:41') }));
  await failed.clock.advance(60_000);
  expect(failed.status()).toMatchObject({ phase: 'Failed', initContainerStatuses: [{ restartCount: 0 }] });
});

test('later init containers wait with PodInitializing, as everything of such a pod does that was not tried yet', async () => {
  const initContainers = [
    { name: 'one', image: 'hollow/exit:1' },
    { name: 'two', image: 'hollow/exit:0' },
  ];
  const node = await nodeWith(podOf('app', { initContainers }));
  await node.clock.advance(5_000);
  const waiting = [...(node.status().initContainerStatuses ?? []), ...(node.status().containerStatuses ?? [])].map(
    (s) => s.state?.waiting?.reason,
  );
  expect(waiting).toEqual(['CrashLoopBackOff', 'PodInitializing', 'PodInitializing']);
});

test.each([
  ['hollow/exit:0-after-2000', 'Succeeded'],
  ['hollow/exit:1-after-2000', 'Failed'],
])('a pod whose main container was %s is %s and initialized, though its sidecar was killed', async (image, phase) => {
  const initContainers = [{ name: 'side', image: 'hollow/stubborn', restartPolicy: 'Always' }];
  const node = await nodeWith(podOf(image, { initContainers, restartPolicy: 'Never', terminationGracePeriodSeconds: 1 }));
  await node.clock.advance(10_000);
  expect(node.status()).toMatchObject({ phase, initContainerStatuses: [{ state: { terminated: { exitCode: 137 } } }] });
  expect(node.condition('Initialized')).toBe('True');
});

/** As when the node is shut down in good order: nothing of its containers is left. */
async function shutDown(node: TestNode): Promise<void> {
  for (const { id } of await node.runtime.listSandboxes()) await node.runtime.removeSandbox(id);
}

test('how containers ended is known after the node was started anew, as far as it was seen', async () => {
  const crashing = podOf('hollow/exit:3-after-5000');
  const running = podOf('app', {}, 'other');
  const node = await nodeWith(crashing, running);
  await node.clock.advance(7_000);
  expect(mainStatus(node)).toMatchObject({ restartCount: 1, lastState: { terminated: { exitCode: 3 } } });
  const seen = mainStatus(node)?.lastState;
  await node.manager.stop();
  await shutDown(node);
  await node.restartAgent([
    { ...crashing, status: node.status() },
    { ...running, status: node.status('other') },
  ]);
  await node.clock.advance(0);
  expect(seen).toMatchObject({ terminated: { exitCode: 3, reason: 'Error' } });
  const lost = { terminated: { exitCode: 137, reason: 'ContainerStatusUnknown', containerID: expect.stringContaining('containerd://') } };
  expect(node.status('other').containerStatuses?.[0]).toMatchObject({ restartCount: 1, state: { running: {} }, lastState: lost });
  expect(mainStatus(node)).toMatchObject({ restartCount: 2, lastState: lost });
  // It stays known while the new instance runs.
  await node.clock.advance(60_000);
  expect(node.status('other').containerStatuses?.[0]?.lastState).toMatchObject(lost);
});

test('a container that had ended when the node went down is shown as it ended', async () => {
  const pod = podOf('hollow/exit:3-after-1000');
  const node = await nodeWith(pod);
  await node.clock.advance(3_000);
  expect(mainStatus(node)?.state?.waiting?.reason).toBe('CrashLoopBackOff');
  await node.manager.stop();
  await shutDown(node);
  await node.restartAgent([{ ...pod, status: node.status() }]);
  await node.clock.advance(500);
  expect(mainStatus(node)).toMatchObject({ state: { running: {} }, lastState: { terminated: { exitCode: 3 } } });
});

test('a removed volume whose removal cannot be reported ends nothing', async () => {
  const unowned: unknown[] = [];
  const note = (error: unknown) => void unowned.push(error);
  process.on('unhandledRejection', note);
  const node = await nodeWith();
  const metadata = { name: 'pv', uid: 'uid-pv', deletionTimestamp: '2026-01-01T00:00:00Z', finalizers: ['berth.io/local-volume'] };
  // This node's link takes no such report.
  node.want([], { apiVersion: 'v1', kind: 'PersistentVolume', metadata, spec: { local: { path: '/pv' } } } as KubeObject);
  for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate);
  process.off('unhandledRejection', note);
  expect(unowned).toEqual([]);
});

test('tunnels know a container as it was reported last, though the API has not heard of it yet', async () => {
  const node = await nodeWith(podOf('hollow/exit:3-after-5000'));
  await node.clock.advance(13_000);
  const found = await node.manager.container('default', 'web', 'main');
  expect(found?.instances.length).toBeGreaterThan(1);
  const last = `containerd://${found?.instances[0]?.id}`;
  expect(found?.status).toMatchObject({
    state: { waiting: { reason: 'CrashLoopBackOff' } },
    lastState: { terminated: { containerID: last } },
  });
});
