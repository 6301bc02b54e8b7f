// Decides what a pod needs next from what was asked and what runs. Pure and level-triggered: it gives the right answer from
// any state, so a restarted agent goes on where the last one was. Follows the kubelet's rules for init containers, sidecars
// (init containers with restartPolicy Always) and restart policies (`restart-policy.ts`).
import type { Container, Pod } from '@berth/api';
import type { ContainerInfo } from '@berth/runtime';
import { anyRunning, newest, type ObservedPod, specHashAnnotation } from './observed.ts';
import { initRestartsOf, isSidecar, neverRestarts, type Restarts, restartsOf } from './restart-policy.ts';
import type { ResizeStep } from './sizes.ts';

export interface Kill {
  containerId: string;
  name: string;
  /** Shown in the Killing event. */
  message: string;
  /** Instead of the pod's own grace period. */
  graceSeconds?: number;
  /** It is to be started again, with another size. */
  resizes?: true;
}

/** Why a running container must end, and how long it is given when its probe says so. */
export interface Unhealthy {
  message: string;
  graceSeconds?: number;
}

export interface PodPlan {
  /** Make a sandbox with this attempt number, after the kills. */
  createSandbox?: number;
  kill: Kill[];
  /** Start these now, in order; a name comes with the attempt it will be. */
  start: { container: Container; attempt: number; init: boolean; replaces?: string; targetId?: string }[];
  /** Running containers that get another size without a restart. */
  resize: { container: Container; current: ContainerInfo }[];
  /** Names that wait for their back-off, with the time it ends (Unix milliseconds). */
  waiting: Map<string, number>;
}

export interface PlanContext {
  nowMs: number;
  /** When a container that ended may start again; 0 when at once, as after a change of its definition. */
  restartReadyAtMs(container: Container): number;
  /** The number of the next instance of a container that the runtime does not know. */
  nextAttempt(name: string): number;
  /** Why a running container must be restarted: a failed liveness or startup probe. */
  unhealthy(name: string, containerId: string): Unhealthy | undefined;
  /** Whether a sidecar has started, as its startup probe says. */
  started(name: string, containerId: string): boolean;
  specHash(container: Container): string;
  /** What the size of a running container needs, when it is not the one that is asked for. */
  resize(container: Container, current: ContainerInfo): ResizeStep | undefined;
  /** Whether a container that ended did so only to be started again, whatever the restart policy. */
  isRestarting(containerId: string): boolean;
}

/** For a pod that is not finished. */
export function planPod(pod: Pod, observed: ObservedPod, context: PlanContext): PodPlan {
  const plan: PodPlan = { kill: [], start: [], resize: [], waiting: new Map() };
  let inSandbox = observed;
  if (observed.sandbox?.state !== 'ready') {
    for (const [name, instances] of observed.containers) killRunning(plan, name, instances);
    if (plan.kill.length > 0) return plan;
    plan.createSandbox = observed.sandbox ? observed.sandbox.attempt + 1 : 0;
    // Nothing of the old sandbox counts in the new one: init containers run again.
    inSandbox = { ...observed, sandbox: undefined };
  }
  planEphemeral(pod, inSandbox, context, plan);
  if (!planInit(pod, inSandbox, context, plan)) return plan;
  for (const container of pod.spec.containers) planContainer(container, inSandbox, context, plan, restartsOf(container, pod.spec), false);
  return plan;
}

/** Started once, whatever else the pod waits for: they are there to find out why it waits. */
function planEphemeral(pod: Pod, observed: ObservedPod, context: PlanContext, plan: PodPlan): void {
  for (const container of pod.spec.ephemeralContainers ?? []) {
    planContainer(container, observed, context, plan, neverRestarts, false);
    const step = plan.start.find((started) => started.container === container);
    const target = container.targetContainerName && newest(observed, container.targetContainerName);
    if (step && target && target.state === 'running') step.targetId = target.id;
  }
}

/** Whether the main containers may run: every init container has succeeded and every sidecar has started. */
function planInit(pod: Pod, observed: ObservedPod, context: PlanContext, plan: PodPlan): boolean {
  const mainStarted = pod.spec.containers.some((c) => belongsToSandbox(newest(observed, c.name), observed));
  for (const container of pod.spec.initContainers ?? []) {
    const current = belongsToSandbox(newest(observed, container.name), observed);
    const restarts = initRestartsOf(container, pod.spec);
    if (isSidecar(container)) {
      planContainer(container, observed, context, plan, restarts, true);
      const isUp = current?.state === 'running' && context.started(container.name, current.id);
      if (!isUp && !mainStarted) return false;
      continue;
    }
    if (mainStarted) continue;
    if (current?.state === 'exited' && current.exitCode === 0) continue;
    planContainer(container, observed, context, plan, restarts, true);
    return false;
  }
  return true;
}

function planContainer(
  container: Container,
  observed: ObservedPod,
  context: PlanContext,
  plan: PodPlan,
  restarts: Restarts,
  init: boolean,
): void {
  const last = newest(observed, container.name);
  // One that was made and never started (the agent died in between) is made anew under its own number.
  const leftOver = last?.state === 'created' ? last : undefined;
  const attempt = last ? last.attempt + (leftOver ? 0 : 1) : context.nextAttempt(container.name);
  const current = belongsToSandbox(last, observed);
  if (current?.state === 'running') {
    const reason = killReason(container, current, context, restarts.whenStopped);
    if (reason) plan.kill.push({ containerId: current.id, name: container.name, ...reason });
    else if (context.resize(container, current) === 'update') plan.resize.push({ container, current });
    return;
  }
  if (last?.state === 'unknown') {
    const message = `Container ${container.name} is in unknown state, try killing it before restart`;
    plan.kill.push({ containerId: last.id, name: container.name, message });
    return;
  }
  const ended = init ? current : last;
  if (ended?.state === 'exited' && !restarts.after(ended.exitCode) && !context.isRestarting(ended.id)) return;
  const readyAtMs = last && !leftOver ? context.restartReadyAtMs(container) : 0;
  if (readyAtMs > context.nowMs) plan.waiting.set(container.name, readyAtMs);
  else plan.start.push({ container, attempt, init, ...(leftOver && { replaces: leftOver.id }) });
}

function killReason(
  container: Container,
  current: ContainerInfo,
  context: PlanContext,
  restarts: boolean,
): Omit<Kill, 'containerId' | 'name'> | undefined {
  const unhealthy = context.unhealthy(container.name, current.id);
  if (unhealthy) return { ...unhealthy, message: `${unhealthy.message}${restarts ? ', will be restarted' : ''}` };
  if (!restarts) return undefined;
  if (context.resize(container, current) === 'restart')
    return { message: `Container ${container.name} resize requires restart`, resizes: true };
  const hash = current.annotations[specHashAnnotation];
  if (!hash || hash === context.specHash(container)) return undefined;
  return { message: `Container ${container.name} definition changed, will be restarted` };
}

/** Every main container has ended for good, or an init container has before any of them, and failed. */
export function isFinished(pod: Pod, observed: ObservedPod, isRestarting: (containerId: string) => boolean = () => false): boolean {
  const endedForGood = ({ name }: Container, { after }: Restarts) => {
    const last = newest(observed, name);
    return last?.state === 'exited' && !after(last.exitCode) && !isRestarting(last.id) ? last : undefined;
  };
  if (pod.spec.containers.every((c) => endedForGood(c, restartsOf(c, pod.spec)))) return true;
  if (pod.spec.containers.some((c) => newest(observed, c.name))) return false;
  return (pod.spec.initContainers ?? []).some((c) => (endedForGood(c, initRestartsOf(c, pod.spec))?.exitCode ?? 0) !== 0);
}

/** An instance of an earlier sandbox does not count as current. */
function belongsToSandbox(container: ContainerInfo | undefined, observed: ObservedPod): ContainerInfo | undefined {
  return container && container.sandboxId === observed.sandbox?.id ? container : undefined;
}

function killRunning(plan: PodPlan, name: string, instances: ContainerInfo[]): void {
  for (const instance of instances) {
    if (instance.state === 'running') plan.kill.push({ containerId: instance.id, name, message: `Stopping container ${name}` });
  }
}

/** Whether everything of the pod has stopped. */
export function isStopped(observed: ObservedPod): boolean {
  return !anyRunning(observed) && observed.sandbox?.state !== 'ready' && observed.olderSandboxes.every((s) => s.state !== 'ready');
}
