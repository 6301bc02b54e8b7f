// What is wrong with a pod, from its status and the newest warning about it: in the order in which a pod comes to run.
import { type ContainerStatus, type Event, type Pod, podStatusText } from '@berth/api';
import { ageMs } from './age.ts';
import type { Problem } from './problem.ts';
import { timeOfEvent } from './warnings.ts';

export type Fault = Pick<Problem, 'severity' | 'reason' | 'message' | 'since'>;

/** For how long pods are merely on their way. */
export interface Patience {
  unreadyMs: number;
  startedWithinMs: number;
  /** A container that crashed so recently and runs again is not taken for well: between two crashes, all would seem to be. */
  crashedWithinMs: number;
}

const usual: Patience = { unreadyMs: 60_000, startedWithinMs: 120_000, crashedWithinMs: 60_000 };
/** Asked by name, what has lasted for a moment is worth saying. */
export const impatience: Patience = { startedWithinMs: 0, unreadyMs: 0, crashedWithinMs: usual.crashedWithinMs };

/** What the node tries again for ever: the pod will not start by waiting. */
const neverStarts = /^Failed(Mount|AttachVolume|MapVolume|CreatePodSandBox)$|^NetworkNotReady$/;

/** @param warning the newest one about the pod */
export function podFault(pod: Pod, now: number, warning: Event | undefined, patience = usual): Fault | undefined {
  const { phase, conditions = [] } = pod.status ?? {};
  if (pod.metadata.deletionTimestamp) return stuckTerminating(pod, now, patience);
  if (phase === 'Succeeded') return undefined;
  if (phase === 'Failed') return ended(pod);
  const scheduled = conditions.find((condition) => condition.type === 'PodScheduled');
  if (!pod.spec.nodeName && scheduled?.status === 'False') {
    const { reason = 'Pending', message = '', lastTransitionTime } = scheduled;
    return { severity: 'error', reason, message, since: lastTransitionTime };
  }
  const fault = containerFault(pod, now, warning, patience);
  if (fault) return fault;
  const ready = conditions.find((condition) => condition.type === 'Ready');
  const unreadyMs = ageMs(ready?.lastTransitionTime, now) ?? 0;
  if (phase === 'Running' && ready?.status === 'False' && unreadyMs >= patience.unreadyMs) {
    const says = warning?.reason === 'Unhealthy' ? warning : undefined;
    const message = says?.message ?? ready.message ?? '';
    return { severity: 'warning', reason: says?.reason ?? 'Not ready', message, since: ready.lastTransitionTime };
  }
  return phase === 'Running' ? undefined : notStarting(pod, now, warning, patience);
}

/** One that its owner has replaced is what is left of a fault. */
function ended(pod: Pod): Fault {
  const isReplaced = pod.metadata.ownerReferences?.some(({ controller, kind }) => controller && kind !== 'Job') ?? false;
  return { severity: isReplaced ? 'warning' : 'error', reason: podStatusText(pod), message: failureMessage(pod), since: lastEnd(pod) };
}

const harmlessWaits = new Set(['', 'ContainerCreating', 'PodInitializing']);

function containerFault(pod: Pod, now: number, warning: Event | undefined, patience: Patience): Fault | undefined {
  const inits = (pod.status?.initContainerStatuses ?? []).map((status) => ({ status, isInit: true }));
  const all = [...inits, ...(pod.status?.containerStatuses ?? []).map((status) => ({ status, isInit: false }))];
  for (const { status, isInit } of all) {
    const { waiting } = status.state ?? {};
    const isWaiting = waiting !== undefined && !harmlessWaits.has(waiting.reason ?? '');
    const crashed = isWaiting ? undefined : crashedLately(pod, status, now, patience);
    if (!isWaiting && !crashed) continue;
    const last = status.lastState?.terminated ?? status.state?.terminated;
    const probe = last && livenessProbe(warning, status, last);
    const words = probe
      ? [`container ${status.name} is restarted by its liveness probe: ${probe}`, restarts(status)]
      : [
          `${isInit ? 'init ' : ''}container ${status.name}`,
          howEnded(last),
          restarts(status),
          isWaiting ? waitText(waiting) : 'runs again',
        ];
    const reason = probe ? 'LivenessProbe' : reasonOf(status, waiting?.reason, isInit);
    // Between two crashes it seems to run: that does not make it a lesser fault.
    const severity = isWaiting || status.restartCount > 1 ? 'error' : 'warning';
    return { severity, reason, message: words.filter(Boolean).join('; '), since: last?.finishedAt ?? pod.metadata.creationTimestamp };
  }
  return undefined;
}

/** Without what is said of it elsewhere: the pod and its UID, and the image again and again. */
function waitText({ reason, message = '' }: { reason?: string; message?: string }): string {
  if (reason === 'CrashLoopBackOff') return /^back-off \S+/.exec(message)?.[0] ?? message;
  const [, image = ''] = /pull(?:ing)? image "([^"]+)"/.exec(message) ?? [];
  const said = image === '' ? -1 : message.lastIndexOf(`"${image}": `);
  return said < 0 ? message : `image ${image} cannot be pulled: ${message.slice(said + image.length + '"": '.length)}`;
}

function howEnded(last: { exitCode?: number; reason?: string; message?: string } | undefined): string {
  if (!last) return '';
  const reason = last.reason ? ` (${last.reason})` : '';
  return `last ended with exit code ${last.exitCode}${reason}${last.message ? `: ${last.message}` : ''}`;
}

function restarts({ restartCount }: ContainerStatus): string {
  return restartCount ? `restarted ${restartCount === 1 ? 'once' : `${restartCount} times`}` : '';
}

function reasonOf(status: ContainerStatus, waits: string | undefined, isInit: boolean): string {
  const last = status.lastState?.terminated ?? status.state?.terminated;
  const why = last?.reason === 'OOMKilled' ? 'OOMKilled' : waits && !harmlessWaits.has(waits) ? waits : undefined;
  const reason = why ?? (status.restartCount > 1 ? 'CrashLoopBackOff' : last?.reason || 'Crashed');
  return isInit ? `Init:${reason}` : reason;
}

/** One that ends well is restarted as well, where its pod wants it always; once is no fault. */
function crashedLately(pod: Pod, status: ContainerStatus, now: number, { crashedWithinMs }: Patience): boolean {
  const last = status.state?.terminated ?? status.lastState?.terminated;
  if (!last || status.restartCount + (status.state?.terminated ? 1 : 0) === 0) return false;
  const isRestarted = pod.spec.restartPolicy === undefined || pod.spec.restartPolicy === 'Always';
  if (last.exitCode === 0 && !(isRestarted && status.restartCount > 1 && !isInitOf(pod, status))) return false;
  return (ageMs(last.finishedAt, now) ?? crashedWithinMs) < crashedWithinMs;
}

function isInitOf({ status }: Pod, { name }: ContainerStatus): boolean {
  return status?.initContainerStatuses?.some((one) => one.name === name) ?? false;
}

const liveness = /^(Liveness|Startup) probe failed/;
/** The next container's probe may have failed since as well. */
const probeLateMs = 600_000;

/** What the probe said that the container was ended for; times of events are whole seconds. */
function livenessProbe(
  warning: Event | undefined,
  { restartCount }: ContainerStatus,
  { startedAt = '', finishedAt = '' }: { startedAt?: string; finishedAt?: string },
): string | undefined {
  const { reason, message = '' } = warning ?? {};
  if (!warning || reason !== 'Unhealthy' || !liveness.test(message) || restartCount === 0) return undefined;
  const saidMs = Date.parse(timeOfEvent(warning));
  return saidMs >= Date.parse(startedAt) - 1_000 && saidMs <= Date.parse(finishedAt) + probeLateMs ? message : undefined;
}

/** Neither the scheduler nor the node has said that anything is wrong, and still it does not run. */
function notStarting(pod: Pod, now: number, warning: Event | undefined, { startedWithinMs }: Patience): Fault | undefined {
  const { metadata, spec, status } = pod;
  const since = metadata.creationTimestamp;
  if (spec.nodeName && neverStarts.test(warning?.reason ?? ''))
    return { severity: 'error', reason: warning?.reason ?? '', message: warning?.message ?? '', since };
  if ((ageMs(since, now) ?? 0) < startedWithinMs) return undefined;
  const waits = (status?.containerStatuses ?? []).map(({ name, state }) => `${name} (${state?.waiting?.reason ?? 'no state'})`);
  const message = !spec.nodeName
    ? 'the scheduler has not looked at it'
    : `node ${spec.nodeName} ${waits.length > 0 ? `is still at ${waits.join(', ')}` : 'has not reported on it'}`;
  return { severity: 'warning', reason: 'Slow to start', message: warning?.message ?? message, since };
}

function failureMessage(pod: Pod): string {
  if (pod.status?.message) return pod.status.message;
  const failed = pod.status?.containerStatuses?.find((status) => status.state?.terminated?.exitCode);
  const { exitCode, message } = failed?.state?.terminated ?? {};
  return failed ? `container ${failed.name} ended with exit code ${exitCode}${message ? `: ${message}` : ''}` : 'the pod failed';
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
