// How long a daemon set waits before it replaces a pod that ended: twice as long with every one that failed on the same node, from
// a second to a quarter of an hour, as a node that refuses the pod will mostly refuse the next one. Kept in this process's memory
// and forgotten after half an hour without a failure, or with the set.
import type { Pod } from '@berth/api';

const backOffMsMin = 1_000;
const backOffMsMax = 15 * 60_000;
const quietMs = 2 * backOffMsMax;

interface Failures {
  count: number;
  sinceMs: number;
  /** The one that failed last. */
  uid: string;
}

export class FailedPods {
  /** By uid of the set, then by node; no more than there are sets on nodes. */
  readonly #sets = new Map<string, Map<string, Failures>>();

  /** How long to leave a pod that failed, from now on; each pod counts once, however often it is seen. */
  waitMs(setUid: string, node: string, { metadata: { uid = '' } }: Pod, now: number): number {
    const nodes = this.#sets.get(setUid) ?? new Map<string, Failures>();
    this.#sets.set(setUid, nodes);
    const known = nodes.get(node);
    const isNews = known?.uid !== uid;
    const before = known && now - known.sinceMs < quietMs ? known.count : 0;
    const failures = isNews ? { count: before + 1, sinceMs: now, uid } : known;
    nodes.set(node, failures);
    // The first is replaced at once.
    const pauseMs = failures.count === 1 ? 0 : Math.min(backOffMsMin * 2 ** Math.min(failures.count - 2, 20), backOffMsMax);
    return Math.max(failures.sinceMs + pauseMs - now, 0);
  }

  forget(setUid: string): void {
    this.#sets.delete(setUid);
  }
}
