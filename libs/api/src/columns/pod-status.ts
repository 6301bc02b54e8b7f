// One word (or a few) on how a pod is doing, from what its containers last reported: the STATUS and RESTARTS columns.
import type { ContainerState, ContainerStatus, Pod } from '../generated/core-v1.types.ts';
import { ago } from './column.ts';

function terminatedReason(state: NonNullable<ContainerState['terminated']>): string {
  if (state.reason) return state.reason;
  return state.signal ? `Signal:${state.signal}` : `ExitCode:${state.exitCode ?? 0}`;
}

function isSidecar(pod: Pod, name: string): boolean {
  return pod.spec.initContainers?.some((container) => container.name === name && container.restartPolicy === 'Always') ?? false;
}

/** The first init container that has not done its part, as `Init:…`; undefined once all have. */
function initReason(pod: Pod): string | undefined {
  const statuses = pod.status?.initContainerStatuses ?? [];
  for (const [index, status] of statuses.entries()) {
    const { terminated, waiting } = status.state ?? {};
    if (terminated?.exitCode === 0) continue;
    if (isSidecar(pod, status.name) && status.started) continue;
    if (terminated) return `Init:${terminatedReason(terminated)}`;
    if (waiting?.reason && waiting.reason !== 'PodInitializing') return `Init:${waiting.reason}`;
    return `Init:${index}/${pod.spec.initContainers?.length ?? 0}`;
  }
  return undefined;
}

/** The last container that says something wins, as kubectl prints it. */
function mainReason(pod: Pod, fallback: string): string {
  let reason = fallback;
  let isAnyRunning = false;
  for (const status of (pod.status?.containerStatuses ?? []).toReversed()) {
    const { waiting, terminated, running } = status.state ?? {};
    if (waiting?.reason) reason = waiting.reason;
    else if (terminated) reason = terminatedReason(terminated);
    else if (status.ready && running) isAnyRunning = true;
  }
  // One container has ended while others still run.
  if (reason === 'Completed' && isAnyRunning) return isReady(pod) ? 'Running' : 'NotReady';
  return reason;
}

function isReady(pod: Pod): boolean {
  return pod.status?.conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'True') ?? false;
}

export function podStatusText(pod: Pod): string {
  const status = pod.status ?? {};
  let reason = status.reason || status.phase || '';
  if (status.conditions?.some((condition) => condition.type === 'PodScheduled' && condition.reason === 'SchedulingGated'))
    reason = 'SchedulingGated';
  const isInitialized = status.conditions?.some((condition) => condition.type === 'Initialized' && condition.status === 'True');
  const initializing = initReason(pod);
  if (initializing) reason = initializing;
  if (!initializing || isInitialized) reason = mainReason(pod, reason);
  if (!pod.metadata.deletionTimestamp) return reason;
  if (status.reason === 'NodeLost') return 'Unknown';
  return status.phase === 'Succeeded' || status.phase === 'Failed' ? reason : 'Terminating';
}

/** Containers that count for readiness: the main ones and the sidecars. */
export function podReadyText(pod: Pod): string {
  const sidecars = (pod.spec.initContainers ?? []).filter((container) => container.restartPolicy === 'Always');
  const total = (pod.spec.containers?.length ?? 0) + sidecars.length;
  const main = (pod.status?.containerStatuses ?? []).filter((status) => status.ready && status.state?.running);
  const side = (pod.status?.initContainerStatuses ?? []).filter((status) => status.ready && status.started && isSidecar(pod, status.name));
  return `${main.length + side.length}/${total}`;
}

/** `3 (20s ago)`: restarts so far and when the last container ended before one. While initializing, only init containers count. */
export function podRestartsText(pod: Pod, now: number): string {
  const init = pod.status?.initContainerStatuses ?? [];
  const isInitialized = pod.status?.conditions?.some((condition) => condition.type === 'Initialized' && condition.status === 'True');
  const sidecars = init.filter((status) => isSidecar(pod, status.name));
  const counted = initReason(pod) && !isInitialized ? init : [...sidecars, ...(pod.status?.containerStatuses ?? [])];
  const restarts = counted.reduce((sum, status) => sum + (status.restartCount ?? 0), 0);
  const last = counted
    .map(lastEnd)
    .filter((time) => time !== undefined)
    .sort()
    .at(-1);
  return restarts > 0 && last ? `${restarts} (${ago(last, now)} ago)` : `${restarts}`;
}

function lastEnd(status: ContainerStatus): string | undefined {
  return status.lastState?.terminated?.finishedAt;
}
