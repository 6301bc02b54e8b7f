// One container's status, as the API shows it: waiting, running or terminated, with the reasons that kubectl prints.
import type { Container, ContainerState, ContainerStatus, ResourceRequirements } from '@berth/api';
import type { ContainerInfo } from '@berth/runtime';
import { isSidecar } from './restart-policy.ts';

/** Why a container is not running yet, from the agent's own doings. */
export interface WaitingReason {
  reason: string;
  message?: string;
}

export interface ContainerView {
  container: Container;
  /** Newest first. */
  instances: ContainerInfo[];
  waiting?: WaitingReason;
  /** What was reported last. */
  previous?: ContainerStatus | undefined;
  /** What the newest instance runs with; absent without one. */
  actual?: ResourceRequirements;
  /** Startup has succeeded, or there is nothing to wait for. */
  started: boolean;
  ready: boolean;
  /** Contents of the termination message file of an instance. */
  terminationMessage(instance: ContainerInfo): string;
}

export function rfc3339(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

export function containerStatus(view: ContainerView): ContainerStatus {
  const [current, ...older] = view.instances.filter((i) => i.state !== 'created');
  const lost = current ? undefined : lostStatus(view);
  if (lost) return lost;
  const showsWaiting = view.waiting && current?.state !== 'running';
  const ended = showsWaiting ? current : older[0];
  const state = showsWaiting && view.waiting ? { waiting: { ...view.waiting } } : current ? stateOf(current, view) : defaultWaiting();
  const running = state.running !== undefined;
  return {
    name: view.container.name,
    state,
    lastState: ended?.state === 'exited' ? stateOf(ended, view) : formerState(view, current),
    ready: running && view.started && view.ready,
    restartCount: current ? current.attempt : 0,
    image: view.container.image ?? '',
    imageID: current?.imageRef ?? '',
    ...(current && { containerID: `containerd://${current.id}` }),
    started: running && view.started,
    ...(current?.user && { user: { linux: current.user } }),
    ...sizes(view, running),
  };
}

/** How the instance before ended, when the runtime does not know it any more, as after the node was started anew. */
function formerState({ previous }: ContainerView, current: ContainerInfo | undefined): ContainerState {
  if (!previous) return {};
  const isOfSame = !current || !previous.containerID || previous.containerID === `containerd://${current.id}`;
  if (isOfSame) return previous.lastState ?? {};
  const ended = previous.state?.terminated ?? (previous.state?.running && unknownEnd(previous));
  return ended ? { terminated: ended } : (previous.lastState ?? {});
}

/** Of a container that ran when it was last seen. */
function unknownEnd({ containerID }: ContainerStatus): NonNullable<ContainerState['terminated']> {
  return {
    exitCode: 137,
    reason: 'ContainerStatusUnknown',
    message: 'The container could not be located when the pod was deleted.  The container used to be Running',
    ...(containerID && { containerID }),
  };
}

/** What is granted, and what is in force; one that does not run is as it is granted. */
function sizes({ container, actual }: ContainerView, running: boolean): Partial<ContainerStatus> {
  if (!actual) return {};
  const { requests } = container.resources ?? {};
  const resources = running ? actual : container.resources;
  return { ...(requests && { allocatedResources: requests }), ...(resources && { resources }) };
}

/** A container that was reported and that the runtime does not know any more: what it did is kept as far as it was known. */
function lostStatus({ container, previous, waiting }: ContainerView): ContainerStatus | undefined {
  if (!previous || (!previous.containerID && previous.restartCount === 0)) return undefined;
  if (previous.state?.terminated && !waiting) return previous;
  const ended = previous.state?.terminated ?? (previous.state?.running && unknownEnd(previous));
  return {
    name: container.name,
    state: waiting ? { waiting: { ...waiting } } : defaultWaiting(),
    lastState: ended ? { terminated: ended } : (previous.lastState ?? {}),
    ready: false,
    restartCount: previous.restartCount + (previous.containerID ? 1 : 0),
    image: container.image ?? '',
    imageID: '',
    started: false,
  };
}

/** As an init container is shown: ready once it has ended well. */
export function initContainerStatus(view: ContainerView): ContainerStatus {
  const status = containerStatus(view);
  if (isSidecar(view.container)) return status;
  return { ...status, ready: status.state?.terminated?.exitCode === 0 };
}

/** Nothing ever waits for an ephemeral container to be ready. */
export function ephemeralContainerStatus(view: ContainerView): ContainerStatus {
  const { started: _started, ...status } = containerStatus(view);
  return { ...status, ready: false };
}

function defaultWaiting(): ContainerState {
  return { waiting: { reason: 'PodInitializing' } };
}

function stateOf(instance: ContainerInfo, view: ContainerView): ContainerState {
  if (instance.state === 'running') return { running: { startedAt: rfc3339(instance.startedAtMs) } };
  if (instance.state === 'exited') {
    const message = view.terminationMessage(instance) || instance.message;
    return {
      terminated: {
        exitCode: instance.exitCode,
        reason: instance.reason || (instance.exitCode === 0 ? 'Completed' : 'Error'),
        ...(message && { message }),
        startedAt: rfc3339(instance.startedAtMs),
        finishedAt: rfc3339(instance.finishedAtMs),
        containerID: `containerd://${instance.id}`,
      },
    };
  }
  return { waiting: { reason: 'ContainerStatusUnknown', message: 'the runtime does not know the state of this container' } };
}
