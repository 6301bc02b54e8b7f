// What a stateful set needs next (Kubernetes, "StatefulSets", Deployment and Scaling Guarantees). Pods start in order and end in
// reverse, one waiting for the other, unless podManagementPolicy is Parallel. A name is given again only once its pod is gone.
import { type ControllerRevision, hasEnded, type PersistentVolumeClaim, Pod, StatefulSet as Sets, type StatefulSet } from '@berth/api';
import { type Action, erased } from '@berth/controller';
import { equalButForEmpty, labelSelectorFrom } from '@berth/machinery';
import { claim, controllerOf } from '../ownership.ts';
import { availableInMs, isReady } from '../pod-state.ts';
import { revisionLabel, revisionsOf, templateOf, truncated } from '../revisions.ts';
import { claimNames, identified, missingClaims, ordinalOf, podName, podOf, retained } from './identity.ts';

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
    steps.push(...(pod ? mend(set, pod) : creation(situation, ordinal)));
    if (isOrdered && (steps.length > 0 || isUnavailable(situation, pod))) return steps;
  }
  steps.push(...scaleDown(situation));
  const isBlocked = steps.length > 0 || (isOrdered && condemned.length > 0);
  return isBlocked ? steps : updateSteps(situation);
}

/** What has ended goes, to be made again; what was adopted without the labels that tell pods apart gets them. */
function mend(set: StatefulSet, pod: Pod): Action[] {
  if (pod.metadata.deletionTimestamp) return [];
  return hasEnded(pod) ? [deletion(set, pod)] : identified(set, pod);
}

/** Where pods wait for each other, one that does not work stops it all but when it is the lowest that does not. */
function scaleDown(situation: Situation): Action[] {
  const { set, condemned, isOrdered } = situation;
  if (!isOrdered) return condemned.filter(({ metadata }) => !metadata.deletionTimestamp).map((pod) => deletion(set, pod));
  const [next] = condemned;
  if (!next || next.metadata.deletionTimestamp) return [];
  const firstUnavailable = condemned.findLast((pod) => isUnavailable(situation, pod));
  return isUnavailable(situation, next) && next !== firstUnavailable ? [] : [deletion(set, next)];
}

/** Pods of older revisions go, highest first. */
function updateSteps(situation: Situation): Action[] {
  const { set, ordinals, byOrdinal, update } = situation;
  const { type, rollingUpdate } = set.spec.updateStrategy ?? {};
  if (type !== 'RollingUpdate') return [];
  const partition = (set.spec.ordinals?.start ?? 0) + (rollingUpdate?.partition ?? 0);
  const targets = ordinals.filter((ordinal) => ordinal >= partition).reverse();
  const isOld = (pod: Pod | undefined): pod is Pod =>
    pod !== undefined && !pod.metadata.deletionTimestamp && revisionNameOf(pod) !== update.metadata.name;
  const atOnce = unavailableMax(rollingUpdate?.maxUnavailable, ordinals.length);
  if (atOnce === 1) {
    // Only what stands above waits: an old pod that does not work is replaced like any other, and those below do not count.
    const next = targets.map((ordinal) => byOrdinal.get(ordinal)).find((pod) => isOld(pod) || isUnavailable(situation, pod));
    return isOld(next) ? [deletion(set, next)] : [];
  }
  const unavailable = ordinals.filter((ordinal) => isUnavailable(situation, byOrdinal.get(ordinal))).length;
  const old = targets.map((ordinal) => byOrdinal.get(ordinal)).filter(isOld);
  return old.slice(0, Math.max(atOnce - unavailable, 0)).map((pod) => deletion(set, pod));
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

/** A pod that a partition holds back comes back as it was. */
function revisionFor({ set, current, update }: Situation, ordinal: number): ControllerRevision {
  const { type, rollingUpdate } = set.spec.updateStrategy ?? {};
  const start = set.spec.ordinals?.start ?? 0;
  return type === 'RollingUpdate' && ordinal < start + (rollingUpdate?.partition ?? 0) ? current : update;
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
  const count = (holds: (pod: Pod) => boolean) => owned.filter(holds).length;
  const { minReadySeconds = 0, replicas: wanted = 1 } = set.spec;
  // Pods that are leaving still serve, but they are no longer of any revision.
  const ofRevision = (name: string) => count((pod) => !pod.metadata.deletionTimestamp && revisionNameOf(pod) === name);
  const ready = count((pod) => pod.status?.phase === 'Running' && isReady(pod));
  const updated = ofRevision(update.metadata.name);
  const isRolling = set.spec.updateStrategy?.type === 'RollingUpdate';
  const isDone = isRolling && updated === wanted && ready === wanted && owned.length === wanted;
  const currentName = isDone ? update.metadata.name : current.metadata.name;
  return {
    observedGeneration: set.metadata.generation ?? 0,
    replicas: owned.length,
    readyReplicas: ready,
    availableReplicas: count((pod) => availableInMs(pod, minReadySeconds, now) === 0),
    currentReplicas: ofRevision(currentName),
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

/** Missing, leaving, or not ready for long enough. */
function isUnavailable({ set, now }: Situation, pod: Pod | undefined): boolean {
  return !pod || pod.metadata.deletionTimestamp !== undefined || availableInMs(pod, set.spec.minReadySeconds ?? 0, now) !== 0;
}

function revisionNameOf(pod: Pod | undefined): string {
  return pod?.metadata.labels?.[revisionLabel] ?? '';
}
