// Pods that wait for a node: active ones by priority and age, those that back off, those that fit nowhere until something
// changes, gated ones, and those for which others are being removed. A pod is in one of these places, or being bound. As many as the cluster has pending pods, which
// the informer holds anyhow.
import type { Pod } from '@berth/api';
import { type PodFacts, podFacts } from '@berth/scheduling';
import type { Clock, Timer } from '@berth/telemetry';
import { Heap } from './heap.ts';

const backOffMsMin = 1_000;
const backOffMsMax = 10_000;
/** After this long an unschedulable pod is tried again, whatever happened. */
const unschedulableMsMax = 300_000;

export type Place = 'active' | 'backoff' | 'unschedulable' | 'gated' | 'preempting' | 'binding';

/** What happened in the cluster that may let a pod fit which did not. */
export type ClusterEvent = 'node' | 'pod-placed' | 'pod-shrunk' | 'pod-terminating' | 'pod-gone' | 'volume' | 'device' | 'namespace';

export interface QueuedPod {
  pod: Pod;
  facts: PodFacts;
  place: Place;
  attempts: number;
  /** Unix milliseconds of when it first could be tried. */
  sinceMs: number;
  order: number;
  readyAtMs: number;
  /** Plugins that refused it the last time. */
  rejectedBy: string[];
  /** Whether something happened while others are being removed for it that may let it fit. */
  isHelped: boolean;
}

export class SchedulingQueue {
  readonly #clock: Clock;
  readonly #onActive: () => void;
  readonly #pods = new Map<string, QueuedPod>();
  // Both may hold pods that have moved on; they are skipped as they come up.
  readonly #active = new Heap<{ entry: QueuedPod; order: number }>(
    (a, b) => priorityOf(a.entry) > priorityOf(b.entry) || (priorityOf(a.entry) === priorityOf(b.entry) && a.order < b.order),
  );
  readonly #waiting = new Heap<{ entry: QueuedPod; place: Place; attempts: number; atMs: number }>((a, b) => a.atMs < b.atMs);
  #timer: Timer | undefined;
  #timerAtMs = Number.POSITIVE_INFINITY;
  #order = 0;

  constructor(clock: Clock, onActive: () => void) {
    this.#clock = clock;
    this.#onActive = onActive;
  }

  get(uid: string): QueuedPod | undefined {
    return this.#pods.get(uid);
  }

  counts(): Record<Place, number> {
    const counts: Record<Place, number> = { active: 0, backoff: 0, unschedulable: 0, gated: 0, preempting: 0, binding: 0 };
    for (const { place } of this.#pods.values()) counts[place]++;
    return counts;
  }

  /** Takes a pending pod in, or what is new about it; only a change that matters to scheduling has it tried again. */
  update(pod: Pod): void {
    const uid = pod.metadata.uid ?? '';
    const isGated = (pod.spec.schedulingGates?.length ?? 0) > 0;
    const known = this.#pods.get(uid);
    if (!known) {
      const now = this.#clock.now();
      const facts = podFacts(pod);
      const entry: QueuedPod = {
        pod,
        facts,
        place: 'gated',
        attempts: 0,
        sinceMs: now,
        order: ++this.#order,
        readyAtMs: 0,
        rejectedBy: [],
        isHelped: false,
      };
      this.#pods.set(uid, entry);
      if (!isGated) this.#activate(entry);
      return;
    }
    const shape = known.facts.shape;
    known.facts = podFacts(pod);
    known.pod = pod;
    if (known.place === 'gated' && !isGated) {
      known.sinceMs = this.#clock.now();
      this.#activate(known);
    } else if (shape !== known.facts.shape) this.#help(known);
  }

  remove(uid: string): void {
    this.#pods.delete(uid);
  }

  /** The next pod to try; it counts as being bound until told otherwise. */
  pop(): QueuedPod | undefined {
    for (let next = this.#active.pop(); next; next = this.#active.pop()) {
      const { entry, order } = next;
      if (entry.place !== 'active' || entry.order !== order || this.#pods.get(entry.facts.uid) !== entry) continue;
      entry.place = 'binding';
      entry.attempts++;
      return entry;
    }
    return undefined;
  }

  /** It fits nowhere: until an event that can help. */
  unschedulable(entry: QueuedPod, rejectedBy: string[]): void {
    entry.rejectedBy = rejectedBy;
    entry.readyAtMs = this.#clock.now() + backOffMs(entry.attempts);
    this.#park(entry);
  }

  /** It fits nowhere, and others are being removed for it: it is not tried before `preempted` is called. */
  preempting(entry: QueuedPod, rejectedBy: string[]): void {
    entry.rejectedBy = rejectedBy;
    entry.readyAtMs = this.#clock.now() + backOffMs(entry.attempts);
    entry.isHelped = false;
    entry.place = 'preempting';
  }

  /** @param isDone whether all the others are going; if not, it is tried again after its back-off */
  preempted(entry: QueuedPod, isDone: boolean): void {
    if (this.#pods.get(entry.facts.uid) !== entry || entry.place !== 'preempting') return;
    if (isDone && !entry.isHelped) this.#park(entry);
    else this.#retry(entry);
  }

  /** Those that were removed for it are gone: at once, whatever its back-off. */
  roomMade(uid: string): void {
    const entry = this.#pods.get(uid);
    if (!entry) return;
    entry.readyAtMs = this.#clock.now();
    if (entry.place === 'backoff') this.#activate(entry);
    else this.#help(entry);
  }

  /** The node that it waited for is not kept for it any longer. */
  reconsider(uid: string): void {
    const entry = this.#pods.get(uid);
    if (entry) this.#help(entry);
  }

  /** Binding failed: again after its back-off. */
  failed(entry: QueuedPod): void {
    if (this.#pods.get(entry.facts.uid) !== entry) return;
    entry.readyAtMs = this.#clock.now() + backOffMs(entry.attempts);
    this.#retry(entry);
  }

  happened(event: ClusterEvent): void {
    for (const entry of this.#pods.values()) {
      const isWaiting = entry.place === 'unschedulable' || entry.place === 'preempting';
      if (isWaiting && canHelp(event, entry)) this.#help(entry);
    }
  }

  stop(): void {
    this.#timer?.cancel();
    this.#pods.clear();
  }

  #activate(entry: QueuedPod): void {
    entry.place = 'active';
    entry.order = ++this.#order;
    this.#active.push({ entry, order: entry.order });
    this.#onActive();
  }

  #help(entry: QueuedPod): void {
    if (entry.place === 'preempting') entry.isHelped = true;
    else if (entry.place === 'unschedulable') this.#retry(entry);
  }

  #park(entry: QueuedPod): void {
    entry.place = 'unschedulable';
    this.#wait(entry, this.#clock.now() + unschedulableMsMax);
  }

  #retry(entry: QueuedPod): void {
    if (entry.readyAtMs <= this.#clock.now()) {
      this.#activate(entry);
      return;
    }
    entry.place = 'backoff';
    this.#wait(entry, entry.readyAtMs);
  }

  #wait(entry: QueuedPod, atMs: number): void {
    this.#waiting.push({ entry, place: entry.place, attempts: entry.attempts, atMs });
    this.#arm();
  }

  #arm(): void {
    const next = this.#waiting.peek();
    if (!next || next.atMs >= this.#timerAtMs) return;
    this.#timer?.cancel();
    this.#timerAtMs = next.atMs;
    this.#timer = this.#clock.after(Math.max(0, next.atMs - this.#clock.now()), () => this.#wake());
  }

  #wake(): void {
    this.#timerAtMs = Number.POSITIVE_INFINITY;
    const now = this.#clock.now();
    for (let next = this.#waiting.peek(); next && next.atMs <= now; next = this.#waiting.peek()) {
      this.#waiting.pop();
      const { entry, place, attempts } = next;
      if (this.#pods.get(entry.facts.uid) === entry && entry.place === place && entry.attempts === attempts) this.#activate(entry);
    }
    this.#arm();
  }
}

function priorityOf({ pod }: QueuedPod): number {
  return pod.spec.priority ?? 0;
}

function backOffMs(attempts: number): number {
  return Math.min(backOffMsMin * 2 ** Math.min(attempts - 1, 10), backOffMsMax);
}

const helpedBy: Record<Exclude<ClusterEvent, 'node'>, string[]> = {
  'pod-placed': ['InterPodAffinity', 'PodTopologySpread'],
  'pod-shrunk': ['NodeResourcesFit'],
  // Pods that are going do not count where pods are to be spread.
  'pod-terminating': ['PodTopologySpread'],
  'pod-gone': [
    'NodeResourcesFit',
    'NodePorts',
    'InterPodAffinity',
    'PodTopologySpread',
    'VolumeRestrictions',
    'NodeVolumeLimits',
    'VolumeBinding',
  ],
  volume: ['VolumeRestrictions', 'NodeVolumeLimits', 'VolumeBinding', 'VolumeZone'],
  device: ['DynamicResources'],
  namespace: ['InterPodAffinity'],
};

function canHelp(event: ClusterEvent, entry: QueuedPod): boolean {
  return event === 'node' || entry.rejectedBy.some((plugin) => helpedBy[event].includes(plugin));
}
