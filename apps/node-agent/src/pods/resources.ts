// CPU and memory of containers and pods in cgroup terms (the kubelet's rules: 1 CPU is 1024 shares and a quota of
// 100 ms per 100 ms; OOM scores by quality of service).
import { type Container, type Pod, podAmounts } from '@berth/api';
import { parseQuantity } from '@berth/machinery';
import type { ResourceLimits } from '@berth/runtime';

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
  const cpuLimit = amount(container, 'limits', 'cpu');
  const cpuRequest = amount(container, 'requests', 'cpu') || cpuLimit;
  const memoryLimit = amount(container, 'limits', 'memory');
  return {
    cpuShares: cpuShares(cpuRequest),
    ...(cpuLimit > 0 && { cpuQuotaMicros: Math.max(1000, Math.floor(cpuLimit * periodMicros)), cpuPeriodMicros: periodMicros }),
    ...(memoryLimit > 0 && { memoryLimitBytes: memoryLimit }),
    oomScoreAdj: oomScore(container, pod, nodeMemoryBytes),
  };
}

/** Of the cpu, for a pod as a whole. */
export function podCpuShares(pod: Pod): number {
  const cpu = podAmounts(pod.spec, 'requests', true).get('cpu');
  return cpuShares(cpu ? cpu.milliValue() / 1000 : 0);
}

function cpuShares(cpus: number): number {
  return cpus > 0 ? Math.max(2, Math.floor(cpus * 1024)) : 2;
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

function amount(container: Container, kind: 'requests' | 'limits', name: string): number {
  const text = container.resources?.[kind]?.[name];
  return text === undefined ? 0 : parseQuantity(String(text)).toNumber();
}
