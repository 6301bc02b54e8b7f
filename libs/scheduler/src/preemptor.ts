// Carries out preemptions: says of each victim why it goes, deletes it by its own grace period, and records that. One is over
// once the informer shows all its victims to be going, so that nothing is decided on pods that only seem to stay.
import { Pod, type PodCondition } from '@berth/api';
import type { Client, EventRecorder, Informer } from '@berth/client';
import { isReason, keyOf } from '@berth/machinery';
import type { Preemption } from '@berth/scheduling';
import { type Clock, type Logger, timestamp } from '@berth/telemetry';

/** Victims of one preemption that are removed at a time. */
const removalsMax = 16;
/** The informer shows what was written long before; if it does not, the pod is tried again. */
const seenMsMax = 30_000;

export interface PreemptorDeps {
  client: Client;
  clock: Clock;
  logger: Logger;
  pods: Informer<Pod>;
  recorder: EventRecorder;
}

export class Preemptor {
  readonly #deps: PreemptorDeps;
  /** By uid: who waits for a victim to be going. As many as there are victims of preemptions being carried out. */
  readonly #waiters = new Map<string, Set<() => void>>();

  constructor(deps: PreemptorDeps) {
    this.#deps = deps;
    deps.pods.onChange((type, { metadata }, old) => {
      if (type === 'DELETED' || metadata.deletionTimestamp) this.#wake(metadata.uid);
      if (old && old.metadata.uid !== metadata.uid) this.#wake(old.metadata.uid);
    });
  }

  stop(): void {
    for (const uid of this.#waiters.keys()) this.#wake(uid);
  }

  /** Resolves with whether all victims are going. */
  async preempt(pod: Pod, { nodeName, victims }: Preemption): Promise<boolean> {
    if (!(await this.#needsNode(pod))) return false;
    const queue = victims.values();
    let isDone = true;
    const worker = async () => {
      for (const victim of queue) isDone = (await this.#remove(victim.pod, pod, nodeName)) && isDone;
    };
    await Promise.all(Array.from({ length: Math.min(removalsMax, victims.length) }, worker));
    return isDone;
  }

  /** Asked of the API itself: for a pod that has a node by now, or is gone, nobody is to be removed. */
  async #needsNode({ metadata: { name, namespace, uid } }: Pod): Promise<boolean> {
    try {
      const { metadata, spec } = await this.#deps.client.get(Pod, { name, ...(namespace && { namespace }) });
      return metadata.uid === uid && !metadata.deletionTimestamp && !spec.nodeName;
    } catch (error) {
      if (!isReason(error, 'NotFound')) this.#deps.logger.warn('a pod could not be read; nobody is removed for it', { pod: name, error });
      return false;
    }
  }

  async #remove(victim: Pod, preemptor: Pod, nodeName: string): Promise<boolean> {
    const uid = victim.metadata.uid ?? '';
    if (this.#isGoing(victim)) return true;
    // Another preemption may be removing it already.
    const isFirst = !this.#waiters.has(uid);
    const going = this.#whenGoing(uid);
    try {
      if (isFirst && (await this.#delete(victim)))
        this.#deps.recorder.record(victim, 'Normal', 'Preempted', `Preempted by pod ${preemptor.metadata.uid} on node ${nodeName}`);
      return await going.seen;
    } catch (error) {
      this.#deps.logger.warn('a pod could not be removed for one of higher priority; trying again', {
        pod: keyOf(victim),
        preemptor: keyOf(preemptor),
        error,
      });
      return false;
    } finally {
      going.end();
    }
  }

  /** Returns false when it was gone before. */
  async #delete(victim: Pod): Promise<boolean> {
    const { name, namespace, uid, generation } = victim.metadata;
    const key = { name, ...(namespace && { namespace }) };
    const condition: PodCondition = {
      type: 'DisruptionTarget',
      status: 'True',
      reason: 'PreemptionByScheduler',
      message: 'default-scheduler: preempting to accommodate a higher priority pod',
      lastTransitionTime: timestamp(this.#deps.clock),
      ...(generation !== undefined && { observedGeneration: generation }),
    };
    try {
      const patch = { metadata: { uid }, status: { conditions: [condition] } };
      await this.#deps.client.patch(Pod, key, 'strategic', patch, { subresource: 'status' });
      await this.#deps.client.delete(Pod, key, uid ? { preconditions: { uid } } : {});
      return true;
    } catch (error) {
      // Gone, or another one under its name.
      if (isReason(error, 'NotFound') || isReason(error, 'Conflict')) return false;
      throw error;
    }
  }

  #isGoing({ metadata }: Pod): boolean {
    const seen = this.#deps.pods.get(metadata.namespace ? `${metadata.namespace}/${metadata.name}` : metadata.name);
    return seen?.metadata.uid !== metadata.uid || seen?.metadata.deletionTimestamp !== undefined;
  }

  #whenGoing(uid: string): { seen: Promise<boolean>; end: () => void } {
    const { promise: seen, resolve } = Promise.withResolvers<boolean>();
    const wakes = this.#waiters.get(uid) ?? new Set();
    this.#waiters.set(uid, wakes);
    const wake = () => resolve(true);
    wakes.add(wake);
    const timer = this.#deps.clock.after(seenMsMax, () => resolve(false));
    const end = () => {
      timer.cancel();
      wakes.delete(wake);
      if (wakes.size === 0) this.#waiters.delete(uid);
    };
    return { seen, end };
  }

  #wake(uid: string | undefined): void {
    for (const wake of this.#waiters.get(uid ?? '') ?? []) wake();
  }
}
