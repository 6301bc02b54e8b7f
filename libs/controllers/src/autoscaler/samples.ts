// Which pods an autoscaler counts by what they use, and which it only guesses at (Kubernetes, "Horizontal Pod Autoscaling",
// algorithm details): those that do not run yet or are not ready say nothing, and of some nothing is known.
import type { Container, Pod } from '@berth/api';
import { keyOf, parseQuantity } from '@berth/machinery';

export type Resource = 'cpu' | 'memory';

export function isResource(name: string): name is Resource {
  return name === 'cpu' || name === 'memory';
}

export interface PodUsage {
  /** Unix milliseconds at which the measurement began. */
  sinceMs: number;
  /** By name: nanos of each resource. */
  containers: ReadonlyMap<string, { cpu: bigint; memory: bigint }>;
}

/** By key of the pod. */
export type Usages = ReadonlyMap<string, PodUsage>;

export interface Samples {
  /** What each counted pod uses. */
  used: Map<Pod, bigint>;
  /** Not running yet, or not ready. */
  unready: Pod[];
  missing: Pod[];
}

/** For this long after its start, a pod's cpu counts only from when it was ready: before, it is that of its start. */
const startMs = 300_000;
/** A pod that became unready within this after its start has never been ready. */
const firstReadinessMs = 30_000;

/** @param container only this one's usage counts; all together when absent */
export function sample(pods: Pod[], resource: Resource, container: string | undefined, usages: Usages, now: number): Samples {
  const samples: Samples = { used: new Map(), unready: [], missing: [] };
  for (const pod of pods) {
    const used = usedBy(pod, resource, container, usages);
    if (pod.metadata.deletionTimestamp || pod.status?.phase === 'Failed') continue;
    if (pod.status?.phase === 'Pending') samples.unready.push(pod);
    else if (used === undefined) samples.missing.push(pod);
    else if (resource === 'cpu' && isStarting(pod, usages.get(keyOf(pod))?.sinceMs ?? 0, now)) samples.unready.push(pod);
    else samples.used.set(pod, used);
  }
  return samples;
}

/** What the pod asks for; or the container that asks for nothing. */
export function requestOf({ metadata, spec }: Pod, resource: Resource, container: string | undefined): bigint | string {
  const whole = container === undefined ? spec.resources?.requests?.[resource] : undefined;
  if (whole !== undefined) return parseQuantity(whole).nanos;
  let total = 0n;
  for (const { name, resources } of measured(spec, container)) {
    const request = resources?.requests?.[resource];
    if (request === undefined) return `missing request for ${resource} in container ${name} of Pod ${metadata.name}`;
    total += parseQuantity(request).nanos;
  }
  return total;
}

function usedBy(pod: Pod, resource: Resource, container: string | undefined, usages: Usages): bigint | undefined {
  const byContainer = usages.get(keyOf(pod))?.containers;
  const used = measured(pod.spec, container).map(({ name }) => byContainer?.get(name)?.[resource]);
  if (used.length === 0) return undefined;
  return used.reduce((total, amount) => (total === undefined || amount === undefined ? undefined : total + amount), 0n);
}

/** Those that run as long as the pod does. */
function measured(spec: Pod['spec'], container: string | undefined): Container[] {
  const sidecars = (spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always');
  return [...spec.containers, ...sidecars].filter(({ name }) => container === undefined || name === container);
}

/** Whether what it used, from then on, may be its start's. */
function isStarting({ status }: Pod, sinceMs: number, now: number): boolean {
  const ready = status?.conditions?.find(({ type }) => type === 'Ready');
  const startedAt = Date.parse(status?.startTime ?? '');
  if (!ready || Number.isNaN(startedAt)) return true;
  const changedAt = Date.parse(ready.lastTransitionTime ?? '') || 0;
  if (startedAt + startMs > now) return ready.status === 'False' || sinceMs < changedAt;
  return ready.status === 'False' && startedAt + firstReadinessMs > changedAt;
}
