// CPU and memory of containers and pods in cgroup terms (the kubelet's rules: 1 CPU is 1024 shares and a quota of
// 100 ms per 100 ms; OOM scores by quality of service).
import { type Container, containerTotals, type Pod, podAmounts, type QosClass, qosClass as qosClassOf } from '@berth/api';
import { parseQuantity } from '@berth/machinery';
import type { ResourceLimits } from '@berth/runtime';
import type { CgroupAmounts } from '../node/pod-cgroups.ts';
import { isCritical } from './critical-pods.ts';

const periodMicros = 100_000;

export function qosClass(pod: Pod): QosClass {
  const given = pod.status?.qosClass;
  return given === 'Guaranteed' || given === 'Burstable' || given === 'BestEffort' ? (given as QosClass) : qosClassOf(pod.spec);
}

/** One without a limit has the pod's own. @param nodeMemoryBytes for the OOM score of burstable containers */
export function containerResources(container: Container, pod: Pod, nodeMemoryBytes: number): ResourceLimits {
  const cpuLimit = milliCpus(container, 'limits') || milliCpus(pod.spec, 'limits');
  // A request of nothing is one.
  const cpuRequest = container.resources?.requests?.cpu === undefined ? cpuLimit : milliCpus(container, 'requests');
  const memoryLimit = amount(container, 'limits', 'memory') || amount(pod.spec, 'limits', 'memory');
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

function milliCpus({ resources }: Pick<Container, 'resources'>, kind: 'requests' | 'limits'): number {
  const text = resources?.[kind]?.cpu;
  return text === undefined ? 0 : parseQuantity(String(text)).milliValue();
}

const guaranteedScore = -997;

function oomScore(container: Container, pod: Pod, nodeMemoryBytes: number): number {
  if (isCritical(pod) && pod.spec.priorityClassName === 'system-node-critical') return guaranteedScore;
  const quality = qosClass(pod);
  if (quality === 'Guaranteed') return guaranteedScore;
  if (quality === 'BestEffort') return 1000;
  const scoreFor = (bytes: number) => 1000 - Math.floor((1000 * (bytes + unassignedMemory(pod))) / nodeMemoryBytes);
  const own = scoreFor(amount(container, 'requests', 'memory'));
  // A sidecar is not to go before those that it is there for.
  const isSidecar = container.restartPolicy === 'Always' && (pod.spec.initContainers ?? []).some(({ name }) => name === container.name);
  const least = Math.min(...pod.spec.containers.map((regular) => amount(regular, 'requests', 'memory')));
  return Math.min(999, Math.max(3, isSidecar ? Math.min(own, scoreFor(least)) : own));
}

/** What the pod as a whole requests beyond its containers, for each of them. */
function unassignedMemory({ spec }: Pod): number {
  const whole = amount(spec, 'requests', 'memory');
  if (whole === 0) return 0;
  const assigned = containerTotals(spec, 'requests').get('memory')?.value() ?? 0;
  return Math.max(0, Math.floor((whole - assigned) / (spec.containers.length + (spec.initContainers ?? []).length)));
}

function amount(container: Pick<Container, 'resources'>, kind: 'requests' | 'limits', name: string): number {
  const text = container.resources?.[kind]?.[name];
  return text === undefined ? 0 : parseQuantity(String(text)).toNumber();
}
