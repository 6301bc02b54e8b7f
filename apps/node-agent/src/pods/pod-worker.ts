// One pod on this node: a loop that looks, plans and acts, one step at a time, until the runtime matches what was asked.
// It is woken by changes and due times only. Slow work (pulls, graceful stops) goes on beside it and wakes it when done.
import { everyContainer, isTerminal, type Pod } from '@berth/api';
import { deepEqual } from '@berth/machinery';
import { containerFieldPath } from './container-field-path.ts';
import { ContainerStarter } from './container-starter.ts';
import type { WaitingReason } from './container-status.ts';
import { changeable } from './downward.ts';
import type { Failure } from './failure.ts';
import { newest, type ObservedPod, observe } from './observed.ts';
import { isFinished, isStopped, type Kill, type PodPlan, planPod } from './plan.ts';
import { planContext } from './plan-context.ts';
import { PodAddress } from './pod-address.ts';
import { PodEnding } from './pod-ending.ts';
import type { PodEnvironment, PodNode, PodReports } from './pod-environment.ts';
import { PodReporter } from './pod-reporter.ts';
import { PodResizer } from './pod-resizer.ts';
import { PodSetUp } from './pod-set-up.ts';
import { PodTermination } from './pod-termination.ts';
import { RestartTracker } from './restart-tracker.ts';
import { Retries } from './retries.ts';
import { WakeLoop } from './wake-loop.ts';

export class PodWorker {
  readonly #node: PodNode;
  readonly #reports: PodReports;
  readonly #termination: PodTermination;
  readonly #starter: ContainerStarter;
  readonly #restarts: RestartTracker;
  readonly #retries: Retries;
  readonly #setUp: PodSetUp;
  readonly reporter: PodReporter;
  readonly #waiting = new Map<string, WaitingReason>();
  readonly #killing = new Set<string>();
  readonly #loop: WakeLoop;
  readonly #resizer: PodResizer;
  readonly #ending: PodEnding;
  /** As the API wants it. */
  #desired: Pod;
  /** As this node grants it. */
  #pod: Pod;
  #removed = false;
  /** How often what its volumes show has changed, and up to which change they follow. */
  #changes = 0;
  #applied = 0;
  readonly address: PodAddress;
  #adopting: boolean;

  /** @param adopted the runtime held something of this pod when the agent started */
  constructor(pod: Pod, env: PodEnvironment, adopted: boolean) {
    this.#desired = pod;
    this.#node = env.node;
    this.#reports = env.reports;
    this.#ending = new PodEnding(env, pod, adopted);
    this.#resizer = new PodResizer(env, pod);
    this.#pod = env.node.allocations.granted(pod);
    this.#adopting = adopted;
    this.address = new PodAddress(pod, adopted, env);
    // What they show may have changed while nobody looked.
    if (adopted) this.#changes++;
    this.#restarts = new RestartTracker(env.node.clock);
    this.#retries = new Retries(env.node.clock);
    this.#setUp = new PodSetUp(env, this.#retries);
    this.reporter = new PodReporter(env, pod.status);
    const { name, namespace } = pod.metadata;
    const failed = (error: unknown) => env.node.logger.warn('a pod could not be brought in line', { pod: name, namespace, error });
    this.#loop = new WakeLoop(env.node.clock, () => env.node.tracing.sync(this.#pod, () => this.#step()), failed);
    this.#termination = new PodTermination(env, this.#retries, () => this.wake());
    this.#starter = new ContainerStarter(env, this.#retries, () => this.wake());
  }

  get pod(): Pod {
    return this.#pod;
  }

  update(pod: Pod): void {
    if (pod.metadata.deletionTimestamp) this.#starter.abandonHooks();
    if (!deepEqual(pod.spec, this.#desired.spec)) this.#retries.hasten();
    this.#desired = pod;
    this.#become(this.#node.allocations.granted(pod));
    this.wake();
  }

  #become(pod: Pod): void {
    if (!deepEqual(changeable(pod), changeable(this.#pod))) this.#changes++;
    this.#pod = pod;
  }

  /** Something the pod refers to has changed: its files follow, and what waited for it may go on. */
  refresh(): void {
    this.#changes++;
    this.#retries.hasten();
    this.wake();
  }

  /** The API no longer holds the pod: stop what runs, then clean up. */
  remove(): void {
    this.#removed = true;
    this.#starter.abandonHooks();
    this.#node.admissions.release(this.#pod.metadata.uid ?? '');
    this.wake();
  }

  /** Ends the pod as failed, for the node's sake. */
  end(failure: Failure): void {
    this.#ending.end(this.#pod, failure);
    this.wake();
  }

  /** Looks again soon. */
  wake(): void {
    this.#loop.wake();
  }

  /** Stops looking; what runs goes on. Resolves when the step under way is done. */
  async detach(): Promise<void> {
    this.#starter.abandonHooks();
    await this.#loop.detach();
  }

  async #step(): Promise<void> {
    let observed = await this.#observe();
    await this.#resizer.recall(this.#pod, observed);
    this.#noteEnds(observed);
    const isOver = this.#isOver(observed);
    const isWanted = !this.#removed && !this.#pod.metadata.deletionTimestamp && !isOver;
    const dueMs = isWanted ? this.#ending.look(this.#desired, this.reporter.status?.startTime) : undefined;
    if (dueMs !== undefined) this.#loop.wakeAt(dueMs);
    if (!isWanted || this.#ending.failure) return this.#terminate(observed);
    if (!this.#ending.isAdmitted) return;
    this.#become(this.#resizer.grant(this.#desired));
    if (this.#applied !== this.#changes && observed.sandbox) {
      // What changes meanwhile is for the next time.
      const changes = this.#changes;
      if (await this.#setUp.volumes(this.#pod, this.address.ips)) this.#applied = changes;
    }
    const sources = { node: this.#node, restarts: this.#restarts, reporter: this.reporter, resizer: this.#resizer };
    const plan = planPod(this.#pod, observed, planContext(this.#pod, sources));
    this.#syncWaiting(plan);
    const acted = await this.#act(plan, observed);
    if (acted) observed = await this.#observe();
    this.#probe(observed);
    await this.#resizer.shrink(this.#pod, observed);
    await this.#resizer.settle(this.#pod, observed);
    await this.#report(observed, false);
    for (const dueMs of [...plan.waiting.values(), ...this.#resizer.dueMs]) this.#loop.wakeAt(dueMs);
    this.#wakeForRetries(plan);
  }

  /** Nothing will run in this pod again: it has ended, or somebody has declared it so, before this agent was started perhaps. */
  #isOver(observed: ObservedPod): boolean {
    return (
      [this.reporter.status, this.#pod.status].some((s) => isTerminal(s?.phase)) ||
      isFinished(this.#pod, observed, (id) => this.#resizer.isRestarting(id))
    );
  }

  async #observe(): Promise<ObservedPod> {
    const { sandboxes, containers } = await this.#node.inventory.pod(this.#pod.metadata.uid ?? '');
    const observed = observe(sandboxes, containers);
    this.address.note(observed.sandbox?.ips ?? []);
    return observed;
  }

  #report(observed: ObservedPod, terminated: boolean): Promise<void> {
    const [pod, podIps, waiting, resizer] = [this.#pod, this.address.ips, this.#waiting, this.#resizer];
    return this.reporter.report(observed, { pod, podIps, waiting, failure: this.#ending.failure, resizer, terminated });
  }

  #noteEnds(observed: ObservedPod): void {
    for (const ended of this.#restarts.count(observed)) {
      this.#node.prober.forget(ended.id);
      this.#termination.ended(ended.id);
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
      this.#reports.event(this.#pod, 'Warning', 'BackOff', event, containerFieldPath(this.#pod, name));
    }
  }

  /** Returns whether what the runtime holds may have changed. */
  async #act(plan: PodPlan, observed: ObservedPod): Promise<boolean> {
    await this.#resizer.update(this.#pod, plan.resize);
    for (const kill of plan.kill) this.#kill(kill);
    if (plan.kill.length > 0) return false;
    if (plan.createSandbox === undefined && plan.start.length === 0) return false;
    const start = plan.start.filter(({ container }) => !this.#retries.waits('container', container.name));
    if (plan.createSandbox === undefined && start.length === 0) return false;
    const volumes = await this.#setUp.volumes(this.#pod, this.address.ips);
    if (!volumes) {
      this.#tellCreating(observed);
      return false;
    }
    const sandboxId = await this.#sandboxFor(plan, observed);
    if (!sandboxId || !(await this.#setUp.network(this.#pod))) return true;
    await this.#resizer.fitting.makeRoom(this.#pod, sandboxId, observed);
    for (const step of start) {
      const result = await this.#starter.start(this.#pod, step, sandboxId, volumes, this.address.ips);
      if (result.waiting) this.#waiting.set(step.container.name, result.waiting);
      else this.#waiting.delete(step.container.name);
      if (result.retryAtMs !== undefined) this.#loop.wakeAt(result.retryAtMs);
    }
    return true;
  }

  /** When something that failed is due again. */
  #wakeForRetries(plan: PodPlan): void {
    const due = (['volumes', 'sandbox', 'network'] as const).map((stage) => this.#retries.readyAtMs(stage));
    due.push(this.#setUp.waitDueMs ?? 0);
    for (const { container } of plan.start) due.push(this.#retries.readyAtMs('container', container.name));
    const nowMs = this.#node.clock.now();
    for (const atMs of due) if (atMs > nowMs) this.#loop.wakeAt(atMs);
  }

  #tellCreating(observed: ObservedPod): void {
    for (const { name } of everyContainer(this.#pod.spec)) if (!newest(observed, name)) this.#waiting.delete(name);
  }

  async #sandboxFor(plan: PodPlan, observed: ObservedPod): Promise<string | undefined> {
    if (plan.createSandbox === undefined) return observed.sandbox?.id;
    this.#tellCreating(observed);
    const made = await this.#setUp.sandbox(this.#pod, plan.createSandbox, observed);
    if (made) this.address.note(made.ips);
    return made?.id;
  }

  #kill({ containerId, name, message, resizes, graceSeconds = this.#pod.spec.terminationGracePeriodSeconds ?? 30 }: Kill): void {
    if (this.#killing.has(containerId)) return;
    if (this.#retries.waits('end', containerId)) {
      this.#loop.wakeAt(this.#retries.readyAtMs('end', containerId));
      return;
    }
    this.#killing.add(containerId);
    const noted = resizes ? this.#resizer.restarting(this.#pod, containerId) : Promise.resolve();
    this.#reports.event(this.#pod, 'Normal', 'Killing', message, containerFieldPath(this.#pod, name));
    this.#node.prober.forget(containerId);
    noted
      .then(() => this.#termination.stopContainer(this.#pod, name, containerId, graceSeconds, this.address.ips))
      .then(() => this.#retries.succeeded('end', containerId))
      .catch((error: unknown) => {
        this.#node.logger.warn('a container could not be stopped', { container: containerId, error });
        this.#retries.failed('end', containerId);
      })
      .finally(() => {
        this.#killing.delete(containerId);
        this.wake();
      });
  }

  async #terminate(observed: ObservedPod): Promise<void> {
    for (const { id, state } of [...observed.containers.values()].flat()) {
      if (state === 'running') this.#node.prober.stopHealth(id);
      else this.#node.prober.forget(id);
    }
    this.#waiting.clear();
    const { deletionGracePeriodSeconds } = this.#pod.metadata;
    const askedSeconds = deletionGracePeriodSeconds ?? this.#pod.spec.terminationGracePeriodSeconds ?? 30;
    const graceSeconds = this.#removed
      ? Math.min(1, deletionGracePeriodSeconds ?? 1)
      : Math.min(askedSeconds, this.#ending.failure?.graceSeconds ?? askedSeconds);
    if (!isStopped(observed)) {
      this.#termination.begin(this.#pod, observed, graceSeconds, this.address.ips);
      if (!this.#removed) await this.#report(observed, false);
      return;
    }
    this.#node.admissions.release(this.#pod.metadata.uid ?? '');
    const againAtMs = await this.#termination.releaseVolumes(this.#pod);
    if (againAtMs !== undefined) this.#loop.wakeAt(againAtMs);
    // Only a deletion waits for this word.
    if (!this.#removed) await this.#report(observed, againAtMs === undefined && this.#pod.metadata.deletionTimestamp !== undefined);
    else if (againAtMs === undefined) {
      await this.#termination.cleanUp(this.#pod, observed);
      void this.#loop.detach();
    }
  }

  #probe(observed: ObservedPod): void {
    for (const container of everyContainer(this.#pod.spec)) {
      const current = newest(observed, container.name);
      if (current?.state !== 'running' || this.#killing.has(current.id)) continue;
      const before = this.#adopting ? this.reporter.statusOf(container.name) : undefined;
      this.#node.prober.watch({
        ...{ pod: this.#pod, container, containerId: current.id, podIp: this.address.ips[0] ?? this.#node.hostIp },
        startedAtMs: current.startedAtMs,
        ...(before?.containerID === `containerd://${current.id}` && { adopted: { started: before.started === true, ready: before.ready } }),
      });
    }
    this.#adopting = false;
  }
}
