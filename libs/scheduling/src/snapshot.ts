// What scheduling knows of the cluster, kept up to date change by change. Pods may be added on the strength of a decision
// that is not written yet (assumed); adding the same uid again, as it then is observed, replaces them.
import type { Node } from '@berth/api';
import { DeviceState } from './device-state.ts';
import { DisruptionBudgets } from './disruption-budgets.ts';
import { NodeState } from './node-state.ts';
import { Nominations } from './nominations.ts';
import type { PodFacts } from './pod-facts.ts';
import { VolumeState } from './volume-state.ts';

export class Snapshot {
  /** By slot; a slot of a node that is gone is used again. */
  readonly nodes: (NodeState | undefined)[] = [];
  readonly volumes = new VolumeState();
  readonly devices = new DeviceState();
  readonly nominations = new Nominations();
  readonly budgets = new DisruptionBudgets();
  readonly #byName = new Map<string, NodeState>();
  readonly #freeSlots: number[] = [];
  readonly #placed = new Map<string, { facts: PodFacts; node: NodeState }>();
  /** How many placed pods there are of each priority. */
  readonly #priorities = new Map<number, number>();
  readonly #namespaceLabels = new Map<string, Record<string, string>>();
  readonly #services = new Map<string, Map<string, Record<string, string>>>();
  /** Slots in the order they changed; entry i is change number `#changesFrom` + i. */
  #changes: number[] = [];
  #changesFrom = 0;
  #nodeCount = 0;
  /** Grows whenever something changes that may matter to every pod on every node. */
  epoch = 0;

  get nodeCount(): number {
    return this.#nodeCount;
  }

  get podCount(): number {
    return this.#placed.size;
  }

  node(name: string): NodeState | undefined {
    const state = this.#byName.get(name);
    return state?.node && state;
  }

  /** Returns whether anything that matters to scheduling is different. */
  updateNode(node: Node): boolean {
    const state = this.#stateFor(node.metadata.name);
    const isNew = state.node === undefined;
    if (isNew) this.#nodeCount++;
    const changed = state.describe(node) || isNew;
    if (changed) this.#changed(state);
    return changed;
  }

  removeNode(name: string): void {
    const state = this.#byName.get(name);
    if (!state?.node) return;
    this.#nodeCount--;
    state.node = undefined;
    this.#changed(state);
    this.#dropIfEmpty(state);
  }

  /** Takes a pod as being on a node, observed or assumed. Returns whether it takes less of something than before. */
  addPod(facts: PodFacts, nodeName: string): boolean {
    const known = this.#placed.get(facts.uid);
    if (
      known?.node.name === nodeName &&
      known.facts.shape === facts.shape &&
      known.facts.isTerminating === facts.isTerminating &&
      known.facts.priority === facts.priority
    ) {
      // Ports are taken off a node by identity.
      known.facts = { ...facts, hostPorts: known.facts.hostPorts };
      known.node.renew(known.facts);
      return false;
    }
    if (known) this.removePod(facts.uid);
    const node = this.#stateFor(nodeName);
    node.add(facts);
    this.#placed.set(facts.uid, { facts, node });
    this.#countPriority(facts.priority, 1);
    for (const name of facts.claims) this.volumes.countUser(`${facts.namespace}/${name}`, 1);
    this.#changed(node);
    return [...(known?.facts.requests ?? [])].some(([name, amount]) => (facts.requests.get(name) ?? 0) < amount);
  }

  removePod(uid: string): void {
    const known = this.#placed.get(uid);
    if (!known) return;
    this.#placed.delete(uid);
    known.node.remove(known.facts);
    this.#countPriority(known.facts.priority, -1);
    for (const name of known.facts.claims) this.volumes.countUser(`${known.facts.namespace}/${name}`, -1);
    this.#changed(known.node);
    this.#dropIfEmpty(known.node);
  }

  nodeOfPod(uid: string): string | undefined {
    return this.#placed.get(uid)?.node.name;
  }

  /** Whether any placed pod could be removed for one of this priority. */
  hasPodsBelow(priority: number): boolean {
    for (const other of this.#priorities.keys()) if (other < priority) return true;
    return false;
  }

  #countPriority(priority: number, by: 1 | -1): void {
    const count = (this.#priorities.get(priority) ?? 0) + by;
    if (count === 0) this.#priorities.delete(priority);
    else this.#priorities.set(priority, count);
  }

  setNamespace(name: string, labels: Record<string, string> | undefined): void {
    if (labels) this.#namespaceLabels.set(name, labels);
    else this.#namespaceLabels.delete(name);
    this.epoch++;
  }

  namespaceLabels(name: string): Record<string, string> {
    return this.#namespaceLabels.get(name) ?? {};
  }

  /** @param selector absent when the service is gone or selects nothing */
  setService(namespace: string, name: string, selector: Record<string, string> | undefined): void {
    const services = this.#services.get(namespace) ?? new Map<string, Record<string, string>>();
    if (selector) services.set(name, selector);
    else services.delete(name);
    if (services.size > 0) this.#services.set(namespace, services);
    else this.#services.delete(namespace);
    this.epoch++;
  }

  /** Selectors of the services that a pod is behind. */
  serviceSelectorsFor(pod: PodFacts): Record<string, string>[] {
    return [...(this.#services.get(pod.namespace)?.values() ?? [])].filter((selector) =>
      Object.entries(selector).every(([key, value]) => pod.labels[key] === value),
    );
  }

  /** Where `changedSince` starts for who has just read everything. */
  get cursor(): number {
    return this.#changesFrom + this.#changes.length;
  }

  /** Slots changed since a cursor; undefined when that is too long ago, and all are to be read again. */
  changedSince(cursor: number): Set<number> | undefined {
    return cursor < this.#changesFrom ? undefined : new Set(this.#changes.slice(cursor - this.#changesFrom));
  }

  #changed(state: NodeState): void {
    this.#changes.push(state.slot);
    // Beyond this, reading all nodes again costs no more than reading the list.
    const changesMax = 1024 + 4 * this.nodes.length;
    if (this.#changes.length <= changesMax) return;
    this.#changesFrom += this.#changes.length;
    this.#changes = [];
  }

  #stateFor(name: string): NodeState {
    const known = this.#byName.get(name);
    if (known) return known;
    const state = new NodeState(name, this.#freeSlots.pop() ?? this.nodes.length);
    this.nodes[state.slot] = state;
    this.#byName.set(name, state);
    return state;
  }

  #dropIfEmpty(state: NodeState): void {
    if (state.node || state.pods.size > 0) return;
    this.#byName.delete(state.name);
    this.nodes[state.slot] = undefined;
    this.#freeSlots.push(state.slot);
  }
}
