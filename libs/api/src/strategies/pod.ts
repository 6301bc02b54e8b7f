// What happens to a pod as it is created and deleted, beside defaults and validation.

import type { Pod } from '../generated/core-v1.types.ts';
import { hasEnded } from '../pod-phase.ts';
import { fillInAppArmorProfiles } from './app-armor.ts';
import { qosClass } from './qos.ts';

type Conditions = NonNullable<Pod['status']>['conditions'];

/** @param now RFC 3339 */
export function preparePodForCreate(pod: Pod, now: string): void {
  const { spec } = pod;
  if (!spec.serviceAccountName) {
    spec.serviceAccountName = 'default';
    spec.serviceAccount = 'default';
  }
  fillInAppArmorProfiles(pod);
  // What the creator says of it counts, as in Kubernetes, which looks there first.
  pod.status = { phase: 'Pending', qosClass: pod.status?.qosClass || qosClass(spec) };
  if (spec.schedulingGates?.length) {
    const message = 'Scheduling is blocked due to non-empty scheduling gates';
    pod.status.conditions = [{ type: 'PodScheduled', status: 'False', reason: 'SchedulingGated', message, lastTransitionTime: now }];
  }
}

/** Writers of a status that do not know its class of service, or which generation they saw, leave what is known. */
export function preparePodForStatusUpdate(next: Pod, old: Pod): void {
  const { status } = next;
  if (!status) return;
  const { qosClass: known, observedGeneration } = old.status ?? {};
  if (known) status.qosClass ||= known;
  if (observedGeneration) status.observedGeneration ||= observedGeneration;
  keepObservedGenerations(status.conditions, old.status?.conditions);
}

/** Conditions of one type, of which there may be several, are taken in their order. */
function keepObservedGenerations(next: Conditions = [], old: Conditions = []): void {
  const seen = Map.groupBy(old, ({ type }) => type);
  for (const condition of next) {
    const generation = seen.get(condition.type)?.shift()?.observedGeneration;
    if (generation) condition.observedGeneration ||= generation;
  }
}

/** Seconds that a deleted pod gets to stop: none when it runs nowhere or has ended. */
export function podGracePeriodSeconds(pod: Pod): number {
  if (!pod.spec.nodeName || hasEnded(pod)) return 0;
  const seconds = pod.spec.terminationGracePeriodSeconds ?? 30;
  return seconds < 0 ? 1 : seconds;
}
