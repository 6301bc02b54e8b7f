// The kubelet's Summary API of what this node uses. Only what is measured is there: a field that is absent is unknown, not zero.
import type { ContainerUsage, NodeUsage, PodUsage } from './node-usage.ts';
import { sum } from './node-usage.ts';

export function statsSummary(usage: NodeUsage): object {
  const { facts, health, counters, rates } = usage;
  const time = instant(usage.atMs);
  const { diskBytes, memoryBytes } = facts.host;
  const availableBytes = Math.floor(diskBytes * health.diskAvailableShare);
  return {
    node: {
      nodeName: facts.nodeName,
      cpu: cpu(time, counters.cpuNanoseconds, rates?.cpuNanoCores),
      memory: { time, availableBytes: Math.max(0, memoryBytes - counters.memoryBytes), workingSetBytes: counters.memoryBytes },
      fs: { time, availableBytes, capacityBytes: diskBytes, usedBytes: diskBytes - availableBytes },
    },
    pods: usage.pods.map((pod) => podStats(pod, time)),
  };
}

function podStats({ pod, containers, volumes }: PodUsage, time: string): object {
  const { name, namespace, uid } = pod.metadata;
  const total = (of: (container: ContainerUsage) => number | undefined) => sum(containers.map(of));
  return {
    podRef: { name, namespace, uid },
    startTime: pod.status?.startTime ?? null,
    containers: containers.map(containerStats),
    cpu: cpu(
      time,
      total(({ cpuNanoseconds }) => cpuNanoseconds) ?? 0,
      total(({ cpuNanoCores }) => cpuNanoCores),
    ),
    memory: { time, workingSetBytes: total(({ memoryBytes }) => memoryBytes) },
    ...(volumes.length > 0 && {
      volume: volumes.map(({ claim, ...volume }) => ({ time, ...volume, pvcRef: { name: claim.name, namespace: claim.namespace } })),
    }),
    'ephemeral-storage': { time, usedBytes: total(({ filesystemBytes }) => filesystemBytes) },
  };
}

function containerStats(container: ContainerUsage): object {
  const time = instant(container.atMs);
  return {
    name: container.name,
    startTime: container.startedAt ?? null,
    cpu: cpu(time, container.cpuNanoseconds, container.cpuNanoCores),
    memory: { time, workingSetBytes: container.memoryBytes },
    rootfs: { time, usedBytes: container.filesystemBytes },
  };
}

function cpu(time: string, nanoseconds: number, nanoCores: number | undefined): object {
  return { time, ...(nanoCores !== undefined && { usageNanoCores: nanoCores }), usageCoreNanoSeconds: Math.round(nanoseconds) };
}

function instant(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');
}
