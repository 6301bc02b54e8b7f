// Pods that the system itself lives by: they are not evicted, and others go to make room for them. Which ones go follows the
// kubelet: as few as can be, those that promise least first. Pure.
import { type Pod, type QosClass, qosClass } from '@berth/api';
import { podRequests } from '@berth/scheduling';

/** The priority that system-cluster-critical has. */
export const systemCriticalPriority = 2_000_000_000;

export interface Shortage {
  resource: string;
  amount: number;
}

/** By its priority alone: annotations are for anybody to write. */
export function isCritical({ spec }: Pod): boolean {
  return (spec.priority ?? 0) >= systemCriticalPriority;
}

/** @returns who has to go; undefined when all of them together would not do */
export function podsToPreempt(critical: Pod, others: Pod[], missing: Shortage[]): Pod[] | undefined {
  const mayGo = others.filter(
    (pod) => (isCritical(critical) && !isCritical(pod)) || (critical.spec.priority ?? 0) > (pod.spec.priority ?? 0),
  );
  const ofClass = (wanted: QosClass) => mayGo.filter(({ spec }) => qosClass(spec) === wanted);
  const [bestEffort, burstable, guaranteed] = [ofClass('BestEffort'), ofClass('Burstable'), ofClass('Guaranteed')];
  // Of each class only what the ones below it cannot give.
  const ofGuaranteed = nearest(guaranteed, without(missing, [...bestEffort, ...burstable]));
  if (!ofGuaranteed) return undefined;
  const ofBurstable = nearest(burstable, without(missing, [...bestEffort, ...ofGuaranteed]));
  if (!ofBurstable) return undefined;
  const ofBestEffort = nearest(bestEffort, without(missing, [...ofBurstable, ...ofGuaranteed]));
  return ofBestEffort && [...ofBestEffort, ...ofBurstable, ...ofGuaranteed];
}

/** Again and again the one that leaves least missing; of two that do equally, the smaller. */
function nearest(pods: Pod[], missing: Shortage[]): Pod[] | undefined {
  const left = [...pods];
  const chosen: Pod[] = [];
  for (let still = missing; still.length > 0; ) {
    const best = left.reduce<Pod | undefined>((found, pod) => (found && !isBetter(pod, found, still) ? found : pod), undefined);
    if (!best) return undefined;
    chosen.push(best);
    left.splice(left.indexOf(best), 1);
    still = without(still, [best]);
  }
  return chosen;
}

function isBetter(pod: Pod, than: Pod, missing: Shortage[]): boolean {
  const [a, b] = [distance(pod, missing), distance(than, missing)];
  if (a !== b) return a < b;
  for (const resource of ['memory', 'cpu']) {
    const difference = given(pod, resource) - given(than, resource);
    if (difference !== 0) return difference < 0;
  }
  return false;
}

/** Each resource by the share of it that would still be missing. */
function distance(pod: Pod, missing: Shortage[]): number {
  return missing.reduce((sum, { resource, amount }) => sum + (Math.max(0, amount - given(pod, resource)) / amount) ** 2, 0);
}

function without(missing: Shortage[], gone: Pod[]): Shortage[] {
  return missing
    .map(({ resource, amount }) => ({ resource, amount: amount - gone.reduce((sum, pod) => sum + given(pod, resource), 0) }))
    .filter(({ amount }) => amount > 0);
}

function given({ spec }: Pod, resource: string): number {
  return resource === 'pods' ? 1 : (podRequests(spec).get(resource) ?? 0);
}
