// Pods that wait for room being made for them on a node. Until they are there, others of the same or a lower priority may
// not take that room.
import type { PodFacts } from './pod-facts.ts';

export class Nominations {
  readonly #byNode = new Map<string, Map<string, PodFacts>>();
  readonly #nodes = new Map<string, string>();
  /** By uid of who waits: uids of those that are going for it. */
  readonly #victims = new Map<string, Set<string>>();

  get size(): number {
    return this.#nodes.size;
  }

  nodeOf(uid: string): string | undefined {
    return this.#nodes.get(uid);
  }

  on(nodeName: string): PodFacts[] {
    return [...(this.#byNode.get(nodeName)?.values() ?? [])];
  }

  set(pod: PodFacts, nodeName: string): void {
    if (this.#nodes.get(pod.uid) !== nodeName) this.remove(pod.uid);
    this.#nodes.set(pod.uid, nodeName);
    const here = this.#byNode.get(nodeName) ?? new Map<string, PodFacts>();
    this.#byNode.set(nodeName, here.set(pod.uid, pod));
  }

  /** Returns where it was nominated to. */
  remove(uid: string): string | undefined {
    const nodeName = this.#nodes.get(uid);
    if (nodeName === undefined) return undefined;
    this.#nodes.delete(uid);
    this.#victims.delete(uid);
    const here = this.#byNode.get(nodeName);
    here?.delete(uid);
    if (here?.size === 0) this.#byNode.delete(nodeName);
    return nodeName;
  }

  /** Those on a node that a pod leaves room for. */
  aheadOf(pod: PodFacts, nodeName: string): PodFacts[] {
    const here = this.#byNode.get(nodeName);
    return here ? [...here.values()].filter(({ uid, priority }) => priority >= pod.priority && uid !== pod.uid) : [];
  }

  /** Notes whose going a nominated pod waits for. */
  await(uid: string, victims: Iterable<string>): void {
    if (this.#nodes.has(uid)) this.#victims.set(uid, new Set(victims));
  }

  /** Takes in that a pod is gone. Returns whether it was the last that another one waited for. */
  isLastOf(uid: string, victim: string): boolean {
    const victims = this.#victims.get(uid);
    if (!victims?.delete(victim) || victims.size > 0) return false;
    this.#victims.delete(uid);
    return true;
  }

  /** Names of nodes that somebody is nominated to. */
  nodeNames(): Iterable<string> {
    return this.#byNode.keys();
  }
}
