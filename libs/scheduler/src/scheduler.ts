// The scheduler: takes pods from the queue, decides from the snapshot, assumes what it decided and has it written meanwhile.
// The API's binding is what counts: where it disagrees, what was assumed is taken back and the pod tried again.

import { PersistentVolumeClaim, Pod } from '@berth/api';
import { type Client, EventRecorder, InformerSet } from '@berth/client';
import { isReason, keyOf } from '@berth/machinery';
import { type Decision, leastChanges, type Preemption, Snapshot, schedule } from '@berth/scheduling';
import type { Ports } from '@berth/telemetry';
import type { Registry } from 'prom-client';
import { Binder } from './binder.ts';
import { feedCluster } from './cluster-feed.ts';
import { DecisionLog } from './decision-log.ts';
import { SchedulerMetrics } from './metrics.ts';
import { Preemptor } from './preemptor.ts';
import { type QueuedPod, SchedulingQueue } from './scheduling-queue.ts';
import { SchedulingSpans } from './scheduling-spans.ts';
import { UnschedulableStatus } from './unschedulable-status.ts';

/** Bindings being written at once; at this many, deciding pauses. Those that wait for volumes are not counted. */
const bindingsMax = 500;
/** Preemptions being carried out at once; at this many, deciding pauses. */
const preemptionsMax = 100;
/** Decisions in a row before others get their turn. */
const sliceMax = 50;

export interface SchedulerOptions extends Ports {
  client: Client;
  registry: Registry;
  /** Informers of this process that other roles read too; own ones by default. */
  informers?: InformerSet;
}

export class Scheduler {
  readonly decisions: DecisionLog;
  readonly #options: SchedulerOptions;
  readonly #informers: InformerSet;
  readonly #snapshot = new Snapshot();
  readonly #queue: SchedulingQueue;
  readonly #metrics: SchedulerMetrics;
  readonly #recorder: EventRecorder;
  readonly #spans: SchedulingSpans;
  readonly #status: UnschedulableStatus;
  readonly #binder: Binder;
  readonly #preemptor: Preemptor;
  readonly #writing = new Set<Promise<void>>();
  #bindings = 0;
  #preemptions = 0;
  #isDeciding = false;
  #isRunning = false;

  constructor(options: SchedulerOptions) {
    this.#options = options;
    this.#informers = options.informers ?? new InformerSet(options);
    this.#queue = new SchedulingQueue(options.clock, () => this.#wake());
    this.decisions = new DecisionLog({ clock: options.clock, leastChanges: (uid) => this.#leastChanges(uid) });
    this.#metrics = new SchedulerMetrics(options.registry, () => this.#queue.counts());
    this.#recorder = new EventRecorder(options, { component: 'default-scheduler' });
    this.#spans = new SchedulingSpans(options);
    this.#status = new UnschedulableStatus(options);
    this.#binder = new Binder({ ...options, claims: this.#informers.of(PersistentVolumeClaim) });
    this.#preemptor = new Preemptor({ ...options, pods: this.#informers.of(Pod), recorder: this.#recorder });
  }

  async start(): Promise<void> {
    const onSettled = (uid: string) => this.#status.forget(uid);
    const onGone = (uid: string) => this.decisions.forget(uid);
    feedCluster({ informers: this.#informers, snapshot: this.#snapshot, queue: this.#queue, onSettled, onGone });
    await this.#informers.start();
    this.#isRunning = true;
    this.#wake();
  }

  async stop(): Promise<void> {
    this.#isRunning = false;
    if (!this.#options.informers) this.#informers.stop();
    this.#queue.stop();
    this.#binder.stop();
    this.#preemptor.stop();
    this.#metrics.remove();
    await Promise.allSettled([...this.#writing]);
  }

  #leastChanges(uid: string) {
    const entry = this.#queue.get(uid);
    return entry && this.#snapshot.nodeOfPod(uid) === undefined ? leastChanges(entry.facts, this.#snapshot) : undefined;
  }

  #wake(): void {
    if (this.#isDeciding || !this.#isRunning) return;
    this.#isDeciding = true;
    void this.#decideAll();
  }

  async #decideAll(): Promise<void> {
    // Later, so that what arrives together is seen together, before the first decision.
    await this.#options.clock.sleep(0);
    let inSlice = 0;
    while (this.#isRunning && this.#bindings < bindingsMax && this.#preemptions < preemptionsMax) {
      const entry = this.#queue.pop();
      if (!entry) break;
      this.#decide(entry);
      if (++inSlice % sliceMax === 0) await this.#options.clock.sleep(0);
    }
    this.#isDeciding = false;
  }

  #decide(entry: QueuedPod): void {
    const decision = this.#spans.deciding(entry, () => schedule(entry.facts, this.#snapshot, () => this.#options.random.next()));
    this.decisions.add(entry.facts, decision, entry.attempts);
    if (decision.nodeName === undefined) {
      this.#refused(entry, decision);
      return;
    }
    this.#snapshot.addPod(entry.facts, decision.nodeName);
    const nominated = this.#snapshot.nominations.remove(entry.facts.uid);
    if (nominated !== undefined && nominated !== decision.nodeName) this.#queue.happened('pod-gone');
    this.#follow(this.#write(entry, decision.nodeName, decision.claims));
  }

  #follow(work: Promise<void>): void {
    const followed = work.finally(() => {
      this.#writing.delete(followed);
      this.#wake();
    });
    this.#writing.add(followed);
  }

  #refused(entry: QueuedPod, { message, rejectedBy, preemption, nominatedNodeName, nodeCount }: Decision): void {
    this.#metrics.attempted('unschedulable');
    if (nodeCount > 0) this.#metrics.preemptionAttempted();
    if (nominatedNodeName !== undefined) this.#nominate(entry, nominatedNodeName);
    this.#recorder.record(entry.pod, 'Warning', 'FailedScheduling', message);
    this.#status.write(entry.pod, { message, ...(nominatedNodeName !== undefined && { nominatedNodeName }) });
    if (!preemption) {
      this.#queue.unschedulable(entry, rejectedBy);
      return;
    }
    this.#queue.preempting(entry, rejectedBy);
    this.#follow(this.#preempt(entry, preemption));
  }

  /** Known to the next decision, before it is written. */
  #nominate({ facts }: QueuedPod, nodeName: string): void {
    const { nominations } = this.#snapshot;
    const before = nominations.remove(facts.uid);
    if (nodeName) nominations.set(facts, nodeName);
    if (before !== undefined && before !== nodeName) this.#queue.happened('pod-gone');
  }

  async #preempt(entry: QueuedPod, preemption: Preemption): Promise<void> {
    this.#metrics.preempted(preemption.victims.length);
    this.#displace(entry, preemption.nodeName);
    this.#snapshot.nominations.await(
      entry.facts.uid,
      preemption.victims.map(({ uid }) => uid),
    );
    this.#preemptions++;
    const isDone = await this.#preemptor.preempt(entry.pod, preemption).finally(() => this.#preemptions--);
    if (this.#isRunning) this.#queue.preempted(entry, isDone);
  }

  /** Pods of lower priority that were nominated to the node find another one sooner if they look for it now. */
  #displace({ facts }: QueuedPod, nodeName: string): void {
    for (const { uid, priority, pod } of this.#snapshot.nominations.on(nodeName)) {
      if (priority >= facts.priority) continue;
      this.#snapshot.nominations.remove(uid);
      this.#status.write(this.#queue.get(uid)?.pod ?? pod, { nominatedNodeName: '' });
      this.#queue.reconsider(uid);
    }
  }

  async #write(entry: QueuedPod, nodeName: string, claims: string[]): Promise<void> {
    try {
      await this.#spans.binding(entry, nodeName, () => this.#bind(entry, nodeName, claims));
      this.#bound(entry, nodeName);
    } catch (error) {
      this.#unassume(entry, error);
    }
  }

  async #bind(entry: QueuedPod, nodeName: string, claims: string[]): Promise<void> {
    if (claims.length > 0) await this.#binder.provideVolumes(claims, nodeName);
    const statusWrite = this.#status.over(entry.facts.uid);
    if (statusWrite) await statusWrite;
    this.#bindings++;
    await this.#binder.bind(entry.pod, nodeName).finally(() => this.#bindings--);
  }

  #bound(entry: QueuedPod, nodeName: string): void {
    this.#metrics.attempted('scheduled');
    this.#metrics.bound(entry.attempts, (this.#options.clock.now() - entry.sinceMs) / 1000);
    this.#recorder.record(entry.pod, 'Normal', 'Scheduled', `Successfully assigned ${entry.facts.key} to ${nodeName}`);
    this.#queue.remove(entry.facts.uid);
  }

  #unassume(entry: QueuedPod, error: unknown): void {
    if (!this.#isRunning) return;
    const seen = this.#informers.of(Pod).get(keyOf(entry.pod));
    const isSame = seen?.metadata.uid === entry.facts.uid;
    // Bound by somebody else, or by a request whose answer got lost: that stands.
    if (isSame && seen.spec.nodeName) return;
    this.#snapshot.removePod(entry.facts.uid);
    this.#queue.happened('pod-gone');
    if (isSame) this.#status.write(seen, { nominatedNodeName: '' });
    if (!isSame || isReason(error, 'NotFound')) this.#options.logger.debug('a pod was gone before it was bound', { pod: entry.facts.key });
    else this.#bindingFailed(entry, error);
    this.#queue.failed(entry);
  }

  #bindingFailed(entry: QueuedPod, error: unknown): void {
    this.#metrics.attempted('error');
    const reason = error instanceof Error ? error.message : String(error);
    this.#options.logger.warn('a pod could not be bound; trying again', { pod: entry.facts.key, error });
    this.#recorder.record(entry.pod, 'Warning', 'FailedScheduling', reason);
    this.decisions.failed(entry.facts.uid, reason);
  }
}
