// What must never happen, not even for a moment; checked at every commit of a simulated cluster.
import type { Pod, ReplicaSet } from '@berth/api';
import type { StoreEvent } from '@berth/store';

export class Safety {
  readonly offences: string[] = [];
  /** Keys of pods that were removed for others. */
  readonly preempted = new Set<string>();
  readonly #answersGetLost: boolean;
  /** Pod UID → node. */
  readonly #bindings = new Map<string, string>();
  /** Replica set UID → the most pods it ever asked for. */
  readonly #wanted = new Map<string, number>();
  /** Replica set UID → keys of its pods that are meant to run. */
  readonly #pods = new Map<string, Set<string>>();
  /** The highest priority of any pod that there was. */
  #highest = 0;

  /** @param answersGetLost whose write seemed to fail may try it again, so that too much may be made for a moment */
  constructor(answersGetLost: boolean) {
    this.#answersGetLost = answersGetLost;
  }

  note({ type, kv, previous }: StoreEvent): void {
    const object: unknown = JSON.parse(Buffer.from(type === 'put' ? kv.value : (previous?.value ?? kv.value)).toString('utf8') || 'null');
    if (object === null) return;
    if (kv.key.startsWith('/registry/core/pods/')) this.#notePod(type, kv.key, object as Pod);
    if (kv.key.startsWith('/registry/apps/replicasets/')) this.#noteReplicaSet(object as ReplicaSet);
  }

  #noteReplicaSet({ metadata, spec }: ReplicaSet): void {
    const uid = metadata.uid ?? '';
    this.#wanted.set(uid, Math.max(this.#wanted.get(uid) ?? 0, spec.replicas ?? 1));
  }

  #notePod(type: StoreEvent['type'], key: string, { metadata, spec, status }: Pod): void {
    const { uid = '', name, deletionTimestamp, ownerReferences = [] } = metadata;
    this.#notePreemption(key, spec, status);
    const before = this.#bindings.get(uid);
    if (before !== undefined && before !== spec.nodeName) this.offences.push(`pod ${name} moved from ${before} to ${spec.nodeName}`);
    if (spec.nodeName) this.#bindings.set(uid, spec.nodeName);
    const owner = ownerReferences.find((reference) => reference.controller)?.uid ?? '';
    const pods = this.#pods.get(owner) ?? new Set<string>();
    this.#pods.set(owner, pods);
    if (type === 'put' && !deletionTimestamp && status?.phase !== 'Failed') pods.add(key);
    else pods.delete(key);
    const wanted = this.#wanted.get(owner) ?? 0;
    if (!this.#answersGetLost && pods.size > wanted)
      this.offences.push(`${pods.size} pods where ${wanted} were the most ever wanted: ${key}`);
  }

  #notePreemption(key: string, { priority = 0 }: Pod['spec'], status: Pod['status']): void {
    this.#highest = Math.max(this.#highest, priority);
    if (!status?.conditions?.some(({ reason }) => reason === 'PreemptionByScheduler')) return;
    this.preempted.add(key);
    if (priority >= this.#highest) this.offences.push(`${key} was removed, and there was none of a higher priority`);
  }
}
