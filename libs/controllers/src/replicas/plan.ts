// Keeps as many pods of a template as a replica set or a replication controller asks for, and says how many there are. Pods
// that match its selector and belong to nobody become its own.
import { hasEnded, Pod, type ReplicaSet } from '@berth/api';
import { type Action, erased } from '@berth/controller';
import { equalButForEmpty, type KindDefinition, type LabelSelectorObject, labelSelectorFrom, type StatusError } from '@berth/machinery';
import { timestamp } from '@berth/telemetry';
import { claim, controllerOf, controllerReference } from '../ownership.ts';
import { inRemovalOrder } from '../pod-removal-order.ts';
import { availableInMs, isActive, isReady } from '../pod-state.ts';

/** Pods created or deleted in one plan. */
const burstMax = 500;

/** What replica sets and replication controllers have in common. */
export interface Replicated {
  apiVersion: string;
  kind: string;
  metadata: ReplicaSet['metadata'];
  spec: Pick<ReplicaSet['spec'], 'replicas' | 'minReadySeconds' | 'template'>;
  status?: ReplicaSet['status'];
}

export interface ObservedReplicated {
  owner: Replicated;
  kind: KindDefinition;
  selector: LabelSelectorObject | undefined;
  /** Whether its status has a number of pods that are on their way out. */
  countsTerminating: boolean;
  /** Its pods, and those of its namespace that have no controller. */
  pods: Pod[];
  /** Active pods of all of its kind with the same owner. */
  related: Pod[];
}

type Condition = NonNullable<NonNullable<ReplicaSet['status']>['conditions']>[number];

export function planReplicas(observed: ObservedReplicated, now: number): Action[] {
  const { owner, pods, related } = observed;
  const selector = labelSelectorFrom(observed.selector);
  const candidates = pods.filter((pod) => controllerOf(pod) || isActive(pod));
  const { owned, actions: claims } = claim(erased(Pod), owner, selector, candidates);
  if (claims.length > 0) return claims;
  const active = owned.filter(isActive);
  const missing = (owner.spec.replicas ?? 1) - active.length;
  const isLeaving = owner.metadata.deletionTimestamp !== undefined;
  const status = statusActions(observed, owned, missing, now);
  if (isLeaving || missing === 0) return status;
  if (missing > 0) {
    const wanted = Math.min(missing, burstMax);
    const actions = Array.from({ length: wanted }, () => createPod(owner));
    const recover = (error: StatusError) => failureStatus(observed, 'FailedCreate', error.message, now);
    return [...status, { type: 'slowStart', actions, recover }];
  }
  const surplus = inRemovalOrder(active, related, now).slice(0, Math.min(-missing, burstMax));
  const recover = (error: StatusError) => failureStatus(observed, 'FailedDelete', error.message, now);
  return [...status, { type: 'slowStart', actions: surplus.map((pod) => deletePod(owner, pod)), recover }];
}

function createPod(owner: Replicated): Action {
  const { name, namespace } = owner.metadata;
  const { template = {} } = owner.spec;
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
      ownerReferences: [controllerReference(owner)],
    },
    spec: template.spec ?? { containers: [] },
  };
  return {
    type: 'create',
    kind: erased(Pod),
    object: pod,
    onSuccess: { about: owner, eventType: 'Normal', reason: 'SuccessfulCreate', message: 'Created pod: {name}' },
    onFailure: { about: owner, eventType: 'Warning', reason: 'FailedCreate', message: 'Error creating: {error}' },
  };
}

function deletePod(owner: Replicated, { metadata }: Pod): Action {
  const message = `Deleted pod: ${metadata.name}`;
  return {
    type: 'delete',
    kind: erased(Pod),
    key: metadata,
    uid: metadata.uid ?? '',
    onSuccess: { about: owner, eventType: 'Normal', reason: 'SuccessfulDelete', message },
    onFailure: { about: owner, eventType: 'Warning', reason: 'FailedDelete', message: 'Error deleting: {error}' },
  };
}

function statusActions({ owner, kind, countsTerminating }: ObservedReplicated, owned: Pod[], missing: number, now: number): Action[] {
  const { minReadySeconds = 0, template } = owner.spec;
  const active = owned.filter(isActive);
  const waits = active.map((pod) => availableInMs(pod, minReadySeconds, now)).filter((wait) => wait !== undefined);
  const templateLabels = labelSelectorFrom({ matchLabels: template?.metadata?.labels ?? {} });
  // A failure stays visible until nothing is missing or too much.
  const conditions = (owner.status?.conditions ?? []).filter(({ type }) => missing !== 0 || type !== 'ReplicaFailure');
  const status: ReplicaSet['status'] = {
    replicas: active.length,
    fullyLabeledReplicas: active.filter(({ metadata }) => templateLabels.matches(metadata.labels)).length,
    readyReplicas: active.filter(isReady).length,
    availableReplicas: waits.filter((wait) => wait === 0).length,
    ...(countsTerminating && { terminatingReplicas: owned.filter(isTerminating).length }),
    observedGeneration: owner.metadata.generation ?? 0,
    ...(conditions.length > 0 && { conditions }),
  };
  const later = waits.filter((wait) => wait > 0);
  const actions: Action[] = later.length > 0 ? [{ type: 'requeue', afterMs: Math.min(...later) }] : [];
  if (equalButForEmpty(status, owner.status)) return actions;
  return [...actions, { type: 'updateStatus', kind, object: { ...owner, status } as Replicated }];
}

function isTerminating(pod: Pod): boolean {
  return pod.metadata.deletionTimestamp !== undefined && !hasEnded(pod);
}

/** A patch, as the plan may have written the status already. */
function failureStatus({ owner, kind }: ObservedReplicated, reason: string, message: string, now: number): Action[] {
  const others = (owner.status?.conditions ?? []).filter(({ type }) => type !== 'ReplicaFailure');
  const known = owner.status?.conditions?.find(({ type }) => type === 'ReplicaFailure');
  if (known?.reason === reason && known.message === message) return [];
  const lastTransitionTime = timestamp({ now: () => now });
  const condition: Condition = { type: 'ReplicaFailure', status: 'True', reason, message, lastTransitionTime };
  const patch = { status: { conditions: [...others, condition] } };
  return [{ type: 'patch', kind, key: owner.metadata, patchType: 'merge', patch, subresource: 'status' }];
}
