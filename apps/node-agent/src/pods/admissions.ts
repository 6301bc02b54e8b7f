// Admission over time: pods are decided about one at a time, each beside those that were taken before it. One that was taken is
// never refused again, also by an agent that starts anew. Where a refusal may rest on old news of the node, it waits for newer ones;
// where a critical pod lacks room, others go first.
import type { Pod } from '@berth/api';
import type { Clock } from '@berth/telemetry';
import { type AdmittingNode, admit, type Rejection } from './admission.ts';
import type { Allocations } from './allocations.ts';
import { isCritical, podsToPreempt } from './critical-pods.ts';
import { type Failure, terminationByKubelet } from './failure.ts';

/** Within this, what the control plane knew of the node when the pod was bound has come here too. */
const nodeNewsMs = 2_000;
/** A pod that waits for others to end is woken by their end; this is for when that is missed. */
const roomRetryMs = 10_000;

export interface AdmissionDeps {
  allocations: Allocations;
  /** As it is now. */
  node(): AdmittingNode;
  clock: Pick<Clock, 'now'>;
  evict(uid: string, failure: Failure): void;
  /** Has a pod decided about anew. */
  wake(uid: string): void;
}

export class Admissions {
  readonly #deps: AdmissionDeps;
  /** Pods that wait, by uid, with the time they came. */
  readonly #waiting = new Map<string, number>();
  /** Who waits for a pod's end, by uid. */
  readonly #ends = new Map<string, (() => void)[]>();

  constructor(deps: AdmissionDeps) {
    this.#deps = deps;
  }

  /** A pod that was taken before, by this agent or an earlier one. */
  keep(pod: Pod): void {
    this.#deps.allocations.add(pod);
  }

  /** Whether the pod is taken, refused, or has to be asked for again at a time. */
  decide(pod: Pod): 'admitted' | Rejection | { againAtMs: number } {
    const { allocations, node, clock } = this.#deps;
    const { uid = '' } = pod.metadata;
    const others = allocations.active(uid);
    const rejection = admit(pod, node(), others);
    if (!rejection) {
      this.#waiting.delete(uid);
      allocations.add(pod);
      return 'admitted';
    }
    const sinceMs = this.#waiting.get(uid) ?? clock.now();
    this.#waiting.set(uid, sinceMs);
    if (rejection.isByNode && clock.now() < sinceMs + nodeNewsMs) return { againAtMs: sinceMs + nodeNewsMs };
    if (rejection.missing && isCritical(pod)) return this.#makeRoom(pod, others, rejection.missing);
    this.#waiting.delete(uid);
    return rejection;
  }

  /** Resolves once nothing of the pod runs any more. */
  ended(uid: string): Promise<void> {
    return new Promise((resolve) => this.#ends.set(uid, [...(this.#ends.get(uid) ?? []), resolve]));
  }

  /** Nothing of the pod runs any more: there may be room for those that wait. */
  release(uid: string): void {
    this.#deps.allocations.release(uid);
    for (const resolve of this.#ends.get(uid) ?? []) resolve();
    this.#ends.delete(uid);
    this.#waiting.delete(uid);
    this.nodeChanged();
  }

  /** Those that wait are decided about anew. */
  nodeChanged(): void {
    for (const uid of this.#waiting.keys()) this.#deps.wake(uid);
  }

  #makeRoom(pod: Pod, others: Pod[], missing: NonNullable<Rejection['missing']>): Rejection | { againAtMs: number } {
    const victims = podsToPreempt(pod, others, missing);
    if (!victims) {
      this.#waiting.delete(pod.metadata.uid ?? '');
      const amounts = missing.map(({ resource, amount }) => `(res: ${resource}, q: ${amount}), `).join('');
      const why = `preemption: error finding a set of pods to preempt: no set of running pods found to reclaim resources: [${amounts}]`;
      return {
        reason: 'UnexpectedAdmissionError',
        message: `Unexpected error while attempting to recover from admission failure: ${why}`,
      };
    }
    for (const { metadata } of victims) {
      this.#deps.evict(metadata.uid ?? '', {
        reason: 'Preempting',
        message: 'Preempted in order to admit critical pod',
        condition: terminationByKubelet('Pod was preempted by Kubelet to accommodate a critical pod.'),
      });
    }
    return { againAtMs: this.#deps.clock.now() + roomRetryMs };
  }
}

/** Those that came first are decided about first. */
export function inAdmissionOrder(pods: Pod[]): Pod[] {
  const createdMs = ({ metadata }: Pod) => Date.parse(metadata.creationTimestamp ?? '') || 0;
  return [...pods].sort((a, b) => createdMs(a) - createdMs(b));
}
