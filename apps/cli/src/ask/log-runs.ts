// Which logs of a pod are worth reading: of which containers, and whether of the run that goes on or of the one before, which is the one
// that says why when a container does not stay up. Pure.
import type { ContainerStatus, Pod } from '@berth/api';

/** A container that has begun again so lately has not said much yet. */
const youngMs = 60_000;

export interface LogRun {
  namespace: string;
  pod: string;
  uid: string;
  container: string;
  isPrevious: boolean;
  /** Whether the server has to be asked for the run before: of a container that waits, that is the newest there is. */
  asksPrevious: boolean;
  /** Of the run; undefined for one before. */
  containerId: string | undefined;
}

export interface Runs {
  runs: LogRun[];
  /** Of containers that have nothing to read, and why. */
  notes: string[];
}

export interface RunsWanted {
  /** Undefined for those that matter. */
  container: string | undefined;
  /** The run before, and nothing else. */
  isPrevious: boolean;
}

export function logRuns(pod: Pod, wanted: RunsWanted, nowMs: number): Runs {
  const { namespace = '', name, uid = '' } = pod.metadata;
  const runs: LogRun[] = [];
  const notes: string[] = [];
  for (const { status, container, isAsked } of containersOf(pod, wanted.container)) {
    const which = whichRuns(status, wanted.isPrevious, nowMs);
    const common = { namespace, pod: name, uid, container };
    if (which.length === 0 && isAsked) notes.push(`${name}/${container}: ${whyNone(status, wanted.isPrevious)}`);
    const isWaiting = status?.state?.waiting !== undefined;
    for (const isPrevious of which) {
      runs.push({ ...common, isPrevious, asksPrevious: isPrevious && !isWaiting, containerId: isPrevious ? undefined : idOf(status) });
    }
  }
  return { runs, notes };
}

interface Found {
  container: string;
  status: ContainerStatus | undefined;
  /** Whether it is missed when there is nothing of it. */
  isAsked: boolean;
}

/** Those that start before others count once they have failed, or are what the pod waits for. */
function containersOf({ spec, status }: Pod, wanted: string | undefined): Found[] {
  const statuses = [
    ...(status?.initContainerStatuses ?? []),
    ...(status?.containerStatuses ?? []),
    ...(status?.ephemeralContainerStatuses ?? []),
  ];
  const found = (container: string, isAsked: boolean): Found => ({
    container,
    status: statuses.find(({ name }) => name === container),
    isAsked,
  });
  const init = (spec.initContainers ?? [])
    .map(({ name }) => found(name, false))
    .filter((one) => wanted !== undefined || matters(one.status));
  const all = [
    ...init,
    ...spec.containers.map(({ name }) => found(name, true)),
    ...(wanted === undefined ? [] : (spec.ephemeralContainers ?? []).map(({ name }) => found(name, true))),
  ];
  return wanted === undefined ? all : all.filter(({ container }) => container === wanted).map((one) => ({ ...one, isAsked: true }));
}

function matters(status: ContainerStatus | undefined): boolean {
  const { state, lastState } = status ?? {};
  if (state?.terminated) return state.terminated.exitCode !== 0;
  return state?.running !== undefined || lastState?.terminated !== undefined;
}

function whichRuns(status: ContainerStatus | undefined, isPrevious: boolean, nowMs: number): boolean[] {
  const { state, lastState } = status ?? {};
  const before = lastState?.terminated;
  if (isPrevious) return before ? [true] : [];
  if (state?.waiting) return before ? [true] : [];
  if (state?.running && before && before.exitCode !== 0 && nowMs - Date.parse(state.running.startedAt ?? '') < youngMs)
    return [true, false];
  return state?.running || state?.terminated ? [false] : [];
}

function whyNone(status: ContainerStatus | undefined, isPrevious: boolean): string {
  if (isPrevious) return 'it has not run before';
  const { reason, message } = status?.state?.waiting ?? {};
  return `it has not run yet${reason ? ` (${reason}${message ? `: ${message}` : ''})` : ''}`;
}

function idOf(status: ContainerStatus | undefined): string | undefined {
  return status?.state?.terminated?.containerID ?? status?.containerID;
}

/** As lines are headed by it. */
export function sourceOf({ pod, container, isPrevious }: LogRun): string {
  return `${pod}/${container}${isPrevious ? ' (previous)' : ''}`;
}

export interface LogQuery {
  isFollowed: boolean;
  tail: number | undefined;
  sinceMs: number | undefined;
  /** Instead of both: from this time on, which it includes. */
  sinceTime?: string;
}

/** Where the server has it, with the time of each line. */
export function logPath({ namespace, pod, container, asksPrevious }: LogRun, { isFollowed, tail, sinceMs, sinceTime }: LogQuery): string {
  const query = new URLSearchParams({
    container,
    timestamps: 'true',
    ...(asksPrevious && { previous: 'true' }),
    ...(isFollowed && { follow: 'true' }),
    ...(sinceTime !== undefined && { sinceTime }),
    ...(sinceTime === undefined && tail !== undefined && { tailLines: String(tail) }),
    ...(sinceTime === undefined && sinceMs !== undefined && { sinceSeconds: String(Math.ceil(sinceMs / 1000)) }),
  });
  return `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(pod)}/log?${query}`;
}
