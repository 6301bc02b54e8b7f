import type { ContainerResizePolicy, Pod, ResourceRequirements } from '@berth/api';
import { expect, test } from 'vitest';
import { podOf, TestNode } from './testing.ts';

const mebi = 2 ** 20;
const size = (cpu: string, memory: string): ResourceRequirements => ({ requests: { cpu, memory }, limits: { cpu, memory } });
const restartFor = (resourceName: string): ContainerResizePolicy => ({ resourceName, restartPolicy: 'RestartContainer' });

function sized(
  resources: ResourceRequirements,
  options: { generation?: number; policies?: ContainerResizePolicy[]; name?: string } = {},
): Pod {
  const { generation = 1, policies, name } = options;
  const container = { name: 'main', image: 'app', resources, ...(policies && { resizePolicy: policies }) };
  const pod = podOf('app', { containers: [container], restartPolicy: 'OnFailure' }, name);
  return { ...pod, metadata: { ...pod.metadata, generation } };
}

async function nodeWith(...pods: Pod[]): Promise<TestNode> {
  const node = new TestNode();
  await node.manager.start();
  node.want(pods);
  await node.clock.advance(3000);
  return node;
}

async function resize(node: TestNode, ...pods: Pod[]): Promise<void> {
  node.want(pods);
  await node.clock.advance(3000);
}

/** What the runtime was told last of the container that runs. */
async function limits(node: TestNode) {
  const running = (await node.runtime.listContainers()).find(({ state }) => state === 'running');
  return node.runtime.resourcesOf(running?.id ?? '');
}

const main = (node: TestNode, name?: string) => node.status(name).containerStatuses?.[0];
const conditionOf = (node: TestNode, type: string) => node.status().conditions?.find((condition) => condition.type === type);

test('a container that runs gets its new size without a restart, and says so', async () => {
  const node = await nodeWith(sized(size('500m', '64Mi')));
  expect(main(node)).toMatchObject({ resources: size('500m', '64Mi'), allocatedResources: { cpu: '500m', memory: '64Mi' } });
  await resize(node, sized(size('1', '128Mi'), { generation: 2 }));
  expect(await limits(node)).toMatchObject({ cpuQuotaMicros: 100_000, cpuShares: 1024, memoryLimitBytes: 128 * mebi });
  expect(main(node)).toMatchObject({ restartCount: 0, resources: size('1', '128Mi'), allocatedResources: { cpu: '1', memory: '128Mi' } });
  expect(node.status()).toMatchObject({ observedGeneration: 2 });
  expect(conditionOf(node, 'PodResizeInProgress')).toBeUndefined();
  const told = `{"containers":[{"name":"main","resources":${JSON.stringify({ limits: size('1', '128Mi').limits, requests: size('1', '128Mi').requests })}}],"generation":2}`;
  expect(node.told('ResizeStarted')).toEqual([`ResizeStarted: Pod resize started: ${told}`]);
  expect(node.told('ResizeCompleted')).toEqual([`ResizeCompleted: Pod resize completed: ${told}`]);
});

test('a container that must restart for it restarts once, whatever its exit code and the restart policy', async () => {
  const policies = [restartFor('memory')];
  const node = await nodeWith(sized(size('500m', '64Mi'), { policies }));
  await resize(node, sized(size('1', '64Mi'), { policies, generation: 2 }));
  expect(main(node)?.restartCount).toBe(0);
  await resize(node, sized(size('1', '128Mi'), { policies, generation: 3 }));
  await node.clock.advance(40_000);
  expect(node.told('Killing')).toEqual(['Killing: Container main resize requires restart']);
  expect(main(node)).toMatchObject({ restartCount: 1, resources: size('1', '128Mi') });
  expect(await limits(node)).toMatchObject({ memoryLimitBytes: 128 * mebi });
  expect(node.told('ResizeCompleted')).toHaveLength(2);
});

test('what the node can never give is infeasible: the container stays as it is, and the pod says why until it asks for less', async () => {
  const node = await nodeWith(sized(size('500m', '64Mi')));
  await resize(node, sized(size('4', '64Mi'), { generation: 2 }));
  const message = "Node didn't have enough capacity: cpu, requested: 4000, capacity: 2000";
  expect(conditionOf(node, 'PodResizePending')).toMatchObject({ status: 'True', reason: 'Infeasible', message, observedGeneration: 2 });
  expect(main(node)).toMatchObject({ restartCount: 0, resources: size('500m', '64Mi'), allocatedResources: { cpu: '500m' } });
  expect(node.told('ResizeInfeasible')).toHaveLength(1);
  await resize(node, sized(size('1', '64Mi'), { generation: 3 }));
  expect(conditionOf(node, 'PodResizePending')).toBeUndefined();
  expect(main(node)).toMatchObject({ resources: size('1', '64Mi') });
});

test('a resize waits for room, and goes on once another pod leaves', async () => {
  const [web, other] = [sized(size('500m', '64Mi')), sized(size('1200m', '64Mi'), { name: 'other' })];
  const node = await nodeWith(web, other);
  const wanted = sized(size('1', '64Mi'), { generation: 2 });
  await resize(node, wanted, other);
  const message = "Node didn't have enough resource: cpu, requested: 1000, used: 1200, capacity: 2000";
  expect(conditionOf(node, 'PodResizePending')).toMatchObject({ reason: 'Deferred', message });
  await resize(node, wanted);
  await node.clock.advance(40_000);
  expect(conditionOf(node, 'PodResizePending')).toBeUndefined();
  expect(main(node)).toMatchObject({ restartCount: 0, resources: size('1', '64Mi') });
});

test('a memory limit under what is used is refused, and tried again', async () => {
  const node = await nodeWith(sized(size('500m', '64Mi')));
  await resize(node, sized(size('500m', '8Mi'), { generation: 2 }));
  const told = `attempting to set container "main" memory limit (${8 * mebi}) below current usage (${16 * mebi})`;
  expect(conditionOf(node, 'PodResizeInProgress')).toMatchObject({ reason: 'Error', message: `cannot decrease memory limits: ${told}` });
  expect(main(node)).toMatchObject({ resources: size('500m', '64Mi'), allocatedResources: { memory: '8Mi' } });
  expect(node.told('ResizeError')).toHaveLength(1);
  await resize(node, sized(size('500m', '32Mi'), { generation: 3 }));
  expect(conditionOf(node, 'PodResizeInProgress')).toBeUndefined();
  expect(await limits(node)).toMatchObject({ memoryLimitBytes: 32 * mebi });
});

test('a restarted agent goes on with a resize, and keeps to what was granted when the new size is infeasible', async () => {
  const node = await nodeWith(sized(size('500m', '64Mi')));
  const wanted = sized(size('1', '128Mi'), { generation: 2 });
  await node.restartAgent([{ ...wanted, status: node.status() }]);
  await node.clock.advance(3000);
  expect(await limits(node)).toMatchObject({ memoryLimitBytes: 128 * mebi });
  expect(main(node)).toMatchObject({ restartCount: 0, resources: size('1', '128Mi') });
  await node.restartAgent([{ ...sized(size('9', '128Mi'), { generation: 3 }), status: node.status() }]);
  await node.clock.advance(3000);
  expect(conditionOf(node, 'PodResizePending')?.reason).toBe('Infeasible');
  expect(main(node)).toMatchObject({ restartCount: 0, resources: size('1', '128Mi'), allocatedResources: { cpu: '1' } });
});

test('a sidecar is resized as well, and a resize that a dead agent began is told as completed', async () => {
  const withSidecar = (cpu: string, generation: number): Pod => {
    const pod = sized(size('500m', '64Mi'), { generation });
    const sidecar = { name: 'side', image: 'side', restartPolicy: 'Always', resources: { requests: { cpu } } };
    return { ...pod, spec: { ...pod.spec, initContainers: [sidecar] } };
  };
  const node = await nodeWith(withSidecar('100m', 1));
  await resize(node, withSidecar('200m', 2));
  const side = () => node.status().initContainerStatuses?.[0];
  expect(side()).toMatchObject({ restartCount: 0, resources: { requests: { cpu: '200m' } } });
  const begun = { ...node.status(), conditions: [{ type: 'PodResizeInProgress', status: 'True', observedGeneration: 3 }] };
  const half = [{ ...side(), allocatedResources: { cpu: '300m' } }] as typeof begun.initContainerStatuses;
  await node.restartAgent([{ ...withSidecar('300m', 3), status: { ...begun, ...(half && { initContainerStatuses: half }) } }]);
  await node.clock.advance(3000);
  expect(side()).toMatchObject({ restartCount: 0, resources: { requests: { cpu: '300m' } } });
  expect(conditionOf(node, 'PodResizeInProgress')).toBeUndefined();
  expect(node.told('ResizeCompleted')).toHaveLength(2);
});

test('a container that a dying agent stopped for its size is started again, however well it ended; one that ended by itself is not', async () => {
  const policies = [restartFor('memory')];
  const ended = async (stops: boolean) => {
    const node = await nodeWith(sized(size('500m', '64Mi'), { policies }));
    const [running] = await node.runtime.listContainers();
    const stop = node.runtime.stopContainer.bind(node.runtime);
    // The word reaches the runtime, and the agent dies before it hears of the end.
    node.runtime.stopContainer = () => new Promise(() => undefined);
    if (stops) node.want([sized(size('500m', '128Mi'), { policies, generation: 2 })]);
    await node.clock.advance(3000);
    node.runtime.crash(running?.id ?? '', 0);
    node.runtime.stopContainer = stop;
    await node.restartAgent([{ ...sized(size('500m', '128Mi'), { policies, generation: 2 }), status: node.status() }]);
    await node.clock.advance(40_000);
    return node;
  };
  const stopped = await ended(true);
  expect(main(stopped)).toMatchObject({ restartCount: 1, state: { running: {} }, resources: size('500m', '128Mi') });
  expect(await stopped.restartMarks.of('uid-web')).toEqual([]);
  const done = await ended(false);
  expect(done.status().phase).toBe('Succeeded');
  expect(main(done)?.restartCount).toBe(0);
});

test('what still runs when the next agent looks is not taken for stopped', async () => {
  const node = await nodeWith(sized(size('500m', '64Mi')));
  const [running] = await node.runtime.listContainers();
  await node.restartMarks.set('uid-web', running?.id ?? '');
  await node.restartAgent([{ ...sized(size('500m', '64Mi')), status: node.status() }]);
  expect(await node.restartMarks.of('uid-web')).toEqual([]);
  node.runtime.crash(running?.id ?? '', 0);
  await node.clock.advance(40_000);
  expect(node.status().phase).toBe('Succeeded');
});
