import type { ContainerResizePolicy, Pod, ResourceRequirements } from '@berth/api';
import { expect, test } from 'vitest';
import { podOf, TestNode } from './testing.ts';

const mebi = 2 ** 20;
const path = '/berth/poduid-web';
const size = (cpu: string, memory: string): ResourceRequirements => ({ requests: { cpu, memory }, limits: { cpu, memory } });

function sized(
  generation: number,
  main: ResourceRequirements,
  other?: ResourceRequirements,
  resizePolicy: ContainerResizePolicy[] = [],
): Pod {
  const containers = [{ name: 'main', image: 'app', resources: main, resizePolicy }];
  const pod = podOf('app', { containers: [...containers, ...(other ? [{ name: 'other', image: 'app', resources: other }] : [])] });
  return { ...pod, metadata: { ...pod.metadata, generation } };
}

/** What the pod and a container were limited to whenever either changed: `pod memory/cpu`, `container memory/cpu`. */
class WatchedNode extends TestNode {
  readonly seen: string[] = [];

  constructor() {
    super();
    const tell = (who: string, memoryLimitBytes = 0, cpuQuotaMicros = 0) => {
      const text = `${who} ${memoryLimitBytes / mebi}Mi/${cpuQuotaMicros / 100}m`;
      if (this.seen.findLast((line) => line.startsWith(`${who} `)) !== text) this.seen.push(text);
    };
    const set = this.cgroups.set.bind(this.cgroups);
    this.cgroups.set = async (...args) => {
      await set(...args);
      const { memoryLimitBytes, cpuQuotaMicros } = this.cgroups.of(args[0]) ?? {};
      tell('pod', memoryLimitBytes, cpuQuotaMicros);
    };
    const update = this.runtime.updateResources.bind(this.runtime);
    this.runtime.updateResources = async (id, limits) => {
      await update(id, limits);
      tell((await this.runtime.containerStatus(id))?.name ?? '', limits.memoryLimitBytes, limits.cpuQuotaMicros);
    };
    const start = this.runtime.startContainer.bind(this.runtime);
    this.runtime.startContainer = async (id) => {
      await start(id);
      const limits = this.runtime.resourcesOf(id);
      tell((await this.runtime.containerStatus(id))?.name ?? '', limits?.memoryLimitBytes, limits?.cpuQuotaMicros);
    };
  }
}

async function nodeWith(pod: Pod): Promise<WatchedNode> {
  const node = new WatchedNode();
  await node.manager.start();
  await resize(node, pod);
  return node;
}

/** @returns what changed, in order */
async function resize(node: WatchedNode, pod: Pod): Promise<string[]> {
  const before = node.seen.length;
  node.want([pod]);
  await node.clock.advance(3000);
  return node.seen.slice(before);
}

const progress = (node: TestNode) => node.status().conditions?.find(({ type }) => type === 'PodResizeInProgress');

test('a pod has its limits before its container starts; it grows before it and shrinks after it', async () => {
  const node = await nodeWith(sized(1, size('500m', '64Mi')));
  expect(node.seen).toEqual(['pod 64Mi/500m', 'main 64Mi/500m']);
  expect(await resize(node, sized(2, size('1', '128Mi')))).toEqual(['pod 128Mi/1000m', 'main 128Mi/1000m']);
  expect(await resize(node, sized(3, size('200m', '32Mi')))).toEqual(['main 32Mi/200m', 'pod 32Mi/200m']);
  expect(await resize(node, sized(4, size('100m', '64Mi')))).toEqual(['pod 64Mi/200m', 'main 64Mi/100m', 'pod 64Mi/100m']);
  expect(node.cgroups.of(path)).toEqual({ cpuShares: 102, cpuQuotaMicros: 10_000, memoryLimitBytes: 64 * mebi });
  expect(progress(node)).toBeUndefined();
});

test('what one container gives to another moves within the pod', async () => {
  const node = await nodeWith(sized(1, size('500m', '64Mi'), size('500m', '64Mi')));
  const moved = await resize(node, sized(2, size('300m', '96Mi'), size('700m', '32Mi')));
  expect(moved).toEqual(['other 32Mi/700m', 'main 96Mi/300m']);
  expect(node.cgroups.of(path)).toMatchObject({ memoryLimitBytes: 128 * mebi, cpuQuotaMicros: 100_000 });
});

test('a container that restarts for its size is started in a pod that is large enough, which shrinks after it', async () => {
  const policy = [{ resourceName: 'memory', restartPolicy: 'RestartContainer' }];
  const pod = (generation: number, memory: string) => sized(generation, size('500m', memory), size('100m', '16Mi'), policy);
  const node = await nodeWith(pod(1, '64Mi'));
  expect(await resize(node, pod(2, '128Mi'))).toEqual(['pod 144Mi/600m', 'main 128Mi/500m']);
  await node.clock.advance(600_000);
  expect(await resize(node, pod(3, '32Mi'))).toEqual(['main 32Mi/500m', 'pod 48Mi/600m']);
  expect(node.status().containerStatuses?.map(({ restartCount }) => restartCount)).toEqual([2, 0]);
});

test('a pod that uses more than it is to have keeps what it has, as do its containers, until it uses less', async () => {
  const node = await nodeWith(sized(1, size('500m', '64Mi')));
  node.cgroups.usedBytes.set(path, 40 * mebi);
  expect(await resize(node, sized(2, size('1', '8Mi')))).toEqual([]);
  const pod = `attempting to set pod memory limit (${8 * mebi}) below current usage (${40 * mebi})`;
  const main = `attempting to set container "main" memory limit (${8 * mebi}) below current usage (${16 * mebi})`;
  expect(progress(node)).toMatchObject({ reason: 'Error', message: `cannot decrease memory limits: [${pod}, ${main}]` });
  expect(await resize(node, sized(3, size('1', '32Mi')))).toEqual([]);
  expect(progress(node)?.message).toBe(`cannot decrease memory limits: ${pod.replace(String(8 * mebi), String(32 * mebi))}`);
  node.cgroups.usedBytes.set(path, 20 * mebi);
  await node.clock.advance(10_000);
  expect(node.seen.slice(2)).toEqual(['pod 64Mi/1000m', 'main 32Mi/1000m', 'pod 32Mi/1000m']);
  expect(progress(node)).toBeUndefined();
  expect(node.told('ResizeError')).toHaveLength(2);
});

test('a pod that an agent left half resized is brought to its size by the next one', async () => {
  const node = await nodeWith(sized(1, size('500m', '64Mi')));
  // The kernel refuses what would be less than a container has.
  const set = node.cgroups.set;
  node.cgroups.set = async (_path, _amounts, what) => {
    if (what === 'all') throw new Error('EBUSY: resource busy or locked, write');
  };
  expect(await resize(node, sized(2, size('500m', '32Mi')))).toEqual(['main 32Mi/500m']);
  expect(progress(node)).toMatchObject({ reason: 'Error', message: 'EBUSY: resource busy or locked, write' });
  node.cgroups.set = set;
  await node.restartAgent([{ ...sized(2, size('500m', '32Mi')), status: node.status() }]);
  await node.clock.advance(3000);
  expect(node.seen.slice(2)).toEqual(['main 32Mi/500m', 'pod 32Mi/500m']);
  expect(progress(node)).toBeUndefined();
});
