import type { Pod } from '@berth/api';
import { expect, test } from 'vitest';
import { podOf, TestNode } from './testing.ts';

async function nodeWith(...pods: Pod[]): Promise<TestNode> {
  const node = new TestNode();
  await node.manager.start();
  node.want(pods);
  await node.clock.advance(0);
  return node;
}

const deleted = (pod: Pod, graceSeconds: number): Pod => ({
  ...pod,
  metadata: { ...pod.metadata, deletionTimestamp: '2026-01-01T00:01:00Z', deletionGracePeriodSeconds: graceSeconds },
});
const mainStatus = (node: TestNode) => node.status().containerStatuses?.[0];

test('a pod runs, and says so once', async () => {
  const node = await nodeWith(podOf('app'));
  expect(node.status()).toMatchObject({ phase: 'Running', observedGeneration: 1, hostIP: '10.0.0.1', podIP: '10.244.0.2' });
  expect(mainStatus(node)).toMatchObject({ ready: true, started: true, restartCount: 0, lastState: {} });
  expect(node.condition('Ready')).toBe('True');
  expect(node.told()).toEqual([
    'Pulling: Pulling image "app"',
    expect.stringContaining('Pulled: Successfully pulled image "app"'),
    'Created: Container created',
    'Started: Container started',
  ]);
  const count = node.reports.length;
  await node.clock.advance(3600000);
  expect(node.reports.length).toBe(count);
});

test('a container that ends at once is restarted after 0, 10, 20 … 300 seconds, also with exit code 0', async () => {
  const node = await nodeWith(podOf('hollow/exit:0'));
  const starts: number[] = [];
  const begun = node.clock.now();
  for (let second = 0; second < 1300; second++) {
    const count = mainStatus(node)?.restartCount ?? 0;
    if (count >= starts.length) starts.push((node.clock.now() - begun) / 1000);
    await node.clock.advance(1000);
  }
  const waits = starts.slice(1).map((second, i) => second - (starts[i] ?? 0));
  expect(waits.map((wait) => Math.round(wait / 10) * 10)).toEqual([0, 10, 20, 40, 80, 160, 300, 300, 300].slice(0, waits.length));
  expect(waits.length).toBeGreaterThanOrEqual(6);
  expect(mainStatus(node)).toMatchObject({
    state: { waiting: { reason: 'CrashLoopBackOff', message: 'back-off 5m0s restarting failed container=main pod=web_default(uid-web)' } },
    lastState: { terminated: { exitCode: 0, reason: 'Completed' } },
  });
  expect(node.status().phase).toBe('Running');
  expect(node.told('BackOff')[0]).toBe('BackOff: Back-off restarting failed container main in pod web_default(uid-web)');
});

test('what changes while volumes are brought up to date is brought into them as well', async () => {
  const configMap = (data: Record<string, string>) =>
    ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'settings', namespace: 'default', uid: 's' }, data }) as unknown as Pod;
  const volumes = [{ name: 'settings', configMap: { name: 'settings' } }];
  const web = podOf('app', {
    volumes,
    containers: [{ name: 'main', image: 'app', volumeMounts: [{ name: 'settings', mountPath: '/s' }] }],
  });
  const node = await nodeWith(web, configMap({ a: '1' }));
  const prepare = node.volumes.prepare;
  const begun: (() => void)[] = [];
  let count = 0;
  node.volumes.prepare = async (...args) => {
    count++;
    await new Promise<void>((resolve) => begun.push(resolve));
    return prepare(...args);
  };
  node.want([web, configMap({ a: '2' })]);
  await node.clock.advance(0);
  expect(count).toBe(1);
  node.want([web, configMap({ a: '3' })]);
  await node.clock.advance(0);
  begun.shift()?.();
  await node.clock.advance(0);
  expect(count).toBe(2);
  begun.shift()?.();
  await node.clock.advance(0);
  expect(count).toBe(2);
});

test('ten good minutes make the back-off start over', async () => {
  const node = await nodeWith(podOf('hollow/exit:1-after-601000'));
  await node.clock.advance((601 * 3 + 5) * 1000);
  expect(mainStatus(node)).toMatchObject({ restartCount: 3, state: { running: expect.anything() } });
});

test('a changed image restarts the container in place, without a back-off', async () => {
  const pod = podOf('app:1');
  const node = await nodeWith(pod);
  for (const image of ['app:2', 'app:3', 'app:4']) {
    node.want([podOf(image)]);
    await node.clock.advance(1000);
  }
  expect(await node.running()).toEqual(['main#3']);
  expect(mainStatus(node)).toMatchObject({ restartCount: 3, image: 'app:4' });
  expect(node.told('Killing')[0]).toBe('Killing: Container main definition changed, will be restarted');
});

test('a deleted pod gets its grace period, and is told of as terminated when all of it has ended', async () => {
  const pod = podOf('hollow/stubborn');
  const node = await nodeWith(pod);
  node.want([deleted(pod, 30)]);
  await node.clock.advance(29000);
  expect(await node.running()).toEqual(['main#0']);
  expect(node.condition('Ready')).toBe('True');
  await node.clock.advance(1500);
  expect(await node.running()).toEqual([]);
  expect(node.isTerminated()).toBe(true);
  expect(node.status()).toMatchObject({ phase: 'Failed', containerStatuses: [{ state: { terminated: { exitCode: 137 } } }] });
  expect(node.told('Killing')).toEqual(['Killing: Stopping container main']);
  node.want([]);
  await node.clock.advance(1000);
  expect(await node.runtime.listSandboxes()).toEqual([]);
  expect(node.cleanedUp).toEqual(['uid-web']);
});

test('a second deletion with a shorter grace period hastens the end', async () => {
  const pod = podOf('hollow/stubborn', { terminationGracePeriodSeconds: 600 });
  const node = await nodeWith(pod);
  node.want([deleted(pod, 600)]);
  await node.clock.advance(5000);
  node.want([deleted(pod, 1)]);
  await node.clock.advance(2000);
  expect(node.isTerminated()).toBe(true);
});

test('preStop counts against the grace period, and a hook that fails does not hold the end up', async () => {
  const hooked = (seconds: number): Pod => {
    const lifecycle = { preStop: { sleep: { seconds } } };
    return podOf('app', { containers: [{ name: 'main', image: 'app', lifecycle }] });
  };
  const node = await nodeWith(hooked(5));
  node.want([deleted(hooked(5), 30)]);
  await node.clock.advance(4000);
  expect(await node.running()).toEqual(['main#0']);
  await node.clock.advance(2000);
  expect(node.isTerminated()).toBe(true);
  const failing = podOf('app', { containers: [{ name: 'main', image: 'app', lifecycle: { preStop: { exec: { command: ['false'] } } } }] });
  const other = await nodeWith(failing);
  other.want([deleted(failing, 30)]);
  await other.clock.advance(1000);
  expect(other.isTerminated()).toBe(true);
  expect(other.told('FailedPreStopHook')).toEqual(['FailedPreStopHook: PreStopHook failed']);
});

test('a pod that is deleted while its image is pulled, or during a postStart hook, ends at once', async () => {
  const pulling = podOf('hollow/slow-pull:600000');
  const node = new TestNode({ delays: { pull: [1, 2] } });
  await node.manager.start();
  node.want([pulling]);
  await node.clock.advance(5000);
  expect(node.status()).toMatchObject({ phase: 'Pending' });
  node.want([deleted(pulling, 30)]);
  await node.clock.advance(1000);
  expect(node.isTerminated()).toBe(true);
  const lifecycle = { postStart: { exec: { command: ['sleep', '100'] } } };
  const hooked = podOf('app', { containers: [{ name: 'main', image: 'app', lifecycle }] });
  const other = await nodeWith(hooked);
  other.want([deleted(hooked, 30)]);
  await other.clock.advance(1000);
  expect(other.isTerminated()).toBe(true);
});

test('an image that cannot be pulled: the failure, then a back-off of 10, 20 … seconds', async () => {
  const node = await nodeWith(podOf('hollow/missing'));
  const message = expect.stringContaining('not found');
  expect(mainStatus(node)?.state).toEqual({ waiting: { reason: 'ErrImagePull', message } });
  await node.clock.advance(2000);
  expect(mainStatus(node)?.state).toEqual({ waiting: { reason: 'ImagePullBackOff', message } });
  expect(node.status().phase).toBe('Pending');
  await node.clock.advance(40000);
  // At 0, 10 and 30 seconds.
  expect(node.told('Failed').filter((event) => event === 'Failed: Error: ErrImagePull')).toHaveLength(3);
  expect(node.told('BackOff')[0]).toBe('BackOff: Back-off pulling image "hollow/missing"');
});

test('an image name that is none is not asked for again and again', async () => {
  const node = await nodeWith(podOf('NOT AN IMAGE'));
  await node.clock.advance(600000);
  expect(mainStatus(node)?.state?.waiting?.reason).toBe('InvalidImageName');
  expect(node.told('Failed').length).toBeLessThan(15);
});

test('a failed postStart hook ends the container, which is restarted as its policy says', async () => {
  const lifecycle = { postStart: { exec: { command: ['false'] } } };
  const node = await nodeWith(podOf('app', { containers: [{ name: 'main', image: 'app', lifecycle }], restartPolicy: 'Never' }));
  await node.clock.advance(1000);
  expect(node.status().phase).toBe('Failed');
  expect(node.told('FailedPostStartHook')).toHaveLength(1);
});

test('a finished pod gives its sandbox back, keeps its status and is not run again', async () => {
  const pod = podOf('hollow/exit:0-after-5000', { restartPolicy: 'OnFailure', activeDeadlineSeconds: 20 });
  const node = await nodeWith(pod);
  await node.clock.advance(6000);
  expect(node.status()).toMatchObject({ phase: 'Succeeded', podIP: '10.244.0.2' });
  expect((await node.runtime.listSandboxes())[0]?.state).toBe('notReady');
  expect(node.condition('PodReadyToStartContainers')).toBe('False');
  // Its deadline passes, and the machine loses every trace of it.
  await node.clock.advance(60000);
  expect(node.status().phase).toBe('Succeeded');
  for (const { id } of await node.runtime.listSandboxes()) await node.runtime.removeSandbox(id);
  await node.restartAgent([{ ...pod, status: node.status() }]);
  await node.clock.advance(120000);
  expect(await node.running()).toEqual([]);
  expect(node.status()).toMatchObject({ phase: 'Succeeded', containerStatuses: [{ state: { terminated: { exitCode: 0 } } }] });
});

test('sidecars end after the main containers, and the pod is running until they have', async () => {
  const initContainers = [{ name: 'side', image: 'hollow/stubborn', restartPolicy: 'Always' }];
  const spec = { initContainers, restartPolicy: 'Never', terminationGracePeriodSeconds: 10 };
  const node = await nodeWith(podOf('hollow/exit:0-after-5000', spec));
  await node.clock.advance(6000);
  expect(await node.running()).toEqual(['side#0']);
  expect(node.status().phase).toBe('Running');
  await node.clock.advance(10000);
  expect(node.status().phase).toBe('Succeeded');
});

test('a deadline that passes ends the pod as failed', async () => {
  const node = await nodeWith(podOf('app', { activeDeadlineSeconds: 30 }));
  await node.clock.advance(29000);
  expect(node.status().phase).toBe('Running');
  await node.clock.advance(2000);
  expect(await node.running()).toEqual([]);
  const message = 'Pod was active on the node longer than the specified deadline';
  expect(node.status()).toMatchObject({ phase: 'Failed', reason: 'DeadlineExceeded', message });
  expect(node.told('DeadlineExceeded')).toEqual([`DeadlineExceeded: ${message}`]);
});
