// What is wrong now, from what is there: each finding names its object and says why in the cluster's own words.

import type {
  autoscalingV2,
  batchV1,
  DaemonSet,
  Deployment,
  EndpointSlice,
  Event,
  Node,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  Service,
  StatefulSet,
} from '@berth/api';
import { podStatusText } from '@berth/api';
import { ageMs } from './age.ts';
import { autoscalerProblems, jobProblems, ownerMarks, refusalProblems, serviceProblems } from './more-problems.ts';
import type { Problem } from './problem.ts';

export interface Observed {
  pods: Pod[];
  nodes: Node[];
  deployments: Deployment[];
  claims: PersistentVolumeClaim[];
  volumes: PersistentVolume[];
  events: Event[];
  statefulSets?: StatefulSet[];
  daemonSets?: DaemonSet[];
  jobs?: batchV1.Job[];
  autoscalers?: autoscalingV2.HorizontalPodAutoscaler[];
  services?: Service[];
  /** Of services, if they are given. */
  endpointSlices?: EndpointSlice[];
}

/** Shorter than this, claims are merely on their way. */
const startingMs = 30_000;

/** For how long pods are merely on their way. */
export interface Patience {
  unreadyMs: number;
  startedWithinMs: number;
  /** A container that crashed so recently and runs again is not taken for well: between two crashes, all would seem to be. */
  crashedWithinMs: number;
}

const usual: Patience = { unreadyMs: 60_000, startedWithinMs: 120_000, crashedWithinMs: 60_000 };

export function findProblems(observed: Observed, now: number): Problem[] {
  return [
    ...observed.nodes.flatMap(nodeProblems),
    ...observed.deployments.flatMap(deploymentProblems),
    ...observed.pods.flatMap((pod) => podProblem(pod, now) ?? []),
    ...observed.claims.flatMap((claim) => claimProblem(claim, observed.events, now) ?? []),
    ...observed.volumes.flatMap((volume) => volumeProblem(volume) ?? []),
    ...refusalProblems(observed, now),
    ...jobProblems(observed.jobs ?? []),
    ...autoscalerProblems(observed.autoscalers ?? []),
    ...serviceProblems(observed.services ?? [], observed.endpointSlices ?? [], observed.pods, now),
  ];
}

export function nodeProblems(node: Node): Problem[] {
  const base = { kind: 'Node' as const, name: node.metadata.name ?? '' };
  const conditions = node.status?.conditions ?? [];
  const ready = conditions.find((condition) => condition.type === 'Ready');
  const problems: Problem[] = [];
  if (ready?.status !== 'True') {
    const message = ready?.message || 'the node has never reported that it is ready';
    const reason = ready?.status === 'Unknown' ? 'Node lost' : 'NotReady';
    problems.push({ ...base, severity: 'error', reason, message, since: ready?.lastTransitionTime, group: `Node/${reason}/${message}` });
  }
  for (const condition of conditions) {
    const isBad = condition.status === 'True' && (condition.type.endsWith('Pressure') || condition.type === 'NetworkUnavailable');
    if (!isBad) continue;
    const message = condition.message ?? '';
    const group = `Node/${condition.type}/${message}`;
    problems.push({ ...base, severity: 'warning', reason: condition.type, message, since: condition.lastTransitionTime, group });
  }
  return problems;
}

export function deploymentProblems(deployment: Deployment): Problem[] {
  const { namespace, name = '' } = deployment.metadata;
  const conditions = deployment.status?.conditions ?? [];
  const isStatus = (type: string, status: string) => conditions.find((found) => found.type === type && found.status === status);
  const bad = isStatus('ReplicaFailure', 'True') ?? isStatus('Progressing', 'False') ?? isStatus('Available', 'False');
  if (!bad || deployment.spec.paused) return [];
  const ready = `${deployment.status?.availableReplicas ?? 0} of ${deployment.spec.replicas ?? 1} available`;
  const message = `${ready}: ${bad.message ?? ''}`;
  const reason = bad.type === 'Available' ? 'Unavailable' : bad.reason || (bad.type ?? '');
  const group = `Deployment/${namespace}/${name}`;
  const base = { kind: 'Deployment' as const, namespace, name, severity: 'error' as const, reason, message };
  return [{ ...base, since: bad.lastTransitionTime, group, explainedBy: [group] }];
}

function podProblem(pod: Pod, now: number): Problem | undefined {
  const { namespace, name = '' } = pod.metadata;
  const found = podFault(pod, now);
  if (!found) return undefined;
  const group = podGroup(pod, found);
  const owner = pod.metadata.ownerReferences?.find((reference) => reference.controller);
  const explains = [`Pod/${namespace}/${name}`, ...(owner ? ownerMarks(namespace, owner.kind, owner.name) : [])];
  return { kind: 'Pod', namespace, name, group, explains, ...found };
}

/** What a node does to its pods is one problem; so is what one owner's pods have in common, or pods that give the same reason. */
function podGroup({ metadata, spec }: Pod, { reason, message }: Fault): string {
  if (metadata.deletionTimestamp) return `Pod/${reason}/${spec.nodeName}/${message}`;
  const owner = metadata.ownerReferences?.find((reference) => reference.controller);
  const common = owner ? `${owner.kind}/${owner.name}` : message;
  return `Pod/${metadata.namespace}/${reason}/${common}`;
}

export type Fault = Pick<Problem, 'severity' | 'reason' | 'message' | 'since'>;

export function podFault(pod: Pod, now: number, patience = usual): Fault | undefined {
  const { phase, conditions = [] } = pod.status ?? {};
  if (pod.metadata.deletionTimestamp) return stuckTerminating(pod, now, patience);
  if (phase === 'Succeeded') return undefined;
  if (phase === 'Failed') return { severity: 'error', reason: podStatusText(pod), message: failureMessage(pod), since: lastEnd(pod) };
  const scheduled = conditions.find((condition) => condition.type === 'PodScheduled');
  if (!pod.spec.nodeName && scheduled?.status === 'False') {
    return {
      severity: 'error',
      reason: scheduled.reason ?? 'Pending',
      message: scheduled.message ?? '',
      since: scheduled.lastTransitionTime,
    };
  }
  const waiting = waitingFault(pod);
  if (waiting) return waiting;
  const ready = conditions.find((condition) => condition.type === 'Ready');
  const sinceMs = ageMs(ready?.lastTransitionTime, now) ?? 0;
  if (phase === 'Running' && ready?.status === 'False' && sinceMs >= patience.unreadyMs) {
    return { severity: 'warning', reason: 'Not ready', message: ready.message ?? '', since: ready.lastTransitionTime };
  }
  return phase === 'Running' ? crashedFault(pod, now, patience) : stuckStarting(pod, now, patience);
}

function crashedFault({ status }: Pod, now: number, { crashedWithinMs }: Patience): Fault | undefined {
  for (const { name, restartCount, lastState } of status?.containerStatuses ?? []) {
    const last = lastState?.terminated;
    if (!last || last.exitCode === 0 || (ageMs(last.finishedAt, now) ?? crashedWithinMs) >= crashedWithinMs) continue;
    const message = `container ${name}; last ended with exit code ${last.exitCode}${last.reason ? ` (${last.reason})` : ''}; restarted ${restartCount} times; runs again`;
    return { severity: 'warning', reason: last.reason || 'Crashed', message, since: last.finishedAt };
  }
  return undefined;
}

/** Neither the scheduler nor the node has said that anything is wrong, and still it does not run. */
function stuckStarting({ metadata, spec, status }: Pod, now: number, { startedWithinMs }: Patience): Fault | undefined {
  if ((ageMs(metadata.creationTimestamp, now) ?? 0) < startedWithinMs) return undefined;
  const waits = (status?.containerStatuses ?? []).map(({ name, state }) => `${name} (${state?.waiting?.reason ?? 'no state'})`);
  const message = !spec.nodeName
    ? 'the scheduler has not looked at it'
    : `node ${spec.nodeName} ${waits.length > 0 ? `is still at ${waits.join(', ')}` : 'has not reported on it'}`;
  return { severity: 'warning', reason: 'Slow to start', message, since: metadata.creationTimestamp };
}

const harmlessWaits = new Set(['', 'ContainerCreating', 'PodInitializing']);

function waitingFault(pod: Pod): Fault | undefined {
  for (const status of [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])]) {
    const { waiting } = status.state ?? {};
    if (!waiting || harmlessWaits.has(waiting.reason ?? '')) continue;
    const last = status.lastState?.terminated;
    const ended = last ? `last ended with exit code ${last.exitCode}${last.reason ? ` (${last.reason})` : ''}` : '';
    const restarts = status.restartCount ? `restarted ${status.restartCount} times` : '';
    const parts = [`container ${status.name}`, ended, restarts, waiting.message];
    const message = parts.filter(Boolean).join('; ');
    return { severity: 'error', reason: waiting.reason ?? '', message, since: last?.finishedAt ?? pod.metadata.creationTimestamp };
  }
  return undefined;
}

function failureMessage(pod: Pod): string {
  if (pod.status?.message) return pod.status.message;
  const ended = pod.status?.containerStatuses?.find((status) => status.state?.terminated?.exitCode);
  const { exitCode, message } = ended?.state?.terminated ?? {};
  return ended ? `container ${ended.name} ended with exit code ${exitCode}${message ? `: ${message}` : ''}` : 'the pod failed';
}

function lastEnd(pod: Pod): string | undefined {
  const ends = (pod.status?.containerStatuses ?? []).map((status) => status.state?.terminated?.finishedAt ?? '');
  return ends.sort().at(-1) || pod.metadata.creationTimestamp;
}

/** deletionTimestamp is when the grace period ends. */
function stuckTerminating(pod: Pod, now: number, { unreadyMs }: Patience): Fault | undefined {
  const { deletionTimestamp, finalizers } = pod.metadata;
  const lateMs = ageMs(deletionTimestamp, now) ?? 0;
  if (lateMs < unreadyMs) return undefined;
  const message = finalizers?.length ? `waits for finalizers: ${finalizers.join(', ')}` : 'its node has not confirmed that it stopped';
  return { severity: 'warning', reason: 'Stuck terminating', message, since: deletionTimestamp };
}

function claimProblem(claim: PersistentVolumeClaim, events: Event[], now: number): Problem | undefined {
  const { namespace, name = '', uid, creationTimestamp } = claim.metadata;
  const group = `PersistentVolumeClaim/${namespace}/${name}`;
  const base = { kind: 'PersistentVolumeClaim' as const, namespace, name, group, since: creationTimestamp };
  const phase = claim.status?.phase;
  const failure = events.findLast((event) => event.type === 'Warning' && event.involvedObject.uid === uid);
  if (phase === 'Lost') return { ...base, severity: 'error', reason: 'Lost', message: `its volume ${claim.spec?.volumeName} is gone` };
  // A claim that waits for its first pod is well; one that something failed for is not.
  if (phase === 'Bound' || !failure || (ageMs(creationTimestamp, now) ?? 0) < startingMs) return undefined;
  return { ...base, severity: 'error', reason: failure.reason ?? 'Pending', message: failure.message ?? '' };
}

function volumeProblem({ metadata, status }: PersistentVolume): Problem | undefined {
  if (status?.phase !== 'Failed') return undefined;
  const name = metadata.name ?? '';
  const message = status.message ?? 'the volume could not be reclaimed';
  const group = `PersistentVolume/${name}`;
  return {
    kind: 'PersistentVolume',
    name,
    severity: 'error',
    reason: status.reason ?? 'Failed',
    message,
    since: status.lastPhaseTransitionTime,
    group,
  };
}
