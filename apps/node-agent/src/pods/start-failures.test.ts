// Pods that cannot start, each at another stage: how often that is tried, what kubectl shows, and what is said about it.
import type { ConfigMap, Pod } from '@berth/api';
import { expect, test } from 'vitest';
import { VolumeError } from '../volumes/volume-manager.ts';
import { podOf, TestNode } from './testing.ts';

interface Failing {
  pod: Pod;
  /** What keeps the pod from starting, if not its image; returns when it was tried. */
  breaks?: (node: TestNode) => number[];
}

const failsAt = {
  volumes: {
    pod: podOf('app'),
    breaks: (node) => {
      const tried: number[] = [];
      node.volumes.prepare = async () => {
        tried.push(node.clock.monotonicMs());
        throw new VolumeError('data', 'configmap "absent" not found');
      };
      return tried;
    },
  },
  sandbox: { pod: podOf('app'), breaks: (node) => failing(node, 'runSandbox', 'failed to set up the network of the sandbox') },
  image: { pod: podOf('hollow/missing'), breaks: (node) => counted(node, 'pullImage') },
  neverPulled: { pod: withMain({ image: 'app', imagePullPolicy: 'Never' }), breaks: (node) => counted(node, 'imageStatus') },
  inspection: { pod: podOf('app'), breaks: (node) => failing(node, 'imageStatus', 'the content store is broken') },
  config: {
    pod: withMain({ image: 'app', env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'absent', key: 'a' } } }] }),
    breaks: (node) => counted(node, 'imageStatus'),
  },
  create: { pod: podOf('hollow/create-error'), breaks: (node) => counted(node, 'createContainer') },
  start: { pod: podOf('hollow/start-error'), breaks: (node) => counted(node, 'startContainer') },
  startOfInit: {
    pod: podOf('app', { initContainers: [{ name: 'init', image: 'hollow/start-error' }] }),
    breaks: (node) => counted(node, 'startContainer'),
  },
  postStart: {
    pod: withMain({ image: 'app', lifecycle: { postStart: { exec: { command: ['false'] } } } }),
    breaks: (node) => counted(node, 'startContainer'),
  },
  crash: { pod: podOf('hollow/exit:1'), breaks: (node) => counted(node, 'startContainer') },
  liveness: {
    pod: withMain({ image: 'app', livenessProbe: { exec: { command: ['false'] }, periodSeconds: 1, failureThreshold: 1 } }),
    breaks: (node) => {
      node.probeResult = { success: false, message: 'no' };
      return counted(node, 'startContainer');
    },
  },
} satisfies Record<string, Failing>;

function withMain(main: Partial<Pod['spec']['containers'][number]>): Pod {
  return podOf('app', { containers: [{ name: 'main', image: 'app', ...main }] });
}

type Call = 'runSandbox' | 'pullImage' | 'imageStatus' | 'createContainer' | 'startContainer';

/** When the runtime was asked for something, in simulated milliseconds. */
function counted(node: TestNode, call: Call, fail?: string): number[] {
  const tried: number[] = [];
  const real = (node.runtime[call] as (...args: unknown[]) => Promise<unknown>).bind(node.runtime);
  Object.assign(node.runtime, {
    [call]: async (...args: unknown[]) => {
      tried.push(node.clock.monotonicMs());
      if (fail) throw new Error(fail);
      return real(...args);
    },
  });
  return tried;
}

function failing(node: TestNode, call: Call, message: string): number[] {
  return counted(node, call, message);
}

async function nodeThat(failure: Failing): Promise<{ node: TestNode; tried: number[] }> {
  const node = new TestNode();
  await node.manager.start();
  const tried = failure.breaks?.(node) ?? [];
  node.want([failure.pod]);
  await node.clock.advance(0);
  return { node, tried };
}

const secondsOf = (tried: number[]) => tried.map((ms) => Math.round(ms / 1000));
const main = (node: TestNode) => node.status().containerStatuses?.[0];

test('a command that is not there is restarted once, then with a back-off of 10 s, 20 s …', async () => {
  const { node, tried } = await nodeThat(failsAt.start);
  await node.clock.advance(500_000);
  expect(secondsOf(tried)).toEqual([0, 1, 11, 31, 71, 151, 311]);
  expect(main(node)).toMatchObject({
    restartCount: 6,
    state: { waiting: { reason: 'CrashLoopBackOff', message: expect.stringContaining('back-off 5m0s restarting failed container=main') } },
    lastState: { terminated: { exitCode: 128, reason: 'StartError', message: expect.stringContaining('no such file') } },
  });
  // The newest that ended, and the one before it for `kubectl logs --previous`.
  expect((await node.runtime.listContainers()).map(({ attempt }) => attempt)).toEqual([5, 6]);
});

test('an init container whose command is not there holds the pod back in the same way, and ends one that is never restarted', async () => {
  const { node, tried } = await nodeThat(failsAt.startOfInit);
  await node.clock.advance(100_000);
  expect(secondsOf(tried)).toEqual([0, 1, 11, 31, 71]);
  expect(node.status().initContainerStatuses?.[0]).toMatchObject({ state: { waiting: { reason: 'CrashLoopBackOff' } } });
  expect(node.status().phase).toBe('Pending');
  const never = await nodeThat({ pod: podOf('hollow/start-error', { restartPolicy: 'Never' }) });
  await never.node.clock.advance(60_000);
  expect(never.node.status()).toMatchObject({ phase: 'Failed', containerStatuses: [{ state: { terminated: { reason: 'StartError' } } }] });
});

test.each([
  ['a container', podOf('hollow/start-error', { restartPolicy: 'Never' })],
  ['an init container', podOf('app', { restartPolicy: 'Never', initContainers: [{ name: 'init', image: 'hollow/start-error' }] })],
  ['a hook', podOf('app', { ...failsAt.postStart.pod.spec, restartPolicy: 'Never' })],
])('no report calls a pod failed while %s that failed in it is still shown as waiting', async (role, pod) => {
  const { node } = await nodeThat({ ...failsAt.postStart, pod });
  await node.clock.advance(60_000);
  const failed = node.reports.filter(({ status }) => status.phase === 'Failed');
  expect(failed.length).toBeGreaterThan(0);
  for (const { status } of failed) {
    const shown = role === 'an init container' ? status.initContainerStatuses : status.containerStatuses;
    expect(shown?.[0]?.state?.terminated).toBeDefined();
  }
});

test.each([
  ['volumes', [0, 1, 2, 4, 8, 16, 32, 64, 128, 250], undefined, 'FailedMount'],
  ['sandbox', [0, 1, 3, 7, 15, 31, 63, 123, 183, 243], 'ContainerCreating', 'FailedCreatePodSandBox'],
  ['config', [0, 1, 3, 7, 15, 31, 63, 127, 255], 'CreateContainerConfigError', 'Failed'],
  ['create', [0, 1, 3, 7, 15, 31, 63, 127, 255], 'CreateContainerError', 'Failed'],
  ['neverPulled', [0, 1, 3, 7, 15, 31, 63, 127, 255], 'ErrImageNeverPull', 'ErrImageNeverPull'],
  ['inspection', [0, 1, 3, 7, 15, 31, 63, 127, 255], 'ImageInspectError', 'InspectFailed'],
  ['image', [0, 10, 30, 70, 150], 'ImagePullBackOff', 'Failed'],
] as const)('what fails at the stage of %s is tried again ever later', async (stage, seconds, reason, event) => {
  const { node, tried } = await nodeThat(failsAt[stage]);
  await node.clock.advance(300_000);
  expect([...new Set(secondsOf(tried))]).toEqual(seconds);
  if (reason) expect(main(node)?.state?.waiting?.reason).toBe(reason);
  expect(node.told(event).length).toBeGreaterThan(0);
});

test.each(['volumes', 'sandbox', 'inspection', 'neverPulled', 'config', 'create', 'start', 'image'] as const)(
  'nothing that wakes the pod makes what fails at the stage of %s be tried more than once a second',
  async (stage) => {
    const { node, tried } = await nodeThat(failsAt[stage]);
    for (let passedMs = 0; passedMs < 60_000; passedMs += 50) {
      await node.clock.advance(50);
      // A neighbour's settings change all the time, and the pod's own labels.
      node.want([labelled(failsAt[stage].pod, String(passedMs)), configMap('neighbour', String(passedMs)) as unknown as Pod]);
    }
    await node.clock.advance(0);
    const times = [...new Set(tried)];
    for (const [index, ms] of times.entries()) if (index > 0) expect(ms - (times[index - 1] ?? 0)).toBeGreaterThanOrEqual(1_000);
    expect(times.length).toBeLessThan(30);
  },
);

test('what was missing is used as soon as it is there', async () => {
  const { node } = await nodeThat(failsAt.config);
  await node.clock.advance(100_000);
  expect(main(node)?.state?.waiting?.reason).toBe('CreateContainerConfigError');
  node.want([failsAt.config.pod, configMap('absent', '1') as unknown as Pod]);
  await node.clock.advance(1_000);
  expect(node.status().phase).toBe('Running');
});

test.each(Object.keys(failsAt) as (keyof typeof failsAt)[])(
  'fewer than two events a minute are sent of a pod that fails at the stage of %s, once it has done so for three minutes',
  async (stage) => {
    const { node } = await nodeThat(failsAt[stage]);
    await node.clock.advance(180_000);
    expect(node.events.length).toBeGreaterThan(0);
    const before = node.events.length;
    await node.clock.advance(120_000);
    expect(node.events.length - before).toBeLessThan(4);
  },
);

function labelled(pod: Pod, value: string): Pod {
  return { ...pod, metadata: { ...pod.metadata, labels: { value } } };
}

function configMap(name: string, value: string): ConfigMap {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'default', uid: name }, data: { a: value } };
}
