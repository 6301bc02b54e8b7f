// CPU and memory of containers and pods in cgroup terms (the kubelet's rules: 1 CPU is 1024 shares and a quota of
// 100 ms per 100 ms; OOM scores by quality of service).
import { type Container, type Pod, podAmounts } from '@berth/api';
import { parseQuantity } from '@berth/machinery';
import type { ResourceLimits } from '@berth/runtime';
import type { CgroupAmounts } from '../node/pod-cgroups.ts';

const periodMicros = 100_000;

export type QosClass = 'Guaranteed' | 'Burstable' | 'BestEffort';

export function qosClass(pod: Pod): QosClass {
  const given = pod.status?.qosClass;
  if (given === 'Guaranteed' || given === 'Burstable' || given === 'BestEffort') return given as QosClass;
  const containers = [...pod.spec.containers, ...(pod.spec.initContainers ?? [])];
  const any = containers.some(
    (c) => amount(c, 'requests', 'cpu') || amount(c, 'requests', 'memory') || amount(c, 'limits', 'cpu') || amount(c, 'limits', 'memory'),
  );
  if (!any) return 'BestEffort';
  const equal = containers.every((c) =>
    ['cpu', 'memory'].every((r) => amount(c, 'limits', r) > 0 && amount(c, 'limits', r) === amount(c, 'requests', r)),
  );
  return equal ? 'Guaranteed' : 'Burstable';
}

/** @param nodeMemoryBytes for the OOM score of burstable containers */
export function containerResources(container: Container, pod: Pod, nodeMemoryBytes: number): ResourceLimits {
  const cpuLimit = milliCpus(container, 'limits');
  const cpuRequest = milliCpus(container, 'requests') || cpuLimit;
  const memoryLimit = amount(container, 'limits', 'memory');
  return {
    cpuShares: cpuShares(cpuRequest),
    ...(cpuLimit > 0 && { cpuQuotaMicros: cpuQuotaMicros(cpuLimit), cpuPeriodMicros: periodMicros }),
    ...(memoryLimit > 0 && { memoryLimitBytes: memoryLimit }),
    oomScoreAdj: oomScore(container, pod, nodeMemoryBytes),
  };
}

/**
 * For a pod as a whole: what it asks for, and of each resource that all of its containers limit, or the pod itself, the limit.
 * @param pod as granted
 */
export function podCgroupAmounts({ spec }: Pod): CgroupAmounts {
  const limits = podAmounts(spec, 'limits', true);
  const containers = [...spec.containers, ...(spec.initContainers ?? [])];
  const limitOf = (name: 'cpu' | 'memory') => {
    const isLimited = amount(spec, 'limits', name) > 0 || containers.every((container) => amount(container, 'limits', name) > 0);
    return isLimited ? limits.get(name) : undefined;
  };
  const [cpu, memory] = [limitOf('cpu'), limitOf('memory')];
  return {
    cpuShares: cpuShares(podAmounts(spec, 'requests', true).get('cpu')?.milliValue() ?? 0),
    ...(cpu && { cpuQuotaMicros: cpuQuotaMicros(cpu.milliValue()) }),
    ...(memory && { memoryLimitBytes: memory.value() }),
  };
}

function cpuShares(milliCpus: number): number {
  return Math.max(2, Math.floor((milliCpus * 1024) / 1000));
}

/** At least a millisecond, the kernel's own minimum. */
function cpuQuotaMicros(milliCpus: number): number {
  return Math.max(1000, Math.floor((milliCpus * periodMicros) / 1000));
}

function milliCpus(container: Container, kind: 'requests' | 'limits'): number {
  const text = container.resources?.[kind]?.cpu;
  return text === undefined ? 0 : parseQuantity(String(text)).milliValue();
}

function oomScore(container: Container, pod: Pod, nodeMemoryBytes: number): number {
  switch (qosClass(pod)) {
    case 'Guaranteed':
      return -997;
    case 'BestEffort':
      return 1000;
    default: {
      const request = amount(container, 'requests', 'memory');
      return Math.min(999, Math.max(3, 1000 - Math.floor((1000 * request) / nodeMemoryBytes)));
    }
  }
}

function amount(container: Pick<Container, 'resources'>, kind: 'requests' | 'limits', name: string): number {
  const text = container.resources?.[kind]?.[name];
  return text === undefined ? 0 : parseQuantity(String(text)).toNumber();
}
