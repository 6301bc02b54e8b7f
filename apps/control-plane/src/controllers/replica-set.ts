// Keeps as many pods of a template as a replica set asks for, and says how many there are. Pods that match its selector
// and belong to nobody become its own.
import { Pod, ReplicaSet } from '@berth/api';
import { type Action, type Controller, erased, watches } from '@berth/controller';
import { deepEqual, keyOf, labelSelectorFrom, type StatusError } from '@berth/machinery';
import { timestamp } from '@berth/telemetry';
import {
  claim,
  controllerIndex,
  controllerIndexValues,
  controllerKey,
  controllerOf,
  controllerReference,
  namespaceIndex,
  namespaceIndexValues,
  orphansOf,
  possibleOwners,
} from './ownership.ts';
import { inRemovalOrder } from './pod-removal-order.ts';
import { availableInMs, isActive, isReady } from './pod-state.ts';

/** Pods created or deleted in one plan. */
const burstMax = 500;

export interface ObservedReplicaSet {
  replicaSet: ReplicaSet;
  /** Its pods, and those of its namespace that have no controller. */
  pods: Pod[];
  /** Active pods of all replica sets of the same owner. */
  related: Pod[];
}

type Condition = NonNullable<NonNullable<ReplicaSet['status']>['conditions']>[number];

export const replicaSetController: Controller<ObservedReplicaSet> = {
  name: 'replicaset-controller',
  owns: ['ReplicaSet.status', 'Pod.metadata.ownerReferences[ReplicaSet]'],
  watches: [
    watches(ReplicaSet, (replicaSet) => [keyOf(replicaSet)]),
    watches(Pod, (pod, caches) => (controllerOf(pod) ? controllerKey(pod, erased(ReplicaSet)) : possibleOwners(ReplicaSet, pod, caches))),
  ],
  prepare(caches) {
    caches.of(Pod).addIndex(controllerIndex, controllerIndexValues);
    caches.of(ReplicaSet).addIndex(controllerIndex, controllerIndexValues);
    caches.of(ReplicaSet).addIndex(namespaceIndex, namespaceIndexValues);
  },
  observe(key, caches) {
    const replicaSet = caches.of(ReplicaSet).get(key);
    if (!replicaSet) return undefined;
    const { uid = '', namespace = '' } = replicaSet.metadata;
    const pods = caches.of(Pod);
    const owner = controllerOf(replicaSet);
    const siblings = owner ? caches.of(ReplicaSet).byIndex(controllerIndex, owner.uid) : [replicaSet];
    const related = siblings.flatMap((sibling) => pods.byIndex(controllerIndex, sibling.metadata.uid ?? '')).filter(isActive);
    return { replicaSet, pods: [...pods.byIndex(controllerIndex, uid), ...pods.byIndex(controllerIndex, orphansOf(namespace))], related };
  },
  plan: planReplicaSet,
};

export function planReplicaSet({ replicaSet, pods, related }: ObservedReplicaSet, now: number): Action[] {
  const selector = labelSelectorFrom(replicaSet.spec.selector);
  const candidates = pods.filter((pod) => controllerOf(pod) || isActive(pod));
  const { owned, actions: claims } = claim(erased(Pod), replicaSet, selector, candidates);
  // Adopted pods count once they are seen as its own.
  if (claims.length > 0) return [...claims, ...look()];
  const active = owned.filter(isActive);
  const missing = (replicaSet.spec.replicas ?? 1) - active.length;
  const isLeaving = replicaSet.metadata.deletionTimestamp !== undefined;
  const status = statusActions(replicaSet, owned, missing, now);
  if (isLeaving || missing === 0) return status;
  if (missing > 0) {
    const wanted = Math.min(missing, burstMax);
    const actions = Array.from({ length: wanted }, () => createPod(replicaSet));
    const recover = (error: StatusError) => failureStatus(replicaSet, 'FailedCreate', error.message, now);
    return [...status, { type: 'slowStart', actions, recover }];
  }
  const surplus = inRemovalOrder(active, related, now).slice(0, Math.min(-missing, burstMax));
  const recover = (error: StatusError) => failureStatus(replicaSet, 'FailedDelete', error.message, now);
  return [...status, { type: 'slowStart', actions: surplus.map((pod) => deletePod(replicaSet, pod)), recover }];
}

function look(): Action[] {
  return [{ type: 'requeue', afterMs: 0 }];
}

function createPod(replicaSet: ReplicaSet): Action {
  const { name, namespace } = replicaSet.metadata;
  const { template = {} } = replicaSet.spec;
  const { labels, annotations, finalizers } = template.metadata ?? {};
  const pod: Pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: '',
      generateName: `${name}-`,
      namespace,
      ...(labels && { labels }),
      ...(annotations && { annotations }),
      ...(finalizers && { finalizers }),
      ownerReferences: [controllerReference(replicaSet)],
    },
    spec: template.spec ?? { containers: [] },
  };
  return {
    type: 'create',
    kind: erased(Pod),
    object: pod,
    onSuccess: { about: replicaSet, eventType: 'Normal', reason: 'SuccessfulCreate', message: 'Created pod: {name}' },
    onFailure: { about: replicaSet, eventType: 'Warning', reason: 'FailedCreate', message: 'Error creating: {error}' },
  };
}

function deletePod(replicaSet: ReplicaSet, { metadata }: Pod): Action {
  const message = `Deleted pod: ${metadata.name}`;
  return {
    type: 'delete',
    kind: erased(Pod),
    key: metadata,
    uid: metadata.uid ?? '',
    onSuccess: { about: replicaSet, eventType: 'Normal', reason: 'SuccessfulDelete', message },
    onFailure: { about: replicaSet, eventType: 'Warning', reason: 'FailedDelete', message: 'Error deleting: {error}' },
  };
}

function statusActions(replicaSet: ReplicaSet, owned: Pod[], missing: number, now: number): Action[] {
  const { minReadySeconds = 0, template } = replicaSet.spec;
  const active = owned.filter(isActive);
  const waits = active.map((pod) => availableInMs(pod, minReadySeconds, now)).filter((wait) => wait !== undefined);
  const templateLabels = labelSelectorFrom({ matchLabels: template?.metadata?.labels ?? {} });
  // A failure stays visible until nothing is missing or too much.
  const conditions = (replicaSet.status?.conditions ?? []).filter(({ type }) => missing !== 0 || type !== 'ReplicaFailure');
  const status: ReplicaSet['status'] = {
    replicas: active.length,
    fullyLabeledReplicas: active.filter(({ metadata }) => templateLabels.matches(metadata.labels)).length,
    readyReplicas: active.filter(isReady).length,
    availableReplicas: waits.filter((wait) => wait === 0).length,
    terminatingReplicas: owned.filter(isTerminating).length,
    observedGeneration: replicaSet.metadata.generation ?? 0,
    ...(conditions.length > 0 && { conditions }),
  };
  const later = waits.filter((wait) => wait > 0);
  const actions: Action[] = later.length > 0 ? [{ type: 'requeue', afterMs: Math.min(...later) }] : [];
  if (deepEqual(status, replicaSet.status)) return actions;
  return [...actions, { type: 'updateStatus', kind: erased(ReplicaSet), object: { ...replicaSet, status } as ReplicaSet }];
}

function isTerminating({ metadata, status }: Pod): boolean {
  return metadata.deletionTimestamp !== undefined && status?.phase !== 'Succeeded' && status?.phase !== 'Failed';
}

/** A patch, as the plan may have written the status already. */
function failureStatus(replicaSet: ReplicaSet, reason: string, message: string, now: number): Action[] {
  const others = (replicaSet.status?.conditions ?? []).filter(({ type }) => type !== 'ReplicaFailure');
  const known = replicaSet.status?.conditions?.find(({ type }) => type === 'ReplicaFailure');
  if (known?.reason === reason && known.message === message) return [];
  const lastTransitionTime = timestamp({ now: () => now });
  const condition: Condition = { type: 'ReplicaFailure', status: 'True', reason, message, lastTransitionTime };
  const patch = { status: { conditions: [...others, condition] } };
  return [{ type: 'patch', kind: erased(ReplicaSet), key: replicaSet.metadata, patchType: 'merge', patch, subresource: 'status' }];
}
