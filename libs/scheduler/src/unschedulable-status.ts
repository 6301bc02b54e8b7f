// Tells in a pod's status why it has no node, and which one is being freed for it. The newest wins over what is not written
// yet, what the pod already shows is not written again, and of one pod one write runs at a time.
import { Pod, type PodCondition } from '@berth/api';
import { type Client, retryOnConflict } from '@berth/client';
import { isReason } from '@berth/machinery';
import { type Clock, type Logger, timestamp } from '@berth/telemetry';

/** Pods whose status waits to be written; the reason of one more shows at its next attempt. */
const waitingMax = 10_000;
const writersMax = 16;

export interface StatusChange {
  message?: string;
  /** Empty for none. */
  nominatedNodeName?: string;
}

export class UnschedulableStatus {
  readonly #deps: { client: Client; clock: Clock; logger: Logger };
  readonly #waiting = new Map<string, StatusChange & { pod: Pod }>();
  /** By uid: the writes that are running. */
  readonly #running = new Map<string, Promise<void>>();
  /** By uid, of pods that have no node yet: the nomination written last, which the informer may not show yet. */
  readonly #nominated = new Map<string, string>();

  constructor(deps: { client: Client; clock: Clock; logger: Logger }) {
    this.#deps = deps;
  }

  write(pod: Pod, change: StatusChange): void {
    const uid = pod.metadata.uid ?? '';
    if (this.#waiting.size >= waitingMax && !this.#waiting.has(uid)) return;
    this.#waiting.set(uid, { ...this.#waiting.get(uid), ...change, pod });
    this.#writeNext();
  }

  /** What was not written for this pod shall not be: it has a node. */
  forget(uid: string): void {
    this.#waiting.delete(uid);
    this.#nominated.delete(uid);
  }

  /** The write that is still running, as the last one for this pod: what is written after it is not overwritten. */
  over(uid: string): Promise<void> | undefined {
    this.#waiting.delete(uid);
    return this.#running.get(uid);
  }

  #writeNext(): void {
    for (const [uid, { pod, ...change }] of this.#waiting) {
      if (this.#running.size >= writersMax) return;
      if (this.#running.has(uid)) continue;
      this.#waiting.delete(uid);
      this.#running.set(uid, this.#writeOne(uid, pod, change));
    }
  }

  async #writeOne(uid: string, pod: Pod, change: StatusChange): Promise<void> {
    try {
      await this.#patch(uid, pod, change);
    } catch (error) {
      this.#nominated.delete(uid);
      // Gone, or made anew under its name: nobody is left to tell.
      if (!isReason(error, 'NotFound') && !isReason(error, 'Conflict'))
        this.#deps.logger.warn('the reason why a pod has no node could not be written', { pod: pod.metadata.name, error });
    }
    this.#running.delete(uid);
    this.#writeNext();
  }

  /** Of a pod as it is, so that nothing is said of one that has a node by now. */
  async #patch(uid: string, seen: Pod, change: StatusChange): Promise<void> {
    await retryOnConflict(async (isAgain) => {
      const { name, namespace } = seen.metadata;
      const key = { name, ...(namespace && { namespace }) };
      const pod = isAgain ? await this.#deps.client.get(Pod, key) : seen;
      if (pod.metadata.uid !== uid || pod.spec.nodeName) return;
      const status = this.#statusPatch(uid, pod, change);
      if (!status) return;
      const patch = { metadata: { uid, resourceVersion: pod.metadata.resourceVersion }, status };
      await this.#deps.client.patch(Pod, key, 'strategic', patch, { subresource: 'status' });
    });
  }

  /** Undefined when the pod shows it all. */
  #statusPatch(uid: string, pod: Pod, { message, nominatedNodeName }: StatusChange): object | undefined {
    const condition = message === undefined ? undefined : this.#condition(pod, message);
    const isNomination = nominatedNodeName !== undefined && !this.#shows(uid, pod, nominatedNodeName);
    if (!condition && !isNomination) return undefined;
    if (isNomination) this.#nominated.set(uid, nominatedNodeName);
    return { ...(condition && { conditions: [condition] }), ...(isNomination && { nominatedNodeName: nominatedNodeName || null }) };
  }

  #shows(uid: string, { status }: Pod, nominatedNodeName: string): boolean {
    return (status?.nominatedNodeName ?? '') === nominatedNodeName && (this.#nominated.get(uid) ?? nominatedNodeName) === nominatedNodeName;
  }

  /** Undefined when the pod has it. */
  #condition(pod: Pod, message: string): PodCondition | undefined {
    const old = pod.status?.conditions?.find(({ type }) => type === 'PodScheduled');
    if (old?.status === 'False' && old.reason === 'Unschedulable' && old.message === message) return undefined;
    const since = old?.status === 'False' ? old.lastTransitionTime : undefined;
    return {
      type: 'PodScheduled',
      status: 'False',
      reason: 'Unschedulable',
      message,
      lastTransitionTime: since ?? timestamp(this.#deps.clock),
    };
  }
}
