// What a job reads from its pods: whether they end, which index they work on, and whether they are still to be counted.
// A pod that must still be counted carries a finalizer, so that it cannot vanish before.
import { hasEnded, type Job, type Pod, Pod as PodKind } from '@berth/api';
import { type Action, erased } from '@berth/controller';

export const trackingFinalizer = 'batch.kubernetes.io/job-tracking';
export const indexAnnotation = 'batch.kubernetes.io/job-completion-index';
export const indexFailuresAnnotation = 'batch.kubernetes.io/job-index-failure-count';
export const ignoredFailuresAnnotation = 'batch.kubernetes.io/job-index-ignored-failure-count';

export function isTracked({ metadata }: Pod): boolean {
  return metadata.finalizers?.includes(trackingFinalizer) ?? false;
}

export function isTerminating(pod: Pod): boolean {
  return pod.metadata.deletionTimestamp !== undefined && !hasEnded(pod);
}

/** With the policy `Failed`, a deleted pod has failed once it has ended; otherwise as soon as it is deleted. */
export function hasFailed(pod: Pod, job: Job): boolean {
  if (pod.status?.phase === 'Failed') return true;
  if (!isTerminating(pod)) return false;
  // Nobody will ever end a pod that was not placed.
  return !replacesFailedOnly(job) || !pod.spec.nodeName;
}

export function replacesFailedOnly({ spec }: Job): boolean {
  return spec.podReplacementPolicy === 'Failed';
}

export function isIndexed({ spec }: Job): boolean {
  return spec.completionMode === 'Indexed';
}

export function indexOf({ metadata }: Pod): number | undefined {
  const text = metadata.annotations?.[indexAnnotation] ?? '';
  return /^\d{1,10}$/.test(text) ? Number(text) : undefined;
}

export interface IndexFailures {
  /** Against the job's limit. */
  counted: number;
  /** That the failure policy ignores; they lengthen the wait all the same. */
  ignored: number;
}

/** How often the pod's index had failed before it. */
export function failuresOf({ metadata }: Pod): IndexFailures {
  const read = (name: string) => Number.parseInt(metadata.annotations?.[name] ?? '0', 10) || 0;
  return { counted: read(indexFailuresAnnotation), ignored: read(ignoredFailuresAnnotation) };
}

/** Unix milliseconds at which the pod ended: when its containers did, it was no longer ready, or it was deleted, whichever is known. */
export function endedAt({ metadata, spec, status }: Pod): number {
  const sidecars = new Set((spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always').map(({ name }) => name));
  const lasting = [...(status?.initContainerStatuses ?? []).filter(({ name }) => sidecars.has(name)), ...(status?.containerStatuses ?? [])];
  const ends = lasting.map(({ state }) => Date.parse(state?.terminated?.finishedAt ?? ''));
  if (ends.length > 0 && !ends.some(Number.isNaN)) return Math.max(...ends);
  const ready = status?.conditions?.find((condition) => condition.type === 'Ready');
  const unreadyAt = ready?.status === 'False' ? Date.parse(ready.lastTransitionTime ?? '') : 0;
  const deletedAt = Date.parse(metadata.deletionTimestamp ?? '') - Number(metadata.deletionGracePeriodSeconds ?? 0) * 1000;
  return unreadyAt || deletedAt || Date.parse(metadata.creationTimestamp ?? '') || 0;
}

export function untrack({ metadata }: Pod): Action {
  const finalizers = (metadata.finalizers ?? []).filter((name) => name !== trackingFinalizer);
  const patch = { metadata: { uid: metadata.uid, resourceVersion: metadata.resourceVersion, finalizers } };
  return { type: 'patch', kind: erased(PodKind), key: metadata, patchType: 'merge', patch };
}
