// What a stateful set needs next (Kubernetes, "StatefulSets", Deployment and Scaling Guarantees). Pods start in order and end in
// reverse, one waiting for the other, unless podManagementPolicy is Parallel. A name is given again only once its pod is gone.
import { type ControllerRevision, type PersistentVolumeClaim, Pod, StatefulSet as Sets, type StatefulSet } from '@berth/api';
import { type Action, erased } from '@berth/controller';
import { equalButForEmpty, labelSelectorFrom } from '@berth/machinery';
import { claim, controllerOf } from '../ownership.ts';
import { availableInMs, isReady } from '../pod-state.ts';
import { revisionLabel, revisionsOf, templateOf, truncated } from '../revisions.ts';
import { claimNames, missingClaims, ordinalOf, podName, podOf, retained } from './identity.ts';

export interface ObservedStatefulSet {
  set: StatefulSet;
  /** Its pods, and those of its namespace that have no controller. */
  pods: Pod[];
  /** Its own. */
  revisions: ControllerRevision[];
  claim(name: string): PersistentVolumeClaim | undefined;
}

interface Situation {
  set: StatefulSet;
  current: ControllerRevision;
  update: ControllerRevision;
  byOrdinal: Map<number, Pod>;
  /** Of the pods that are wanted, in order. */
  ordinals: number[];
  /** Pods that are one too many, highest first. */
  condemned: Pod[];
  isOrdered: boolean;
  now: number;
  claim: ObservedStatefulSet['claim'];
}

export function planStatefulSet({ set, pods, revisions, claim: claimOf }: ObservedStatefulSet, now: number): Action[] {
  const candidates = pods.filter((pod) => controllerOf(pod) || ordinalOf(set, pod) !== undefined);
  const { owned, actions: claims } = claim(erased(Pod), set, labelSelectorFrom(set.spec.selector), candidates);
  if (claims.length > 0) return claims;
  const { update, all, actions } = revisionsOf(set, revisions, set.status?.collisionCount);
  // Pods name their revision, so it comes first.
  if (!update) return set.metadata.deletionTimestamp ? [] : actions;
  const current = all.find(({ metadata }) => metadata.name === set.status?.currentRevision) ?? update;
  const situation = situationOf(set, owned, current, update, now, claimOf);
  const status = statusOf(situation, owned);
  const inUse = new Set([current.metadata.name, update.metadata.name, ...owned.map(revisionNameOf)]);
  const tidy = [...statusActions(set, status), ...truncated(set, all, inUse), ...retention(situation)];
  if (set.metadata.deletionTimestamp) return tidy;
  return [...tidy, ...nextSteps(situation), ...waits(situation, owned)];
}

function situationOf(
  set: StatefulSet,
  owned: Pod[],
  current: ControllerRevision,
  update: ControllerRevision,
  now: number,
  claimOf: ObservedStatefulSet['claim'],
): Situation {
  const start = set.spec.ordinals?.start ?? 0;
  const ordinals = Array.from({ length: set.spec.replicas ?? 1 }, (_, index) => start + index);
  const byOrdinal = new Map(owned.map((pod) => [ordinalOf(set, pod) ?? -1, pod]));
  const condemned = [...byOrdinal].filter(([ordinal]) => !ordinals.includes(ordinal)).sort(([a], [b]) => b - a);
  const isOrdered = set.spec.podManagementPolicy !== 'Parallel';
  return { set, current, update, byOrdinal, ordinals, condemned: condemned.map(([, pod]) => pod), isOrdered, now, claim: claimOf };
}

/** One step where pods wait for each other, else all at once. */
function nextSteps(situation: Situation): Action[] {
  const { set, ordinals, byOrdinal, condemned, isOrdered } = situation;
  const steps: Action[] = [];
  for (const ordinal of ordinals) {
    const pod = byOrdinal.get(ordinal);
    if (!pod) steps.push(...creation(situation, ordinal));
    else if (isOver(pod) && !pod.metadata.deletionTimestamp) steps.push(deletion(set, pod));
    else if (!isAvailable(situation, pod) || pod.metadata.deletionTimestamp) {
      if (isOrdered) return steps;
      continue;
    } else continue;
    if (isOrdered) return steps;
  }
  for (const pod of condemned) {
    if (!pod.metadata.deletionTimestamp) steps.push(deletion(set, pod));
    if (isOrdered) return steps;
  }
  return steps.length > 0 ? steps : updateSteps(situation);
}

/** Pods of older revisions go, highest first, as many at a time as may be unavailable. */
function updateSteps(situation: Situation): Action[] {
  const { set, ordinals, byOrdinal, update } = situation;
  const { type, rollingUpdate } = set.spec.updateStrategy ?? {};
  if (type !== 'RollingUpdate') return [];
  const partition = (set.spec.ordinals?.start ?? 0) + (rollingUpdate?.partition ?? 0);
  let room = unavailableMax(rollingUpdate?.maxUnavailable, ordinals.length);
  for (const ordinal of ordinals) {
    const pod = byOrdinal.get(ordinal);
    if (!pod || pod.metadata.deletionTimestamp || !isAvailable(situation, pod)) room -= 1;
  }
  const steps: Action[] = [];
  for (const ordinal of ordinals.filter((item) => item >= partition).reverse()) {
    const pod = byOrdinal.get(ordinal);
    if (!pod || revisionNameOf(pod) === update.metadata.name) continue;
    // What does not work anyway makes nothing worse.
    const isBroken = !isAvailable(situation, pod) && !pod.metadata.deletionTimestamp;
    if (room <= 0 && !isBroken) break;
    if (!pod.metadata.deletionTimestamp) steps.push(deletion(set, pod));
    if (!isBroken) room -= 1;
  }
  return steps;
}

function unavailableMax(value: number | string | undefined, replicas: number): number {
  if (value === undefined) return 1;
  const count = typeof value === 'number' ? value : Math.floor((Number.parseInt(value, 10) * replicas) / 100);
  return Math.max(1, count);
}

function creation(situation: Situation, ordinal: number): Action[] {
  const { set } = situation;
  const revision = revisionFor(situation, ordinal);
  const name = podName(set, ordinal);
  const what = `Pod ${name} in StatefulSet ${set.metadata.name}`;
  return [
    ...missingClaims(set, ordinal, (claimName) => situation.claim(claimName) !== undefined),
    {
      type: 'create',
      kind: erased(Pod),
      object: podOf(set, ordinal, templateOf(revision), revision.metadata.name),
      onSuccess: { about: set, eventType: 'Normal', reason: 'SuccessfulCreate', message: `create ${what} successful` },
      onFailure: { about: set, eventType: 'Warning', reason: 'FailedCreate', message: `create ${what} failed error: {error}` },
    },
  ];
}

/** A pod that a partition holds back, or that died before its turn came, comes back as it was. */
function revisionFor({ set, current, update, byOrdinal, ordinals }: Situation, ordinal: number): ControllerRevision {
  const { type, rollingUpdate } = set.spec.updateStrategy ?? {};
  if (type !== 'RollingUpdate' || current === update) return update;
  const start = set.spec.ordinals?.start ?? 0;
  if (ordinal < start + (rollingUpdate?.partition ?? 0)) return current;
  // Updates go from the top: below the lowest updated pod nothing has been updated.
  const updated = ordinals.filter((item) => revisionNameOf(byOrdinal.get(item)) === update.metadata.name);
  const lowest = Math.min(...updated, ordinals.at(-1) ?? ordinal);
  return ordinal < lowest - 1 ? current : update;
}

function deletion(set: StatefulSet, { metadata }: Pod): Action {
  const what = `Pod ${metadata.name} in StatefulSet ${set.metadata.name}`;
  return {
    type: 'delete',
    kind: erased(Pod),
    key: metadata,
    uid: metadata.uid ?? '',
    onSuccess: { about: set, eventType: 'Normal', reason: 'SuccessfulDelete', message: `delete ${what} successful` },
    onFailure: { about: set, eventType: 'Warning', reason: 'FailedDelete', message: `delete ${what} failed error: {error}` },
  };
}

function retention({ set, ordinals, condemned, claim: claimOf }: Situation): Action[] {
  const start = ordinals.map((ordinal) => ({ ordinal, pod: undefined as Pod | undefined }));
  const leaving = condemned.map((pod) => ({ ordinal: ordinalOf(set, pod) ?? -1, pod }));
  return [...start, ...leaving].flatMap(({ ordinal, pod }) =>
    claimNames(set, ordinal).flatMap((name) => {
      const found = claimOf(name);
      return found ? retained(set, found, pod) : [];
    }),
  );
}

function statusOf({ set, current, update, now }: Situation, owned: Pod[]): NonNullable<StatefulSet['status']> {
  const existing = owned.filter(({ metadata }) => !metadata.deletionTimestamp);
  const count = (holds: (pod: Pod) => boolean) => existing.filter(holds).length;
  const { minReadySeconds = 0, replicas: wanted = 1 } = set.spec;
  const ready = count(isReady);
  const updated = count((pod) => revisionNameOf(pod) === update.metadata.name);
  const isDone = updated === wanted && ready === wanted && owned.length === wanted && set.spec.updateStrategy?.type !== 'OnDelete';
  const currentName = isDone ? update.metadata.name : current.metadata.name;
  return {
    observedGeneration: set.metadata.generation ?? 0,
    replicas: owned.length,
    readyReplicas: ready,
    availableReplicas: count((pod) => availableInMs(pod, minReadySeconds, now) === 0),
    currentReplicas: count((pod) => revisionNameOf(pod) === currentName),
    updatedReplicas: updated,
    currentRevision: currentName,
    updateRevision: update.metadata.name,
    collisionCount: set.status?.collisionCount ?? 0,
  };
}

function statusActions(set: StatefulSet, status: NonNullable<StatefulSet['status']>): Action[] {
  if (equalButForEmpty(status, set.status)) return [];
  return [{ type: 'updateStatus', kind: erased(Sets), object: { ...set, status } as StatefulSet }];
}

/** Being ready for long enough changes nothing in the API: look again then. */
function waits({ set, now }: Situation, owned: Pod[]): Action[] {
  const { minReadySeconds = 0 } = set.spec;
  const later = owned.flatMap((pod) => availableInMs(pod, minReadySeconds, now) ?? []).filter((wait) => wait > 0);
  return later.length > 0 ? [{ type: 'requeue', afterMs: Math.min(...later) }] : [];
}

function isAvailable({ set, now }: Situation, pod: Pod): boolean {
  return availableInMs(pod, set.spec.minReadySeconds ?? 0, now) === 0;
}

function isOver({ status }: Pod): boolean {
  return status?.phase === 'Failed' || status?.phase === 'Succeeded';
}

function revisionNameOf(pod: Pod | undefined): string {
  return pod?.metadata.labels?.[revisionLabel] ?? '';
}
