// Which actions there are for which object. Whether one may do them is asked of the server later (`access`).
import type { batchV1, Deployment, Node, Pod, ReplicaSet, StatefulSet } from '@berth/api';
import type { KubernetesObject } from '../kubernetes-object.ts';
import type { ResourceType } from '../resource-types.ts';
import type { Revision } from '../revisions.ts';
import type { Action } from './action.ts';
import { outOfMemory, raiseMemory } from './memory-limit.ts';
import { cordonOrUncordon, remove, runNow } from './object-actions.ts';
import { type Subject, subjectOf } from './subject.ts';
import { addTaint, removeTaints } from './taints.ts';
import { pauseOrResume, restart, rollBack, scale, suspendOrResume } from './workload-actions.ts';

/** What is known around an object, as far as it is shown. */
export interface Around {
  /** Of a workload, newest first. */
  revisions?: Revision[];
  /** Of a workload. */
  pods?: Pod[];
  /** By discovery. */
  subresources?: string[];
}

/** In the order in which they are offered: what mends first, what deletes last. */
export function actionsOf(type: ResourceType, object: KubernetesObject, around: Around = {}): Action[] {
  const subject = subjectOf(type, object);
  const own = byKind[`${type.group}/${type.kind}`]?.(subject, around) ?? customScale(subject, around);
  const isGoing = object.metadata.deletionTimestamp !== undefined;
  return [...own, ...(isGoing ? [] : [remove(subject)])];
}

type ActionsOf = (subject: Subject, around: Around) => Action[];

const byKind: Record<string, ActionsOf> = {
  'apps/Deployment': (subject, around) => {
    const { spec } = subject.object as unknown as Deployment;
    const isPaused = spec.paused === true;
    // As kubectl: a paused one is neither restarted nor rolled back.
    const rollouts = isPaused ? [] : [...rolledBack(subject, around), restart(subject)];
    return [...memory(subject, around), ...rollouts, scale(subject, spec.replicas ?? 1), pauseOrResume(subject, isPaused)];
  },
  'apps/StatefulSet': (subject, around) => {
    const { spec } = subject.object as unknown as StatefulSet;
    return [...memory(subject, around), ...rolledBack(subject, around), restart(subject), scale(subject, spec.replicas ?? 1)];
  },
  'apps/DaemonSet': (subject, around) => [...memory(subject, around), ...rolledBack(subject, around), restart(subject)],
  'apps/ReplicaSet': (subject) => {
    const { spec, metadata } = subject.object as unknown as ReplicaSet;
    // Its owner would scale it back.
    return metadata.ownerReferences?.some(({ controller }) => controller) ? [] : [scale(subject, spec?.replicas ?? 1)];
  },
  '/ReplicationController': (subject) => [
    scale(subject, (subject.object as unknown as { spec?: { replicas?: number } }).spec?.replicas ?? 1),
  ],
  'batch/Job': (subject) => {
    const { spec, status } = subject.object as unknown as batchV1.Job;
    const isOver = status?.conditions?.some(({ type, status: is }) => is === 'True' && (type === 'Complete' || type === 'Failed'));
    return isOver ? [] : [suspendOrResume(subject, spec?.suspend === true)];
  },
  'batch/CronJob': (subject) => {
    const { spec } = subject.object as unknown as batchV1.CronJob;
    return [runNow(subject), suspendOrResume(subject, spec.suspend === true)];
  },
  '/Node': (subject) => [
    cordonOrUncordon(subject, (subject.object as unknown as Node).spec?.unschedulable === true),
    addTaint(subject),
    ...removeTaints(subject),
  ],
};

/** Custom resources that can be scaled say how many they want where nearly all of them do. */
function customScale(subject: Subject, { subresources = [] }: Around): Action[] {
  const replicas = (subject.object as { spec?: { replicas?: unknown } }).spec?.replicas;
  return subresources.includes('scale') && typeof replicas === 'number' ? [scale(subject, replicas)] : [];
}

function rolledBack(subject: Subject, { revisions = [] }: Around): Action[] {
  const action = rollBack(subject, revisions);
  return action ? [action] : [];
}

function memory(subject: Subject, { pods = [] }: Around): Action[] {
  return outOfMemory(pods).flatMap((container) => raiseMemory(subject, container) ?? []);
}
