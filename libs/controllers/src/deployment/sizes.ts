// How many pods each replica set of a deployment may have (Kubernetes, "Deployments", Proportional Scaling and Max Surge):
// numbers in, numbers out.
import type { Deployment, ReplicaSet } from '@berth/api';

export const desiredAnnotation = 'deployment.kubernetes.io/desired-replicas';
export const maxAnnotation = 'deployment.kubernetes.io/max-replicas';

export interface Resize {
  replicaSet: ReplicaSet;
  to: number;
}

export function replicasOf(object: Deployment | ReplicaSet): number {
  return object.spec.replicas ?? 1;
}

export function totalOf(replicaSets: ReplicaSet[]): number {
  return replicaSets.reduce((sum, replicaSet) => sum + replicasOf(replicaSet), 0);
}

export function isRolling({ spec }: Deployment): boolean {
  return spec.strategy?.type !== 'Recreate';
}

/** Both as numbers of pods; at least one of them is not 0, or nothing would ever move. */
export function limitsOf(deployment: Deployment): { maxSurge: number; maxUnavailable: number } {
  const replicas = replicasOf(deployment);
  if (!isRolling(deployment)) return { maxSurge: 0, maxUnavailable: 0 };
  const { maxSurge = '25%', maxUnavailable = '25%' } = deployment.spec.strategy?.rollingUpdate ?? {};
  const surge = resolved(maxSurge, replicas, Math.ceil);
  const unavailable = resolved(maxUnavailable, replicas, Math.floor);
  return { maxSurge: surge, maxUnavailable: Math.min(surge === 0 && unavailable === 0 ? 1 : unavailable, replicas) };
}

function resolved(value: number | string, replicas: number, round: (value: number) => number): number {
  if (typeof value === 'number') return value;
  return round((Number(value.replace('%', '')) * replicas) / 100);
}

/** What the newest replica set may grow to. */
export function newSize(deployment: Deployment, all: ReplicaSet[], current: number): number {
  const replicas = replicasOf(deployment);
  if (!isRolling(deployment)) return replicas;
  const room = replicas + limitsOf(deployment).maxSurge - totalOf(all);
  return room <= 0 ? current : current + Math.min(room, replicas - current);
}

/** Takes from the old ones what the availability of all allows: first what does not work anyway. */
export function shrinkOld(deployment: Deployment, newest: ReplicaSet | undefined, old: ReplicaSet[]): Resize[] {
  const all = newest ? [...old, newest] : old;
  const minAvailable = replicasOf(deployment) - limitsOf(deployment).maxUnavailable;
  const newUnavailable = newest ? replicasOf(newest) - (newest.status?.availableReplicas ?? 0) : 0;
  const removable = totalOf(all) - minAvailable - newUnavailable;
  if (totalOf(old) === 0 || removable <= 0) return [];
  const sizes = new Map(old.map((replicaSet) => [replicaSet, replicasOf(replicaSet)]));
  const byAge = [...old].sort(olderFirst);
  takeUnavailable(byAge, sizes, removable);
  const available = all.reduce((sum, { status }) => sum + (status?.availableReplicas ?? 0), 0);
  let left = Math.max(available - minAvailable, 0);
  for (const replicaSet of byAge) {
    const size = sizes.get(replicaSet) ?? 0;
    const taken = Math.min(size, left);
    sizes.set(replicaSet, size - taken);
    left -= taken;
  }
  return changed(sizes);
}

function takeUnavailable(byAge: ReplicaSet[], sizes: Map<ReplicaSet, number>, removable: number): void {
  let left = removable;
  for (const replicaSet of byAge) {
    const size = sizes.get(replicaSet) ?? 0;
    const taken = Math.max(Math.min(left, size - (replicaSet.status?.availableReplicas ?? 0)), 0);
    sizes.set(replicaSet, size - taken);
    left -= taken;
  }
}

/** A deployment that grows or shrinks in the middle of a rollout: every active replica set takes its share. */
export function proportional(deployment: Deployment, active: ReplicaSet[]): Resize[] {
  const replicas = replicasOf(deployment);
  const allowed = replicas > 0 ? replicas + limitsOf(deployment).maxSurge : 0;
  const toAdd = allowed - totalOf(active);
  const sorted = [...active].sort((a, b) => replicasOf(b) - replicasOf(a) || (toAdd > 0 ? olderFirst(b, a) : olderFirst(a, b)));
  let added = 0;
  const resizes = sorted.map((replicaSet) => {
    const share = toAdd === 0 ? 0 : boundedShare(deployment, replicaSet, toAdd, added);
    added += share;
    return { replicaSet, to: replicasOf(replicaSet) + share };
  });
  const [largest] = resizes;
  // What rounding left over goes to the largest.
  if (largest && toAdd !== 0) largest.to = Math.max(largest.to + toAdd - added, 0);
  return resizes;
}

function boundedShare(deployment: Deployment, replicaSet: ReplicaSet, toAdd: number, added: number): number {
  if (replicasOf(replicaSet) === 0 || toAdd === added) return 0;
  const share = shareOf(deployment, replicaSet);
  return toAdd > 0 ? Math.min(share, toAdd - added) : Math.max(share, toAdd - added);
}

function shareOf(deployment: Deployment, replicaSet: ReplicaSet): number {
  const size = replicasOf(replicaSet);
  if (replicasOf(deployment) === 0) return -size;
  const maxNow = replicasOf(deployment) + limitsOf(deployment).maxSurge;
  const maxBefore = Number(replicaSet.metadata.annotations?.[maxAnnotation] ?? 0) || (deployment.status?.replicas ?? 0);
  return maxBefore === 0 ? 0 : Math.round((size * maxNow) / maxBefore) - size;
}

function changed(sizes: Map<ReplicaSet, number>): Resize[] {
  return [...sizes].filter(([replicaSet, size]) => size !== replicasOf(replicaSet)).map(([replicaSet, to]) => ({ replicaSet, to }));
}

export function olderFirst(a: ReplicaSet, b: ReplicaSet): number {
  const created = ({ metadata }: ReplicaSet) => metadata.creationTimestamp ?? '';
  return created(a).localeCompare(created(b)) || a.metadata.name.localeCompare(b.metadata.name);
}
