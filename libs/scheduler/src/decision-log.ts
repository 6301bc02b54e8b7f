// The newest decision of every pod that there is, for whoever asks why. Bounded in bytes: the oldest lose what they say of single nodes
// first, and are dropped next.
import type { Decision as DecisionObject } from '@berth/api';
import type { DecisionChanged, DecisionSource } from '@berth/apiserver/core';
import type { Decision, LeastChanges, PodFacts } from '@berth/scheduling';
import { type Clock, timestamp } from '@berth/telemetry';
import { bytesOf, bytesOfDetails, decisionObject, type KeptDecision, keptDecision } from './kept-decision.ts';

const bytesMaxByDefault = 8 * 1024 * 1024;
/** Versions of a scheduler begin where none of an earlier one can be, and stay whole numbers. */
const versionsPerMs = 1_000;

export interface DecisionLogOptions {
  clock: Clock;
  bytesMax?: number;
  /** Of a pod that waits for a node: what would make it fit, as things are now. Undefined when it does not wait any more. */
  leastChanges(uid: string): LeastChanges | undefined;
}

export class DecisionLog implements DecisionSource {
  readonly since: string;
  readonly #options: DecisionLogOptions;
  readonly #bytesMax: number;
  /** By uid, the oldest decision first. */
  readonly #kept = new Map<string, KeptDecision>();
  /** Uids of those with details, the oldest decision first. */
  readonly #detailed = new Set<string>();
  /** Uids by `namespace/name`. */
  readonly #names = new Map<string, string>();
  readonly #listeners = new Set<(change: DecisionChanged) => void>();
  #bytes = 0;
  #version: number;
  /** The version at which one was last forgotten. */
  #forgotAt: number;

  constructor(options: DecisionLogOptions) {
    this.#options = options;
    this.#bytesMax = options.bytesMax ?? bytesMaxByDefault;
    this.since = timestamp(options.clock);
    this.#version = Math.floor(options.clock.now()) * versionsPerMs;
    this.#forgotAt = this.#version;
  }

  get version(): number {
    return this.#version;
  }

  get bytes(): number {
    return this.#bytes;
  }

  add(facts: PodFacts, decision: Decision, attempts: number): void {
    const old = this.#kept.get(facts.uid);
    if (old) this.#drop(old);
    const kept = keptDecision(facts, decision, { version: ++this.#version, atMs: this.#options.clock.now(), attempts });
    this.#kept.set(kept.uid, kept);
    this.#detailed.add(kept.uid);
    this.#names.set(keyOf(kept), kept.uid);
    this.#bytes += bytesOf(kept);
    this.#shrink();
    this.#publish(old ? 'MODIFIED' : 'ADDED', kept);
  }

  /** The node that was chosen could not be given to the pod. */
  failed(uid: string, failure: string): void {
    const kept = this.#kept.get(uid);
    if (!kept) return;
    this.#bytes -= bytesOf(kept);
    Object.assign(kept, { failure, nodeName: undefined, version: ++this.#version });
    this.#bytes += bytesOf(kept);
    this.#publish('MODIFIED', kept);
  }

  /** The pod is gone. */
  forget(uid: string): void {
    const kept = this.#kept.get(uid);
    if (!kept) return;
    this.#drop(kept);
    this.#forgotAt = ++this.#version;
    kept.version = this.#version;
    this.#publish('DELETED', kept);
  }

  current(namespace: string | undefined): DecisionObject[] {
    return this.#chosen(namespace, () => true);
  }

  after(version: number, namespace: string | undefined): DecisionObject[] | undefined {
    if (!(version >= this.#forgotAt)) return undefined;
    return this.#chosen(namespace, (kept) => kept.version > version);
  }

  get(namespace: string, podName: string): DecisionObject | undefined {
    const kept = this.#kept.get(this.#names.get(`${namespace}/${podName}`) ?? '');
    if (!kept) return undefined;
    const object = decisionObject(kept);
    const changes = kept.nodeName === undefined ? this.#options.leastChanges(kept.uid) : undefined;
    return changes ? withChanges(object, changes) : object;
  }

  onChange(listener: (change: DecisionChanged) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #chosen(namespace: string | undefined, isWanted: (kept: KeptDecision) => boolean): DecisionObject[] {
    const wanted = [...this.#kept.values()].filter((kept) => (!namespace || kept.namespace === namespace) && isWanted(kept));
    return wanted.sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1)).map(decisionObject);
  }

  #publish(type: DecisionChanged['type'], kept: KeptDecision): void {
    if (this.#listeners.size === 0) return;
    const change = { type, decision: decisionObject(kept) };
    for (const listener of this.#listeners) listener(change);
  }

  #drop(kept: KeptDecision): void {
    this.#bytes -= bytesOf(kept);
    this.#kept.delete(kept.uid);
    this.#detailed.delete(kept.uid);
    // Another pod may have its name by now.
    if (this.#names.get(keyOf(kept)) === kept.uid) this.#names.delete(keyOf(kept));
  }

  #shrink(): void {
    for (const uid of this.#detailed) {
      if (this.#bytes <= this.#bytesMax) return;
      const kept = this.#kept.get(uid);
      if (kept?.details) this.#bytes -= bytesOfDetails(kept.details);
      if (kept) kept.details = undefined;
      this.#detailed.delete(uid);
    }
    for (const kept of this.#kept.values()) {
      if (this.#bytes <= this.#bytesMax) return;
      this.forget(kept.uid);
    }
  }
}

function keyOf({ namespace, name }: KeptDecision): string {
  return `${namespace}/${name}`;
}

function withChanges(object: DecisionObject, { ways, isLeast, obstacle }: LeastChanges): DecisionObject {
  const notes = [...(object.notes ?? [])];
  if (obstacle !== undefined) notes.push(`what would make it fit is known once this is mended: ${obstacle}`);
  else if (ways.length === 0) notes.push('no change of what the pod asks for, of room and of cordons would make it fit');
  else if (!isLeast) notes.push('a smaller change may do: there are too many nodes and demands to try everything');
  const isFitting = ways[0]?.changes.length === 0;
  if (isFitting) notes.push('it fits as things are now: the scheduler tries it again by itself');
  return { ...object, ...(!isFitting && ways.length > 0 && { leastChanges: ways }), notes };
}
