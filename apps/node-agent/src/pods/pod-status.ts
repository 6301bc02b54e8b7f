// A pod's status from its parts: phase and conditions as Kubernetes defines them (pod lifecycle, "Pod phase" and
// "Pod conditions"). Pure; transition times change only when a condition does.
import { type ContainerStatus, isTerminal, type Pod, type PodCondition, type PodStatus } from '@berth/api';
import { type ContainerView, containerStatus, ephemeralContainerStatus, initContainerStatus, rfc3339 } from './container-status.ts';
import type { Failure } from './failure.ts';
import { podPhase } from './pod-phase.ts';
import { resizeConditions } from './pod-resizer.ts';
import { isSidecar } from './restart-policy.ts';

export interface PodStatusInput {
  pod: Pod;
  /** The status reported last, for transition times. */
  previous: PodStatus | undefined;
  nowMs: number;
  hostIp: string;
  podIps: string[];
  sandboxReady: boolean;
  initContainers: ContainerView[];
  containers: ContainerView[];
  ephemeralContainers?: ContainerView[];
  /** PodResizePending and PodResizeInProgress, while they hold. */
  resizeConditions?: PodCondition[];
  /** The pod was deleted and everything in it has ended. */
  terminated: boolean;
  /** Set when the agent ends the pod of its own accord, e.g. DeadlineExceeded; makes the phase Failed once nothing of it runs. */
  failure?: Failure;
}

export function podStatus(input: PodStatusInput): PodStatus {
  const { pod, previous, nowMs } = input;
  const initContainerStatuses = input.initContainers.map(initContainerStatus);
  const containerStatuses = input.containers.map(containerStatus);
  const over = [previous, pod.status].find((s) => isTerminal(s?.phase));
  // Whoever replaces a pod that has failed may rely on nothing of it running.
  const failure = anyRuns(input) ? undefined : input.failure;
  if (failure?.isRejected || (over && !over.containerStatuses?.length)) return neverRan(input, over ?? { phase: 'Failed', ...failure });
  const phase = over?.phase ?? (failure ? 'Failed' : podPhase(pod.spec, initContainerStatuses, containerStatuses, input.terminated));
  const cause = failure ?? over;
  // A pod that has ended is still known by the address it had.
  const podIps = input.podIps.length > 0 ? input.podIps : (previous?.podIPs ?? []).flatMap((p) => p.ip ?? []);
  const generation = pod.metadata.generation;
  const status: PodStatus = {
    ...(generation !== undefined && { observedGeneration: generation }),
    phase,
    conditions: conditions(input, phase, initContainerStatuses, containerStatuses),
    hostIP: input.hostIp,
    hostIPs: [{ ip: input.hostIp }],
    startTime: previous?.startTime ?? pod.status?.startTime ?? rfc3339(nowMs),
    ...(podIps[0] && { podIP: podIps[0], podIPs: podIps.map((ip) => ({ ip })) }),
    ...(initContainerStatuses.length > 0 && { initContainerStatuses }),
    containerStatuses,
    ...(input.ephemeralContainers?.length && { ephemeralContainerStatuses: input.ephemeralContainers.map(ephemeralContainerStatus) }),
    ...(pod.status?.qosClass && { qosClass: pod.status.qosClass }),
    ...(cause?.reason && { reason: cause.reason }),
    ...(cause?.message && { message: cause.message }),
  };
  return status;
}

function anyRuns({ initContainers, containers, ephemeralContainers = [] }: PodStatusInput): boolean {
  return [...initContainers, ...containers, ...ephemeralContainers].some((view) => view.instances.some(({ state }) => state === 'running'));
}

/** Of a pod that this node refused, or that was declared ended before anything of it ran: there are no containers to speak of. */
function neverRan({ pod, previous, nowMs }: PodStatusInput, { phase, reason, message }: PodStatus): PodStatus {
  const generation = pod.metadata.generation;
  return {
    ...(generation !== undefined && { observedGeneration: generation }),
    ...(phase && { phase }),
    conditions: foreignConditions(pod, []),
    startTime: previous?.startTime ?? pod.status?.startTime ?? rfc3339(nowMs),
    ...(pod.status?.qosClass && { qosClass: pod.status.qosClass }),
    ...(reason && { reason }),
    ...(message && { message }),
  };
}

function conditions(input: PodStatusInput, phase: string, init: ContainerStatus[], main: ContainerStatus[]): PodCondition[] {
  const done = isTerminal(phase);
  const sidecars = new Set((input.pod.spec.initContainers ?? []).filter(isSidecar).map(({ name }) => name));
  const notInitialized = init.filter((s) => !(sidecars.has(s.name) ? s.started : s.ready)).map((s) => s.name);
  // Sidecars end last, and are not started any more then.
  const initialized = notInitialized.length === 0 || phase === 'Succeeded' || main.some(hasRun);
  const unready = main.filter((s) => !s.ready).map((s) => s.name);
  const sidecarsUnready = init.filter((s) => sidecars.has(s.name) && !s.ready).map((s) => s.name);
  const notReady = [...unready, ...sidecarsUnready];
  const gates = (input.pod.spec.readinessGates ?? []).filter(
    (g) => input.pod.status?.conditions?.find((c) => c.type === g.conditionType)?.status !== 'True',
  );
  const readiness: Partial<PodCondition> = done
    ? { reason: phase === 'Succeeded' ? 'PodCompleted' : 'PodFailed' }
    : notReady.length > 0
      ? { reason: 'ContainersNotReady', message: `containers with unready status: [${notReady.join(' ')}]` }
      : {};
  const containersReady = !done && notReady.length === 0;
  const wanted: PodCondition[] = [
    condition('PodReadyToStartContainers', input.sandboxReady),
    condition(
      'Initialized',
      initialized,
      initialized
        ? phase === 'Succeeded'
          ? { reason: 'PodCompleted' }
          : {}
        : { reason: 'ContainersNotInitialized', message: `containers with incomplete status: [${notInitialized.join(' ')}]` },
    ),
    condition(
      'Ready',
      containersReady && gates.length === 0,
      containersReady && gates.length > 0
        ? {
            reason: 'ReadinessGatesNotReady',
            message: `corresponding condition of pod readiness gate "${gates[0]?.conditionType}" does not exist or is not true.`,
          }
        : readiness,
    ),
    condition('ContainersReady', containersReady, readiness),
    ...(phase === 'Failed' && input.failure?.condition ? [input.failure.condition] : []),
  ];
  const resizes = (input.resizeConditions ?? []).map((c) => ({ ...withTransition(c, input), observedGeneration: c.observedGeneration }));
  return [...resizes, ...wanted.map((c) => withTransition(c, input)), ...foreignConditions(input.pod, wanted)];
}

/** Which takes that the pod was initialized. */
function hasRun({ state }: ContainerStatus): boolean {
  return state?.running !== undefined || state?.terminated !== undefined;
}

/** Conditions that others write (PodScheduled by the scheduler, readiness gates by their controllers) stay as they are. */
function foreignConditions(pod: Pod, own: PodCondition[]): PodCondition[] {
  const types = [...resizeConditions, ...own.map(({ type }) => type)];
  return (pod.status?.conditions ?? []).filter(({ type }) => !types.includes(type));
}

function condition(type: string, holds: boolean, extra: Partial<PodCondition> = {}): PodCondition {
  return { type, status: holds ? 'True' : 'False', ...extra };
}

function withTransition(next: PodCondition, input: PodStatusInput): PodCondition {
  const before = (input.previous ?? input.pod.status)?.conditions?.find((c) => c.type === next.type);
  const unchanged = before?.status === next.status && before.lastTransitionTime;
  const generation = input.pod.metadata.generation;
  return {
    ...next,
    ...(generation !== undefined && { observedGeneration: generation }),
    lastTransitionTime: unchanged ? before.lastTransitionTime : rfc3339(input.nowMs),
  };
}
