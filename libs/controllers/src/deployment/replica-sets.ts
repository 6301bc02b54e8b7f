// What a deployment does to its replica sets: makes them, names their revisions, resizes them, and forgets the oldest.
import { type Deployment, ReplicaSet } from '@berth/api';
import { type Action, erased } from '@berth/controller';
import { deepEqual, isInt64 } from '@berth/machinery';
import { controllerReference } from '../ownership.ts';
import { desiredAnnotation, limitsOf, maxAnnotation, replicasOf } from './sizes.ts';
import { hashLabel, templateHash } from './template-hash.ts';

export const revisionAnnotation = 'deployment.kubernetes.io/revision';
const revisionHistoryAnnotation = 'deployment.kubernetes.io/revision-history';
const revisionHistoryLengthMax = 2000;

/** About the deployment alone. */
const notCopied = new Set([
  'kubectl.kubernetes.io/last-applied-configuration',
  revisionAnnotation,
  revisionHistoryAnnotation,
  desiredAnnotation,
  maxAnnotation,
  'deprecated.deployment.rollback.to',
]);

/** One that is no number, or none of 64 bits, counts for nothing. */
export function revisionOf({ metadata }: ReplicaSet | Deployment): bigint {
  const text = metadata.annotations?.[revisionAnnotation] ?? '';
  const revision = /^[+-]?\d{1,19}$/.test(text) ? BigInt(text.replace(/^\+/, '')) : 0n;
  return isInt64(revision) ? revision : 0n;
}

export function newestOf(revisions: bigint[]): bigint {
  let newest = 0n;
  for (const revision of revisions) if (revision > newest) newest = revision;
  return newest;
}

export function newReplicaSetName({ metadata, spec, status }: Deployment): string {
  return `${metadata.name}-${templateHash(spec.template, status?.collisionCount)}`;
}

export function newReplicaSet(deployment: Deployment, revision: bigint, replicas: number): ReplicaSet {
  const { spec, metadata, status } = deployment;
  const labels = { ...spec.template.metadata?.labels, [hashLabel]: templateHash(spec.template, status?.collisionCount) };
  const hash = labels[hashLabel];
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name: newReplicaSetName(deployment),
      namespace: metadata.namespace,
      labels,
      annotations: { ...copied(deployment), ...sizeAnnotations(deployment), [revisionAnnotation]: String(revision) },
      ownerReferences: [controllerReference(deployment)],
    },
    spec: {
      replicas,
      ...(spec.minReadySeconds && { minReadySeconds: spec.minReadySeconds }),
      selector: { ...spec.selector, matchLabels: { ...spec.selector?.matchLabels, [hashLabel]: hash } },
      template: { ...spec.template, metadata: { ...spec.template.metadata, labels } },
    },
  };
}

function copied({ metadata }: Deployment): Record<string, string> {
  return Object.fromEntries(Object.entries(metadata.annotations ?? {}).filter(([name]) => !notCopied.has(name)));
}

function sizeAnnotations(deployment: Deployment): Record<string, string> {
  const replicas = replicasOf(deployment);
  return { [desiredAnnotation]: String(replicas), [maxAnnotation]: String(replicas + limitsOf(deployment).maxSurge) };
}

/** Makes the replica set of the current template the newest revision, with what the deployment says of it. */
export function refresh(deployment: Deployment, newest: ReplicaSet, revision: bigint): Action[] {
  const annotations: Record<string, string> = { ...newest.metadata.annotations, ...copied(deployment) };
  const before = revisionOf(newest);
  if (before < revision) {
    annotations[revisionAnnotation] = String(revision);
    if (before > 0n) annotations[revisionHistoryAnnotation] = withRevision(annotations[revisionHistoryAnnotation], before);
  }
  const minReadySeconds = deployment.spec.minReadySeconds ?? 0;
  const isCurrent = deepEqual(annotations, newest.metadata.annotations ?? {}) && (newest.spec.minReadySeconds ?? 0) === minReadySeconds;
  return isCurrent ? [] : [patch(newest, annotations, { minReadySeconds })];
}

function withRevision(history: string | undefined, revision: bigint): string {
  const revisions = [...(history ? history.split(',') : []), String(revision)];
  while (revisions.join(',').length > revisionHistoryLengthMax) revisions.shift();
  return revisions.join(',');
}

export function resize(deployment: Deployment, replicaSet: ReplicaSet, to: number): Action[] {
  const from = replicasOf(replicaSet);
  const annotations = { ...replicaSet.metadata.annotations, ...sizeAnnotations(deployment) };
  if (from === to && deepEqual(annotations, replicaSet.metadata.annotations)) return [];
  const change = patch(replicaSet, annotations, { replicas: to });
  return from === to ? [change] : [change, scaledEvent(deployment, replicaSet.metadata.name, from, to)];
}

export function scaledEvent(deployment: Deployment, name: string, from: number, to: number): Action {
  const message = `Scaled ${to > from ? 'up' : 'down'} replica set ${name} from ${from} to ${to}`;
  return { type: 'event', event: { about: deployment, eventType: 'Normal', reason: 'ScalingReplicaSet', message } };
}

/** Fails with Conflict when the replica set is not as it was seen. */
function patch(replicaSet: ReplicaSet, annotations: Record<string, string>, spec: Partial<ReplicaSet['spec']>): Action {
  const { uid, resourceVersion } = replicaSet.metadata;
  const body = { metadata: { uid, resourceVersion, annotations }, spec };
  return { type: 'patch', kind: erased(ReplicaSet), key: replicaSet.metadata, patchType: 'merge', patch: body };
}

/** Old replica sets beyond the history that is kept, lowest revisions first; never one that still has pods. */
export function forgetOld({ spec }: Deployment, old: ReplicaSet[]): Action[] {
  const kept = spec.revisionHistoryLimit ?? 10;
  const present = old.filter(({ metadata }) => !metadata.deletionTimestamp).sort((a, b) => Number(revisionOf(a) - revisionOf(b)));
  return present
    .slice(0, Math.max(present.length - kept, 0))
    .filter(isEmpty)
    .map(({ metadata }) => ({ type: 'delete', kind: erased(ReplicaSet), key: metadata, uid: metadata.uid ?? '' }));
}

function isEmpty(replicaSet: ReplicaSet): boolean {
  const { status, metadata } = replicaSet;
  return replicasOf(replicaSet) === 0 && (status?.replicas ?? 0) === 0 && (metadata.generation ?? 0) <= (status?.observedGeneration ?? 0);
}
