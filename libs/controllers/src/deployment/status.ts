// What a deployment says of itself: numbers from its replica sets, and the conditions Available, Progressing and
// ReplicaFailure, with Kubernetes' reasons and words, which kubectl and people wait for.
import type { Deployment, DeploymentCondition, DeploymentStatus, ReplicaSet } from '@berth/api';
import { timestamp } from '@berth/telemetry';
import { limitsOf, replicasOf, totalOf } from './sizes.ts';

/** kubectl and Kubernetes use the largest integer for "no deadline". */
const noDeadline = 2 ** 31 - 1;

export function hasDeadline({ spec }: Deployment): boolean {
  return spec.progressDeadlineSeconds !== undefined && spec.progressDeadlineSeconds !== noDeadline;
}

export function conditionOf(status: DeploymentStatus | undefined, type: string): DeploymentCondition | undefined {
  return status?.conditions?.find((condition) => condition.type === type);
}

/** Numbers and availability; the other conditions as they were. */
export function countedStatus(deployment: Deployment, newest: ReplicaSet | undefined, all: ReplicaSet[], now: number): DeploymentStatus {
  const sum = (of: (status: NonNullable<ReplicaSet['status']>) => number | undefined) =>
    all.reduce((total, { status }) => total + ((status && of(status)) ?? 0), 0);
  const available = sum((status) => status.availableReplicas);
  const { collisionCount, conditions } = deployment.status ?? {};
  const status: DeploymentStatus = {
    observedGeneration: deployment.metadata.generation ?? 0,
    replicas: sum((found) => found.replicas),
    updatedReplicas: newest?.status?.replicas ?? 0,
    readyReplicas: sum((found) => found.readyReplicas),
    availableReplicas: available,
    unavailableReplicas: Math.max(totalOf(all) - available, 0),
    terminatingReplicas: sum((found) => found.terminatingReplicas),
    ...(collisionCount !== undefined && { collisionCount }),
    conditions: [...(conditions ?? [])],
  };
  const isEnough = available >= replicasOf(deployment) - limitsOf(deployment).maxUnavailable;
  if (isEnough) setCondition(status, now, 'Available', 'True', 'MinimumReplicasAvailable', 'Deployment has minimum availability.');
  else setCondition(status, now, 'Available', 'False', 'MinimumReplicasUnavailable', 'Deployment does not have minimum availability.');
  return status;
}

/** Leaves a condition of equal status and reason as it is, message included, as Kubernetes does. */
export function setCondition(status: DeploymentStatus, now: number, type: string, value: string, reason: string, message: string): void {
  const current = conditionOf(status, type);
  if (current?.status === value && current.reason === reason) return;
  const at = timestamp({ now: () => now });
  const lastTransitionTime = current?.status === value ? (current.lastTransitionTime ?? at) : at;
  removeCondition(status, type);
  status.conditions?.push({ type, status: value, reason, message, lastUpdateTime: at, lastTransitionTime });
}

function removeCondition(status: DeploymentStatus, type: string): void {
  status.conditions = (status.conditions ?? []).filter((condition) => condition.type !== type);
}

export function isComplete(deployment: Deployment, status: DeploymentStatus): boolean {
  const replicas = replicasOf(deployment);
  return (
    status.updatedReplicas === replicas &&
    status.replicas === replicas &&
    status.availableReplicas === replicas &&
    (status.observedGeneration ?? 0) >= (deployment.metadata.generation ?? 0)
  );
}

/** Progressing and ReplicaFailure while a rollout may be under way. */
export function setRolloutConditions(
  deployment: Deployment,
  status: DeploymentStatus,
  newest: ReplicaSet | undefined,
  all: ReplicaSet[],
  now: number,
): void {
  if (hasDeadline(deployment)) setProgress(deployment, status, newest, now);
  else removeCondition(status, 'Progressing');
  const failed = [...(newest ? [newest] : []), ...all].flatMap(
    (replicaSet) => replicaSet.status?.conditions?.find(({ type }) => type === 'ReplicaFailure') ?? [],
  );
  const [failure] = failed;
  if (failure) setCondition(status, now, 'ReplicaFailure', failure.status ?? 'True', failure.reason ?? '', failure.message ?? '');
  else removeCondition(status, 'ReplicaFailure');
}

function setProgress(deployment: Deployment, status: DeploymentStatus, newest: ReplicaSet | undefined, now: number): void {
  const current = conditionOf(status, 'Progressing');
  if (status.replicas === status.updatedReplicas && current?.reason === 'NewReplicaSetAvailable') return;
  const subject = newest ? `ReplicaSet "${newest.metadata.name}"` : `Deployment "${deployment.metadata.name}"`;
  if (isComplete(deployment, status)) {
    setCondition(status, now, 'Progressing', 'True', 'NewReplicaSetAvailable', `${subject} has successfully progressed.`);
  } else if (isProgressing(deployment, status)) {
    renewProgress(status, now, `${subject} is progressing.`);
  } else if (isTimedOut(deployment, status, now)) {
    setCondition(status, now, 'Progressing', 'False', 'ProgressDeadlineExceeded', `${subject} has timed out progressing.`);
  }
}

/** Each step starts the deadline anew, though status and reason stay. */
function renewProgress(status: DeploymentStatus, now: number, message: string): void {
  const current = conditionOf(status, 'Progressing');
  const at = timestamp({ now: () => now });
  const lastTransitionTime = current?.status === 'True' ? (current.lastTransitionTime ?? at) : at;
  removeCondition(status, 'Progressing');
  status.conditions?.push({
    type: 'Progressing',
    status: 'True',
    reason: 'ReplicaSetUpdated',
    message,
    lastUpdateTime: at,
    lastTransitionTime,
  });
}

function isProgressing({ status: before = {} }: Deployment, after: DeploymentStatus): boolean {
  const old = (status: DeploymentStatus) => (status.replicas ?? 0) - (status.updatedReplicas ?? 0);
  return (
    (after.updatedReplicas ?? 0) > (before.updatedReplicas ?? 0) ||
    old(after) < old(before) ||
    (after.readyReplicas ?? 0) > (before.readyReplicas ?? 0) ||
    (after.availableReplicas ?? 0) > (before.availableReplicas ?? 0)
  );
}

function isTimedOut(deployment: Deployment, status: DeploymentStatus, now: number): boolean {
  const current = conditionOf(status, 'Progressing');
  if (!current || current.reason === 'NewReplicaSetAvailable') return false;
  return current.reason === 'ProgressDeadlineExceeded' || deadlineInMs(deployment, current, now) <= 0;
}

function deadlineInMs({ spec }: Deployment, { lastUpdateTime = '' }: DeploymentCondition, now: number): number {
  // A condition without a time is older than any deadline.
  return (Date.parse(lastUpdateTime) || 0) + (spec.progressDeadlineSeconds ?? 0) * 1000 - now;
}

/** When to look again though nothing changed; undefined when no deadline runs. */
export function timeoutInMs(deployment: Deployment, status: DeploymentStatus, now: number): number | undefined {
  const current = conditionOf(status, 'Progressing');
  if (!hasDeadline(deployment) || !current || isComplete(deployment, status)) return undefined;
  if (['NewReplicaSetAvailable', 'ProgressDeadlineExceeded', 'DeploymentPaused'].includes(current.reason ?? '')) return undefined;
  return Math.max(deadlineInMs(deployment, current, now), 0) + 1000;
}
