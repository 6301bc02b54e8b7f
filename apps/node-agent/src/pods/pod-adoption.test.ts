// An agent that starts on a node where pods run already.
import type { Pod } from '@berth/api';
import { expect, test } from 'vitest';
import { podOf, TestNode } from './testing.ts';

const probe = { exec: { command: ['true'] }, periodSeconds: 5, failureThreshold: 2 };
const probed = (more: object = {}): Pod =>
  podOf('app', { containers: [{ name: 'main', image: 'app', startupProbe: probe, readinessProbe: probe, livenessProbe: probe, ...more }] });

async function nodeWith(pod: Pod): Promise<TestNode> {
  const node = new TestNode();
  await node.manager.start();
  node.want([pod]);
  await node.clock.advance(15000);
  return node;
}

test('what runs is taken over: nothing is restarted, and a ready pod stays ready while it is probed again', async () => {
  const pod = probed();
  const node = await nodeWith(pod);
  expect(node.condition('Ready')).toBe('True');
  const [before, count] = [await node.runtime.listContainers(), node.reports.length];
  await node.restartAgent([{ ...pod, status: node.status() }]);
  await node.clock.advance(60000);
  expect(await node.runtime.listContainers()).toEqual(before);
  for (const { status } of node.reports.slice(count)) {
    expect(status.containerStatuses?.[0]).toMatchObject({ ready: true, started: true, restartCount: 0 });
    expect(status.conditions?.find((c) => c.type === 'Ready')?.status).toBe('True');
  }
});

test('a started container that is not ready does not have to start again', async () => {
  const pod = probed({ livenessProbe: undefined });
  const node = await nodeWith(pod);
  node.probeResult = { success: false, message: 'busy' };
  await node.clock.advance(15000);
  expect(node.status().containerStatuses?.[0]).toMatchObject({ ready: false, started: true });
  await node.restartAgent([{ ...pod, status: node.status() }]);
  await node.clock.advance(60000);
  expect(node.status().containerStatuses?.[0]).toMatchObject({ ready: false, started: true, restartCount: 0 });
});

test('the number of restarts and the back-off go on', async () => {
  const pod = podOf('hollow/exit:1');
  const node = await nodeWith(pod);
  await node.clock.advance(60000);
  const before = node.status().containerStatuses?.[0]?.restartCount;
  expect(before).toBe(4);
  await node.restartAgent([{ ...pod, status: node.status() }]);
  expect(node.status().containerStatuses?.[0]).toMatchObject({ restartCount: 4, state: { waiting: { reason: 'CrashLoopBackOff' } } });
  await node.clock.advance(80000);
  expect(node.status().containerStatuses?.[0]?.restartCount).toBe(5);
});

test('a pod that nobody wants any more is ended once the control plane has spoken, and not before', async () => {
  const node = await nodeWith(podOf('app'));
  await node.manager.stop();
  await node.clock.advance(100000);
  expect(await node.running()).toEqual(['main#0']);
  await node.restartAgent([]);
  await node.clock.advance(2000);
  expect(await node.runtime.listContainers()).toEqual([]);
  expect(await node.runtime.listSandboxes()).toEqual([]);
  expect(node.cleanedUp).toEqual(['uid-web']);
});

test('after a reboot of the machine everything starts anew in a new sandbox, init containers first', async () => {
  const pod = podOf('app', { initContainers: [{ name: 'init', image: 'hollow/exit:0' }] });
  const node = await nodeWith(pod);
  node.runtime.reboot();
  await node.clock.advance(20000);
  expect(await node.running()).toEqual(['main#1']);
  expect(node.status()).toMatchObject({
    ...{ phase: 'Running', initContainerStatuses: [{ restartCount: 1 }], containerStatuses: [{ restartCount: 1 }] },
  });
  expect(node.told('SandboxChanged')).toEqual(['SandboxChanged: Pod sandbox changed, it will be killed and re-created.']);
});

test('what the runtime finished making after its agent had died, and a cgroup that nobody knows, go with the next look', async () => {
  const pod = podOf('app');
  const node = await nodeWith(pod);
  const stray = podOf('app', {}, 'stray');
  const sandbox = {
    ...{
      name: 'stray',
      namespace: 'default',
      uid: 'uid-stray',
      attempt: 0,
      hostname: 'stray',
      logDirectory: '/logs',
      labels: {},
      annotations: {},
    },
    ...{
      cgroupParent: '/berth',
      hostNetwork: false,
      hostPid: false,
      hostIpc: false,
      shareProcessNamespace: false,
      privileged: false,
      sysctls: {},
    },
  };
  await node.runtime.runSandbox(sandbox);
  await node.cgroups.set('/berth/poduid-forgotten', { cpuShares: 2 }, 'all');
  await node.clock.advance(70_000);
  expect((await node.runtime.listSandboxes()).map(({ uid }) => uid)).toEqual([pod.metadata.uid]);
  expect(await node.cgroups.known('/berth')).toEqual([`pod${pod.metadata.uid}`]);
  expect(node.cleanedUp.sort()).toEqual(['uid-forgotten', stray.metadata.uid]);
  expect(await node.running()).toEqual(['main#0']);
});

test('a pod’s folder, by which the rest is found again, is removed last', async () => {
  const node = await nodeWith(podOf('app'));
  const order: string[] = [];
  const { remove } = node.cgroups;
  node.cgroups.remove = async (path) => {
    order.push(`cgroup, with the folder ${node.cleanedUp.includes('uid-web') ? 'gone' : 'there'}`);
    await remove.call(node.cgroups, path);
  };
  node.want([]);
  await node.clock.advance(40_000);
  expect(order).toEqual(['cgroup, with the folder there']);
  expect(node.cleanedUp).toEqual(['uid-web']);
});
