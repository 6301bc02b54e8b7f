// Pods that are resized in place: what the kernel enforces follows, and the container goes on or restarts as its policy says.
import { glob, readFile } from 'node:fs/promises';
import type { Container, Pod } from '@berth/api';
import { expect, test } from 'vitest';
import { apply, cluster, get, kubectl, run, until, withNamespace } from './kubectl.ts';
import { pod, shell, waitForEver } from './manifests.ts';

const size = (cpu: string, memory: string) => ({ requests: { cpu, memory }, limits: { cpu, memory } });
const resizePolicy = [{ resourceName: 'memory', restartPolicy: 'RestartContainer' }];

/** What the container itself is limited to, by the kernel: version 2 of cgroups, or version 1. */
async function enforced(namespace: string, name: string) {
  const read = 'cd /sys/fs/cgroup; cat memory.max cpu.max || cat memory/memory.limit_in_bytes cpu/cpu.cfs_quota_us cpu/cpu.cfs_period_us';
  const script = read.replaceAll('cat ', '/bin/busybox cat ');
  const text = await kubectl('-n', namespace, 'exec', name, '--', '/bin/busybox', 'sh', '-c', `${script} 2>/dev/null`);
  const [memory, quota, period] = text.trim().split(/\s+/).map(Number);
  return { memoryMebibytes: (memory ?? 0) / 2 ** 20, cpus: (quota ?? 0) / (period ?? 1) };
}

/** A file of the pod's own cgroup: the first of these that there is. */
async function ofPod({ metadata }: Pod, names: string): Promise<string> {
  for await (const file of glob(`/sys/fs/cgroup/{cpu/,memory/,}*/pod${metadata.uid}/${names}`))
    return (await readFile(file, 'utf8')).trim();
  return 'no cgroup';
}

/** What the pod as a whole is limited to, by the kernel. */
async function enforcedOnPod(pod: Pod) {
  const [memory, quota] = await Promise.all([ofPod(pod, 'memory.{max,limit_in_bytes}'), ofPod(pod, 'cpu.{max,cfs_quota_us}')]);
  return { memoryMebibytes: Number(memory) / 2 ** 20, cpus: Number(quota.split(' ')[0]) / 100_000 };
}

async function started(namespace: string, more: Partial<Container> = {}): Promise<void> {
  await apply(pod(namespace, 'web', [shell('main', waitForEver, { resources: size('100m', '64Mi'), ...more })]));
  await kubectl('-n', namespace, 'wait', '--for=condition=Ready', 'pod/web', '--timeout=60s');
}

const podOf = (namespace: string) => get<Pod>('-n', namespace, 'pod', 'web');

function resize(namespace: string, cpu: string, memory: string) {
  const patch = { spec: { containers: [{ name: 'main', resources: size(cpu, memory) }] } };
  return run(['-n', namespace, 'patch', 'pod', 'web', '--subresource', 'resize', '-p', JSON.stringify(patch)]);
}

/** The container's status once it runs with that size. */
function resized(namespace: string, cpu: string, memory: string) {
  return until(`a container of ${cpu} and ${memory}`, 60_000, async () => {
    const status = (await podOf(namespace)).status?.containerStatuses?.[0];
    const { limits } = status?.resources ?? {};
    return status?.state?.running && limits?.cpu === cpu && limits?.memory === memory && status;
  });
}

test('more and less cpu and memory reach the running container, which goes on, also after a restart of the agent', () =>
  withNamespace(async (ns) => {
    await started(ns);
    const { containerID } = (await podOf(ns)).status?.containerStatuses?.[0] ?? {};
    const small = { memoryMebibytes: 64, cpus: 0.1 };
    expect([await enforced(ns, 'web'), await enforcedOnPod(await podOf(ns))]).toEqual([small, small]);
    await resize(ns, '200m', '128Mi');
    const status = await resized(ns, '200m', '128Mi');
    expect(status).toMatchObject({ restartCount: 0, containerID, allocatedResources: { cpu: '200m', memory: '128Mi' } });
    const large = { memoryMebibytes: 128, cpus: 0.2 };
    expect([await enforced(ns, 'web'), await enforcedOnPod(await podOf(ns))]).toEqual([large, large]);
    expect(['204', '8']).toContain(await ofPod(await podOf(ns), 'cpu.{shares,weight}'));
    await cluster().processes.crash('node-agent');
    await resize(ns, '150m', '96Mi');
    await cluster().startAgents();
    expect(await resized(ns, '150m', '96Mi')).toMatchObject({ restartCount: 0, containerID });
    const between = { memoryMebibytes: 96, cpus: 0.15 };
    const completed = await until('the end of the resize', 30_000, async () => {
      const found = await podOf(ns);
      return !found.status?.conditions?.some(({ type }) => type === 'PodResizeInProgress') && found;
    });
    expect([await enforced(ns, 'web'), await enforcedOnPod(completed)]).toEqual([between, between]);
    const { metadata, status: whole } = completed;
    expect(metadata.generation).toBe(3);
    expect(whole?.conditions?.filter(({ type }) => type.startsWith('PodResize'))).toEqual([]);
    expect(await kubectl('-n', ns, 'describe', 'pod', 'web')).toMatch(
      /ResizeCompleted.*Pod resize completed: \{"containers":\[\{"name":"main"/,
    );
  }));

test('a container whose policy asks for it restarts once', () =>
  withNamespace(async (ns) => {
    await started(ns, { resizePolicy });
    await resize(ns, '200m', '64Mi');
    expect(await resized(ns, '200m', '64Mi')).toMatchObject({ restartCount: 0 });
    await resize(ns, '200m', '128Mi');
    expect(await resized(ns, '200m', '128Mi')).toMatchObject({ restartCount: 1 });
    const large = { memoryMebibytes: 128, cpus: 0.2 };
    expect([await enforced(ns, 'web'), await enforcedOnPod(await podOf(ns))]).toEqual([large, large]);
    expect(await kubectl('-n', ns, 'describe', 'pod', 'web')).toMatch(/Killing.*Container main resize requires restart/);
  }));

test('a container that takes its time to stop for its size is started again, also when the agent dies meanwhile', () =>
  withNamespace(async (ns) => {
    const slow = waitForEver.replace("'exit 0'", "'/bin/busybox sleep 3; exit 0'");
    const main = shell('main', slow, { resources: size('100m', '64Mi'), resizePolicy });
    await apply(pod(ns, 'web', [main], { restartPolicy: 'OnFailure', terminationGracePeriodSeconds: 30 }));
    await kubectl('-n', ns, 'wait', '--for=condition=Ready', 'pod/web', '--timeout=60s');
    await resize(ns, '100m', '128Mi');
    await until('the container to be asked to end', 30_000, async () => (await kubectl('-n', ns, 'get', 'events')).includes('Killing'));
    await cluster().processes.crash('node-agent');
    const stopping = await podOf(ns);
    const id = stopping.status?.containerStatuses?.[0]?.containerID?.slice('containerd://'.length);
    await until('the end of its processes', 30_000, async () => /^(no cgroup)?$/.test(await ofPod(stopping, `${id}/cgroup.procs`)));
    await cluster().startAgents();
    expect(await resized(ns, '100m', '128Mi')).toMatchObject({ restartCount: 1, lastState: { terminated: { exitCode: 0 } } });
  }));

test('what the node cannot give is told, and changes nothing', () =>
  withNamespace(async (ns) => {
    await started(ns);
    await resize(ns, '1000', '64Mi');
    const pending = await until('the refusal', 30_000, async () => {
      const { conditions = [] } = (await podOf(ns)).status ?? {};
      return conditions.find(({ type }) => type === 'PodResizePending');
    });
    expect(pending).toMatchObject({ status: 'True', reason: 'Infeasible', observedGeneration: 2 });
    expect(pending.message).toMatch(/^Node didn't have enough capacity: cpu, requested: 1000000, capacity: \d+$/);
    expect(await enforced(ns, 'web')).toEqual({ memoryMebibytes: 64, cpus: 0.1 });
    await resize(ns, '100m', '64Mi');
    await until(
      'the end of the refusal',
      30_000,
      async () => !(await podOf(ns)).status?.conditions?.some(({ type }) => type === 'PodResizePending'),
    );
    expect((await podOf(ns)).status?.containerStatuses?.[0]).toMatchObject({ restartCount: 0 });
  }));

test('a memory limit under what is used is refused by the node', () =>
  withNamespace(async (ns) => {
    // Files in memory count as memory.
    const script = `/bin/busybox head -c 40m /dev/zero > /dev/shm/part; /bin/busybox mv /dev/shm/part /dev/shm/full; ${waitForEver}`;
    const readinessProbe = { exec: { command: ['/bin/busybox', 'test', '-f', '/dev/shm/full'] }, periodSeconds: 1 };
    await started(ns, { ...shell('main', script, { readinessProbe }), resources: size('500m', '128Mi') });
    await resize(ns, '500m', '16Mi');
    const error = await until('the error', 60_000, async () => {
      const { conditions = [] } = (await podOf(ns)).status ?? {};
      return conditions.find(({ type, reason }) => type === 'PodResizeInProgress' && reason === 'Error');
    });
    const refused = (what: string) => `attempting to set ${what} memory limit \\(16777216\\) below current usage \\(\\d+\\)`;
    expect(error.message).toMatch(new RegExp(`^cannot decrease memory limits: \\[${refused('pod')}, ${refused('container "main"')}\\]$`));
    expect(await enforcedOnPod(await podOf(ns))).toEqual({ memoryMebibytes: 128, cpus: 0.5 });
    await resize(ns, '500m', '128Mi');
    expect(await resized(ns, '500m', '128Mi')).toMatchObject({ restartCount: 0 });
  }));

test('a pod is limited to what its containers are limited to together, and in what one of them is not limited, not at all', () =>
  withNamespace(async (ns) => {
    const [limited, half] = [{ resources: size('100m', '64Mi') }, { resources: { limits: { memory: '32Mi' } } }];
    await apply(pod(ns, 'web', [shell('main', waitForEver, limited), shell('other', waitForEver, half)]));
    await kubectl('-n', ns, 'wait', '--for=condition=Ready', 'pod/web', '--timeout=60s');
    const { memoryMebibytes, cpus } = await enforcedOnPod(await podOf(ns));
    expect(memoryMebibytes).toBe(96);
    // `max` in version 2, -1 in version 1.
    expect(cpus > 0).toBe(false);
    expect((await podOf(ns)).status?.containerStatuses?.map(({ restartCount }) => restartCount)).toEqual([0, 0]);
  }));
