// One pod on this node: a loop that looks, plans and acts, one step at a time, until the runtime matches what was asked.
// It is woken by changes and due times only. Slow work (pulls, graceful stops) goes on beside it and wakes it when done.
import { type Container, everyContainer, type Pod } from '@berth/api';
import type { Timer } from '@berth/telemetry';
import { VolumeError } from '../volumes/volume-manager.ts';
import { specHash } from './container-config.ts';
import { containerFieldPath } from './container-field-path.ts';
import { ContainerStarter } from './container-starter.ts';
import type { WaitingReason } from './container-status.ts';
import { newest, type ObservedPod, observe } from './observed.ts';
import { isStopped, type PodPlan, planPod } from './plan.ts';
import type { PodEnvironment } from './pod-environment.ts';
import { PodReporter } from './pod-reporter.ts';
import { PodTermination } from './pod-termination.ts';
import { RestartTracker } from './restart-tracker.ts';

const retryMs = 2_000;

export class PodWorker {
  readonly #env: PodEnvironment;
  readonly #termination: PodTermination;
  readonly #starter: ContainerStarter;
  readonly #restarts: RestartTracker;
  readonly #reporter: PodReporter;
  readonly #waiting = new Map<string, WaitingReason>();
  readonly #killing = new Set<string>();
  #pod: Pod;
  #failure: { reason: string; message: string } | undefined;
  #removed = false;
  #refreshVolumes = false;
  #dirty = false;
  #running: Promise<void> | undefined;
  #timer: Timer | undefined;
  #dueMs = 0;
  #podIps: string[] = [];
  #adopting: boolean;

  /** @param adopted the runtime held something of this pod when the agent started */
  constructor(pod: Pod, env: PodEnvironment, adopted: boolean) {
    this.#pod = pod;
    this.#env = env;
    this.#adopting = adopted;
    this.#restarts = new RestartTracker(env.clock);
    this.#reporter = new PodReporter(env, pod.status);
    this.#termination = new PodTermination(env, () => this.wake());
    this.#starter = new ContainerStarter(env, () => this.wake());
  }

  get pod(): Pod {
    return this.#pod;
  }

  get podIps(): string[] {
    return this.#podIps;
  }

  update(pod: Pod): void {
    this.#pod = pod;
    this.wake();
  }

  /** Something the pod refers to has changed: its files follow, and what waited for it may go on. */
  refresh(): void {
    this.#refreshVolumes = true;
    this.wake();
  }

  /** The API no longer holds the pod: stop what runs, then clean up. */
  remove(): void {
    this.#removed = true;
    this.wake();
  }

  /** Looks again soon; calls while a step runs become one more step. */
  wake(): void {
    this.#dirty = true;
    this.#running ??= this.#loop();
  }

  /** Stops looking; what runs goes on. Resolves when the step under way is done. */
  async detach(): Promise<void> {
    this.#clearTimer();
    this.#dirty = false;
    await this.#running;
  }

  async #loop(): Promise<void> {
    try {
      while (this.#dirty) {
        this.#dirty = false;
        this.#clearTimer();
        try {
          await this.#step();
        } catch (error) {
          this.#env.logger.warn('a pod could not be brought in line', {
            pod: this.#pod.metadata.name,
            namespace: this.#pod.metadata.namespace,
            error,
          });
          this.#wakeAt(this.#env.clock.now() + retryMs);
        }
      }
    } finally {
      this.#running = undefined;
    }
  }

  /** The earliest due time wins. */
  #wakeAt(atMs: number): void {
    if (this.#timer && this.#dueMs <= atMs) return;
    this.#timer?.cancel();
    this.#dueMs = atMs;
    this.#timer = this.#env.clock.after(Math.max(0, atMs - this.#env.clock.now()), () => this.wake());
  }

  #clearTimer(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  async #step(): Promise<void> {
    let observed = await this.#observe();
    this.#checkDeadline();
    if (this.#removed || this.#pod.metadata.deletionTimestamp || this.#failure) {
      await this.#terminate(observed);
      return;
    }
    this.#noteEnds(observed);
    if (this.#refreshVolumes && observed.sandbox) {
      this.#refreshVolumes = false;
      await this.#env.volumes.prepare(this.#pod, this.#env.volumeSources(this.#pod, this.#podIps));
    }
    const plan = this.#plan(observed);
    this.#syncWaiting(plan);
    const acted = await this.#act(plan, observed);
    if (acted) observed = await this.#observe();
    this.#probe(observed);
    await this.#report(observed, false);
    this.#scheduleNext(plan);
  }

  async #observe(): Promise<ObservedPod> {
    const uid = this.#pod.metadata.uid ?? '';
    const { sandboxes, containers } = await this.#env.inventory.pod(uid);
    const observed = observe(sandboxes, containers);
    this.#podIps = this.#pod.spec.hostNetwork ? [this.#env.hostIp] : (observed.sandbox?.ips ?? []);
    return observed;
  }

  #report(observed: ObservedPod, terminated: boolean): Promise<void> {
    const [pod, podIps, waiting, failure] = [this.#pod, this.#podIps, this.#waiting, this.#failure];
    return this.#reporter.report(observed, { pod, podIps, waiting, failure, terminated });
  }

  #plan(observed: ObservedPod): PodPlan {
    const byName = new Map(everyContainer(this.#pod.spec).map((c) => [c.name, c]));
    const ask = <T>(name: string, question: (container: Container) => T): T | undefined => {
      const container = byName.get(name);
      return container && question(container);
    };
    return planPod(this.#pod, observed, {
      nowMs: this.#env.clock.now(),
      restartReadyAtMs: (name) => this.#restarts.readyAtMs(name),
      unhealthy: (name, id) => ask(name, (c) => this.#env.prober.unhealthy(c, id)),
      started: (name, id) => ask(name, (c) => this.#env.prober.started(c, id)) ?? false,
      specHash,
    });
  }

  #noteEnds(observed: ObservedPod): void {
    for (const ended of this.#restarts.count(observed)) {
      this.#env.prober.forget(ended.id);
      // What it waited for is over; how it ended says more.
      this.#waiting.delete(ended.name);
    }
  }

  #syncWaiting(plan: PodPlan): void {
    for (const [name] of this.#waiting) if (this.#waiting.get(name)?.reason === 'CrashLoopBackOff') this.#waiting.delete(name);
    const { name: podName, namespace, uid } = this.#pod.metadata;
    const podText = `${podName}_${namespace}(${uid})`;
    for (const [name] of plan.waiting) {
      const message = `back-off ${this.#restarts.delayText(name)} restarting failed container=${name} pod=${podText}`;
      this.#waiting.set(name, { reason: 'CrashLoopBackOff', message });
      const event = `Back-off restarting failed container ${name} in pod ${podText}`;
      this.#env.event(this.#pod, 'Warning', 'BackOff', event, containerFieldPath(this.#pod, name));
    }
  }

  /** Returns whether anything was done that changes what the runtime holds. */
  async #act(plan: PodPlan, observed: ObservedPod): Promise<boolean> {
    for (const kill of plan.kill) this.#kill(kill.containerId, kill.name, kill.message);
    if (plan.kill.length > 0 || plan.finished) return false;
    if (plan.createSandbox === undefined && plan.start.length === 0) return false;
    let volumes: Map<string, string>;
    try {
      volumes = await this.#env.volumes.prepare(this.#pod, this.#env.volumeSources(this.#pod, this.#podIps));
    } catch (error) {
      if (!(error instanceof VolumeError)) throw error;
      this.#env.event(this.#pod, 'Warning', 'FailedMount', error.message);
      for (const container of everyContainer(this.#pod.spec))
        if (!newest(observed, container.name)) this.#waiting.set(container.name, { reason: 'ContainerCreating' });
      this.#wakeAt(this.#env.clock.now() + retryMs);
      return false;
    }
    const sandboxId = await this.#ensureSandbox(plan, observed);
    if (!sandboxId) return true;
    for (const step of plan.start) {
      const result = await this.#starter.start(this.#pod, step, sandboxId, volumes, this.#podIps);
      if (result.waiting) this.#waiting.set(step.container.name, result.waiting);
      else this.#waiting.delete(step.container.name);
      if (result.retryAtMs !== undefined) this.#wakeAt(result.retryAtMs);
    }
    return true;
  }

  async #ensureSandbox(plan: PodPlan, observed: ObservedPod): Promise<string | undefined> {
    if (plan.createSandbox === undefined) return observed.sandbox?.id;
    try {
      if (observed.sandbox) await this.#env.runtime.stopSandbox(observed.sandbox.id);
      for (const container of everyContainer(this.#pod.spec)) {
        if (!newest(observed, container.name)) this.#waiting.set(container.name, { reason: 'ContainerCreating' });
      }
      const id = await this.#env.runtime.runSandbox(this.#env.sandboxConfig(this.#pod, plan.createSandbox));
      this.#env.inventory.addSandbox(this.#pod.metadata.uid ?? '', id);
      const info = await this.#env.runtime.sandboxStatus(id);
      this.#podIps = this.#pod.spec.hostNetwork ? [this.#env.hostIp] : (info?.ips ?? []);
      return id;
    } catch (error) {
      this.#env.event(this.#pod, 'Warning', 'FailedCreatePodSandBox', `Failed to create pod sandbox: ${(error as Error).message}`);
      this.#wakeAt(this.#env.clock.now() + retryMs);
      return undefined;
    }
  }

  #kill(containerId: string, name: string, message: string): void {
    if (this.#killing.has(containerId)) return;
    this.#killing.add(containerId);
    this.#env.event(this.#pod, 'Normal', 'Killing', message, containerFieldPath(this.#pod, name));
    this.#env.prober.forget(containerId);
    const graceSeconds = this.#pod.spec.terminationGracePeriodSeconds ?? 30;
    this.#termination
      .stopContainer(this.#pod, name, containerId, graceSeconds, this.#podIps)
      .catch((error: unknown) => this.#env.logger.warn('a container could not be stopped', { container: containerId, error }))
      .finally(() => {
        this.#killing.delete(containerId);
        this.wake();
      });
  }

  #checkDeadline(): void {
    const seconds = this.#pod.spec.activeDeadlineSeconds;
    const startTime = this.#reporter.status?.startTime;
    if (seconds === undefined || !startTime || this.#failure) return;
    const dueMs = Date.parse(startTime) + seconds * 1000;
    if (this.#env.clock.now() >= dueMs)
      this.#failure = { reason: 'DeadlineExceeded', message: 'Pod was active on the node longer than the specified deadline' };
    else this.#wakeAt(dueMs);
  }

  async #terminate(observed: ObservedPod): Promise<void> {
    for (const instances of observed.containers.values()) for (const c of instances) this.#env.prober.forget(c.id);
    const graceSeconds = this.#removed
      ? Math.min(1, this.#pod.metadata.deletionGracePeriodSeconds ?? 1)
      : (this.#pod.metadata.deletionGracePeriodSeconds ?? this.#pod.spec.terminationGracePeriodSeconds ?? 30);
    if (!isStopped(observed)) {
      this.#termination.begin(this.#pod, observed, graceSeconds, this.#podIps);
      if (!this.#removed) await this.#report(observed, false);
      return;
    }
    if (!this.#removed) await this.#report(observed, true);
    else await this.#termination.cleanUp(this.#pod, observed);
  }

  #probe(observed: ObservedPod): void {
    for (const container of everyContainer(this.#pod.spec)) {
      const current = newest(observed, container.name);
      if (current?.state !== 'running' || this.#killing.has(current.id)) continue;
      const before = [...(this.#reporter.status?.containerStatuses ?? []), ...(this.#reporter.status?.initContainerStatuses ?? [])].find(
        (s) => s.name === container.name,
      );
      const adopted = this.#adopting && before?.containerID === `containerd://${current.id}`;
      this.#env.prober.watch(
        this.#pod,
        container,
        current.id,
        this.#podIps[0] ?? this.#env.hostIp,
        adopted,
        before?.started === true && before.ready,
      );
    }
    this.#adopting = false;
  }

  #scheduleNext(plan: PodPlan): void {
    const dues = [...plan.waiting.values()];
    if (dues.length > 0) this.#wakeAt(Math.min(...dues));
  }
}
