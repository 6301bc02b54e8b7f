// Decides what a pod needs next from what was asked and what runs. Pure and level-triggered: it gives the right answer from
// any state, so a restarted agent goes on where the last one was. Follows the kubelet's rules for init containers, sidecars
// (init containers with restartPolicy Always) and restart policies.
import type { Container, Pod } from '@berth/api';
import type { ContainerInfo } from '@berth/runtime';
import { anyRunning, newest, type ObservedPod, specHashAnnotation } from './observed.ts';

export interface Kill {
  containerId: string;
  name: string;
  /** Shown in the Killing event. */
  message: string;
}

export interface PodPlan {
  /** Make a sandbox with this attempt number, after the kills. */
  createSandbox?: number;
  kill: Kill[];
  /** Start these now, in order; a name comes with the attempt it will be. */
  start: { container: Container; attempt: number; init: boolean; replaces?: string }[];
  /** Names that wait for their back-off, with the time it ends (Unix milliseconds). */
  waiting: Map<string, number>;
  /** Nothing will ever run again in this pod. */
  finished: boolean;
}

export interface PlanContext {
  nowMs: number;
  /** When a container that failed may start again; 0 when at once. */
  restartReadyAtMs(name: string): number;
  /** Why a running container must be restarted: a failed liveness or startup probe. */
  unhealthy(name: string, containerId: string): string | undefined;
  /** Whether a sidecar has started, as its startup probe says. */
  started(name: string, containerId: string): boolean;
  specHash(container: Container): string;
}

export function planPod(pod: Pod, observed: ObservedPod, context: PlanContext): PodPlan {
  const plan: PodPlan = { kill: [], start: [], waiting: new Map(), finished: false };
  if (isFinished(pod, observed)) {
    plan.finished = true;
    for (const [name, instances] of observed.containers) killRunning(plan, name, instances, 'Stopping: the pod has finished');
    return plan;
  }
  if (observed.sandbox?.state !== 'ready') {
    for (const [name, instances] of observed.containers)
      killRunning(plan, name, instances, 'Pod sandbox changed, it will be killed and re-created.');
    if (plan.kill.length === 0) plan.createSandbox = observed.sandbox ? observed.sandbox.attempt + 1 : 0;
    if (plan.createSandbox === undefined) return plan;
  }
  if (!planInit(pod, observed, context, plan)) return plan;
  for (const container of pod.spec.containers)
    planContainer(pod, container, observed, context, plan, pod.spec.restartPolicy ?? 'Always', false);
  return plan;
}

/** Whether the main containers may run: every init container has succeeded and every sidecar has started. */
function planInit(pod: Pod, observed: ObservedPod, context: PlanContext, plan: PodPlan): boolean {
  const mainStarted = pod.spec.containers.some((c) => belongsToSandbox(newest(observed, c.name), observed));
  for (const container of pod.spec.initContainers ?? []) {
    const current = belongsToSandbox(newest(observed, container.name), observed);
    if (container.restartPolicy === 'Always') {
      planContainer(pod, container, observed, context, plan, 'Always', true);
      const isUp = current?.state === 'running' && context.started(container.name, current.id);
      if (!isUp && !mainStarted) return false;
      continue;
    }
    if (mainStarted) continue;
    if (current?.state === 'exited' && current.exitCode === 0) continue;
    const policy = pod.spec.restartPolicy === 'Never' ? 'Never' : 'OnFailure';
    planContainer(pod, container, observed, context, plan, policy, true);
    return false;
  }
  return true;
}

function planContainer(
  pod: Pod,
  container: Container,
  observed: ObservedPod,
  context: PlanContext,
  plan: PodPlan,
  policy: string,
  init: boolean,
): void {
  const last = newest(observed, container.name);
  // One that was made and never started (the agent died in between) is made anew under its own number.
  const leftOver = last?.state === 'created' ? last : undefined;
  const attempt = last ? last.attempt + (leftOver ? 0 : 1) : 0;
  const current = belongsToSandbox(last, observed);
  if (current?.state === 'running') {
    const reason = restartReason(pod, container, current, context);
    if (reason) plan.kill.push({ containerId: current.id, name: container.name, message: reason });
    return;
  }
  const ended = init ? current : last;
  if (ended?.state === 'exited' && !shouldRestart(policy, ended.exitCode)) return;
  const readyAtMs = last && !leftOver ? context.restartReadyAtMs(container.name) : 0;
  if (readyAtMs > context.nowMs) plan.waiting.set(container.name, readyAtMs);
  else plan.start.push({ container, attempt, init, ...(leftOver && { replaces: leftOver.id }) });
}

function restartReason(pod: Pod, container: Container, current: ContainerInfo, context: PlanContext): string | undefined {
  const unhealthy = context.unhealthy(container.name, current.id);
  if (unhealthy) return unhealthy;
  const hash = current.annotations[specHashAnnotation];
  if (hash && hash !== context.specHash(container) && pod.spec.restartPolicy !== 'Never') {
    return `Container ${container.name} definition changed, will be restarted`;
  }
  return undefined;
}

export function shouldRestart(policy: string, exitCode: number): boolean {
  return policy === 'Always' || (policy === 'OnFailure' && exitCode !== 0);
}

/** Every main container has ended for good, or an init container has under restartPolicy Never. */
export function isFinished(pod: Pod, observed: ObservedPod): boolean {
  const policy = pod.spec.restartPolicy ?? 'Always';
  if (policy === 'Always') return false;
  const ended = (name: string) => {
    const last = newest(observed, name);
    return last?.state === 'exited' && !shouldRestart(policy, last.exitCode) ? last : undefined;
  };
  if (pod.spec.containers.every((c) => ended(c.name))) return true;
  if (policy !== 'Never') return false;
  const failedInit = (pod.spec.initContainers ?? []).some((c) => c.restartPolicy !== 'Always' && (ended(c.name)?.exitCode ?? 0) !== 0);
  return failedInit && !pod.spec.containers.some((c) => newest(observed, c.name));
}

/** An instance of an earlier sandbox does not count as current, except where its success is final. */
function belongsToSandbox(container: ContainerInfo | undefined, observed: ObservedPod): ContainerInfo | undefined {
  return container && container.sandboxId === observed.sandbox?.id ? container : undefined;
}

function killRunning(plan: PodPlan, name: string, instances: ContainerInfo[], message: string): void {
  for (const instance of instances) {
    if (instance.state === 'running') plan.kill.push({ containerId: instance.id, name, message });
  }
}

/** Whether everything of the pod has stopped. */
export function isStopped(observed: ObservedPod): boolean {
  return !anyRunning(observed) && observed.sandbox?.state !== 'ready' && observed.olderSandboxes.every((s) => s.state !== 'ready');
}
