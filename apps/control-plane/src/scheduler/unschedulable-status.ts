// Tells in a pod's status why it has no node. The newest reason wins over those not written yet, and a reason that the pod
// already shows is not written again.
import { Pod, type PodCondition } from '@berth/api';
import type { Client } from '@berth/client';
import { isReason } from '@berth/machinery';
import { type Clock, type Logger, timestamp } from '@berth/telemetry';

/** Pods whose status waits to be written; the reason of one more shows at its next attempt. */
const waitingMax = 10_000;
const writersMax = 16;

export class UnschedulableStatus {
  readonly #deps: { client: Client; clock: Clock; logger: Logger };
  readonly #waiting = new Map<string, { pod: Pod; message: string }>();
  #writers = 0;

  constructor(deps: { client: Client; clock: Clock; logger: Logger }) {
    this.#deps = deps;
  }

  write(pod: Pod, message: string): void {
    const uid = pod.metadata.uid ?? '';
    if (this.#waiting.size >= waitingMax && !this.#waiting.has(uid)) return;
    this.#waiting.set(uid, { pod, message });
    if (this.#writers < writersMax) void this.#drain();
  }

  /** What was not written for this pod shall not be: it has a node. */
  forget(uid: string): void {
    this.#waiting.delete(uid);
  }

  async #drain(): Promise<void> {
    this.#writers++;
    for (let [next] = this.#waiting; next; [next] = this.#waiting) {
      const [uid, { pod, message }] = next;
      this.#waiting.delete(uid);
      try {
        await this.#patch(pod, message);
      } catch (error) {
        // Gone, or made anew under its name: nobody is left to tell.
        if (isReason(error, 'NotFound') || isReason(error, 'Conflict')) continue;
        this.#deps.logger.warn('the reason why a pod has no node could not be written', { pod: pod.metadata.name, error });
      }
    }
    this.#writers--;
  }

  async #patch(pod: Pod, message: string): Promise<void> {
    const old = pod.status?.conditions?.find(({ type }) => type === 'PodScheduled');
    if (old?.status === 'False' && old.reason === 'Unschedulable' && old.message === message) return;
    const since = old?.status === 'False' ? old.lastTransitionTime : undefined;
    const condition: PodCondition = {
      type: 'PodScheduled',
      status: 'False',
      reason: 'Unschedulable',
      message,
      lastTransitionTime: since ?? timestamp(this.#deps.clock),
    };
    const { name, namespace, uid } = pod.metadata;
    const key = { name, ...(namespace && { namespace }) };
    const patch = { metadata: { uid }, status: { conditions: [condition] } };
    await this.#deps.client.patch(Pod, key, 'strategic', patch, { subresource: 'status' });
  }
}
