// One step of a deployment towards its template: which replica set to make, grow or shrink next. Every step starts from
// what is there, so a rollout that was interrupted, reversed or resized in the middle goes on from where it is.
import { Deployment, hasEnded, type Pod, ReplicaSet } from '@berth/api';
import { type Action, erased } from '@berth/controller';
import { equalButForEmpty, labelSelectorFrom } from '@berth/machinery';
import { claim } from '../ownership.ts';
import {
  forgetOld,
  newestOf,
  newReplicaSet,
  newReplicaSetName,
  refresh,
  resize,
  revisionAnnotation,
  revisionOf,
  scaledEvent,
} from './replica-sets.ts';
import { desiredAnnotation, isRolling, newSize, olderFirst, proportional, type Resize, replicasOf, shrinkOld } from './sizes.ts';
import { conditionOf, countedStatus, hasDeadline, isComplete, setCondition, setRolloutConditions, timeoutInMs } from './status.ts';
import { hasSameTemplate } from './template-hash.ts';

export interface ObservedDeployment {
  deployment: Deployment;
  /** Its own, and those of its namespace without a controller. */
  replicaSets: ReplicaSet[];
  /** Pods of a replica set, by its uid; asked for when old pods have to be gone first. */
  podsOf(uid: string): Pod[];
  /** Whether some replica set of the namespace has this name. */
  isTaken(name: string): boolean;
}

/** What all parts of a plan look at. */
interface View {
  deployment: Deployment;
  newest: ReplicaSet | undefined;
  old: ReplicaSet[];
  all: ReplicaSet[];
  now: number;
}

export function planDeployment(observed: ObservedDeployment, now: number): Action[] {
  const { deployment } = observed;
  const selector = labelSelectorFrom(deployment.spec.selector);
  const { owned, actions } = claim(erased(ReplicaSet), deployment, selector, observed.replicaSets);
  if (actions.length > 0) return actions;
  const all = owned.sort(olderFirst);
  const newest = all.find((replicaSet) => hasSameTemplate(deployment, replicaSet));
  const old = all.filter((replicaSet) => replicaSet !== newest);
  const view: View = { deployment, newest, old, all, now };
  if (deployment.metadata.deletionTimestamp) return statusOnly(view);
  if (deployment.spec.paused || isScaling(view)) return [...statusOnly(view), ...revisionActions(view), ...scale(view)];
  const steps = isRolling(deployment) ? rollingSteps(view, observed) : recreateSteps(view, observed);
  const creates = steps.some(({ type }) => type === 'create');
  return [...rolloutStatus(view, creates), ...revisionActions(view), ...steps];
}

/** Whether the size was changed since the replica sets were last resized. */
function isScaling({ deployment, all }: View): boolean {
  const wanted = String(replicasOf(deployment));
  return all.some((found) => replicasOf(found) > 0 && (found.metadata.annotations?.[desiredAnnotation] ?? wanted) !== wanted);
}

function rollingSteps(view: View, observed: ObservedDeployment): Action[] {
  const { deployment, newest, old } = view;
  if (!newest) return create(view, observed);
  const grown = growNewest(view, newest);
  if (grown.length > 0) return grown;
  const shrunk = resizeAll(deployment, shrinkOld(deployment, newest, old));
  return shrunk.length > 0 ? shrunk : tidy(view);
}

function recreateSteps(view: View, observed: ObservedDeployment): Action[] {
  const { deployment, newest, old } = view;
  const active = old.filter((found) => replicasOf(found) > 0);
  if (active.length > 0) return active.flatMap((replicaSet) => resize(deployment, replicaSet, 0));
  const isRunning = old.some(
    ({ status, metadata }) => (status?.replicas ?? 0) > 0 || observed.podsOf(metadata.uid ?? '').some((pod) => !hasEnded(pod)),
  );
  if (isRunning) return [];
  if (!newest) return create(view, observed);
  const grown = growNewest(view, newest);
  return grown.length > 0 ? grown : tidy(view);
}

function growNewest({ deployment, all }: View, newest: ReplicaSet): Action[] {
  const current = replicasOf(newest);
  const wanted = replicasOf(deployment);
  if (current === wanted) return [];
  const to = current > wanted ? wanted : newSize(deployment, all, current);
  return to === current ? [] : resize(deployment, newest, to);
}

function tidy({ deployment, newest, old, all, now }: View): Action[] {
  return isComplete(deployment, countedStatus(deployment, newest, all, now)) ? forgetOld(deployment, old) : [];
}

function create({ deployment, all, old }: View, observed: ObservedDeployment): Action[] {
  const name = newReplicaSetName(deployment);
  if (observed.isTaken(name)) {
    const status = { ...deployment.status, collisionCount: (deployment.status?.collisionCount ?? 0) + 1 };
    return [
      { type: 'patch', kind: erased(Deployment), key: deployment.metadata, patchType: 'merge', patch: { status }, subresource: 'status' },
    ];
  }
  const size = newSize(deployment, all, 0);
  const message = `Failed to create new replica set "${name}": {error}`;
  return [
    {
      type: 'create',
      kind: erased(ReplicaSet),
      object: newReplicaSet(deployment, nextRevision(old), size),
      onFailure: { about: deployment, eventType: 'Warning', reason: 'ReplicaSetCreateError', message },
    },
    ...(size > 0 ? [scaledEvent(deployment, name, 0, size)] : []),
  ];
}

function nextRevision(old: ReplicaSet[]): bigint {
  return newestOf(old.map(revisionOf)) + 1n;
}

function revisionActions({ deployment, newest, old }: View): Action[] {
  if (!newest) return [];
  const refreshed = refresh(deployment, newest, nextRevision(old));
  const revision = String(newestOf([revisionOf(newest), nextRevision(old)]));
  if (deployment.metadata.annotations?.[revisionAnnotation] === revision) return refreshed;
  const patch = { metadata: { annotations: { [revisionAnnotation]: revision } } };
  // Through the status, so that it is no new generation.
  const key = deployment.metadata;
  return [...refreshed, { type: 'patch', kind: erased(Deployment), key, patchType: 'merge', patch, subresource: 'status' }];
}

/** To the size that is asked for, without a step towards the template. */
function scale({ deployment, newest, old, all }: View): Action[] {
  const active = all.filter((found) => replicasOf(found) > 0);
  const only = active.length > 0 ? active[0] : (newest ?? old.at(-1));
  const tidied = deployment.spec.paused ? forgetOld(deployment, old) : [];
  if (active.length <= 1) return only ? [...resize(deployment, only, replicasOf(deployment)), ...tidied] : [];
  if (newest && isSaturated(deployment, newest)) {
    return [...active.filter((found) => found !== newest).flatMap((found) => resize(deployment, found, 0)), ...tidied];
  }
  return [...(isRolling(deployment) ? resizeAll(deployment, proportional(deployment, active)) : []), ...tidied];
}

function isSaturated(deployment: Deployment, newest: ReplicaSet): boolean {
  const wanted = replicasOf(deployment);
  const desired = newest.metadata.annotations?.[desiredAnnotation];
  return desired === String(wanted) && replicasOf(newest) === wanted && newest.status?.availableReplicas === wanted;
}

function resizeAll(deployment: Deployment, resizes: Resize[]): Action[] {
  return resizes.flatMap(({ replicaSet, to }) => resize(deployment, replicaSet, to));
}

function statusOnly({ deployment, newest, all, now }: View): Action[] {
  const status = countedStatus(deployment, newest, all, now);
  const progress = conditionOf(status, 'Progressing');
  const mayPause = hasDeadline(deployment) && progress?.reason !== 'ProgressDeadlineExceeded' && !deployment.metadata.deletionTimestamp;
  if (mayPause && deployment.spec.paused) setCondition(status, now, 'Progressing', 'Unknown', 'DeploymentPaused', 'Deployment is paused');
  return written(deployment, status);
}

function rolloutStatus({ deployment, newest, all, now }: View, creates: boolean): Action[] {
  const status = countedStatus(deployment, newest, all, now);
  if (hasDeadline(deployment)) {
    const progress = conditionOf(status, 'Progressing');
    if (progress?.reason === 'DeploymentPaused') {
      setCondition(status, now, 'Progressing', 'Unknown', 'DeploymentResumed', 'Deployment is resumed');
    } else if (creates) {
      const message = `Created new replica set "${newReplicaSetName(deployment)}"`;
      setCondition(status, now, 'Progressing', 'True', 'NewReplicaSetCreated', message);
    } else if (newest && !progress) {
      setCondition(status, now, 'Progressing', 'True', 'FoundNewReplicaSet', `Found new replica set "${newest.metadata.name}"`);
    }
  }
  setRolloutConditions(deployment, status, newest, all, now);
  const afterMs = timeoutInMs(deployment, status, now);
  return [...written(deployment, status), ...(afterMs === undefined ? [] : [{ type: 'requeue' as const, afterMs }])];
}

function written(deployment: Deployment, status: NonNullable<Deployment['status']>): Action[] {
  if (equalButForEmpty(status, deployment.status)) return [];
  return [{ type: 'updateStatus', kind: erased(Deployment), object: { ...deployment, status } as Deployment }];
}
