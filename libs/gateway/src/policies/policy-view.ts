// What network policies come to on each node, kept as policies, namespaces and pods change: one set of addresses for each distinct selector, and
// which policies select a pod. What a change does not concern is not looked at again, as pods come and go far more often than policies.
import { createHash } from 'node:crypto';
import type { Namespace, NetworkPolicy, Pod } from '@berth/api';
import { deepEqual, type KubeObject, keyOf, labelSelectorFrom, type Selector } from '@berth/machinery';
import type { AddressSet, DesiredKey } from '@berth/protocol';
import { type CompiledPolicy, compilePolicy, type SetSpec } from './compile-policy.ts';
import { elementsOf, type PodFacts, podFacts } from './pod-facts.ts';

interface LivePolicy extends CompiledPolicy {
  selector: Selector;
}

interface LiveSet {
  spec: SetSpec;
  matches(facts: PodFacts): boolean;
  /** Policies that name it. */
  users: number;
  /** By pod, never empty. */
  members: Map<string, string[]>;
  /** Made when it is asked for. */
  object: AddressSet | undefined;
}

export interface PolicyListener {
  /** What nodes have by this key is another now, or gone. */
  objectChanged(key: DesiredKey): void;
  /** Other policies than before select pods of this node. */
  nodeChanged(nodeName: string): void;
}

export class PolicyView {
  readonly #listener: PolicyListener;
  readonly #pods = new Map<string, PodFacts>();
  readonly #podsOf = new Map<string, Set<string>>();
  readonly #namespaceLabels = new Map<string, Record<string, string>>();
  readonly #policies = new Map<string, Map<string, LivePolicy>>();
  readonly #sets = new Map<string, LiveSet>();
  /** By pod; forgotten with whatever it follows from. */
  readonly #selecting = new Map<string, LivePolicy[]>();

  constructor(listener: PolicyListener) {
    this.#listener = listener;
  }

  /** What a node enforces that has these pods, by `namespace/name`. */
  objectsFor(podKeys: Iterable<string>): KubeObject[] {
    const objects = new Set<KubeObject>();
    for (const podKey of podKeys) {
      for (const { rules, sets } of this.#policiesOf(podKey)) {
        objects.add(rules);
        for (const name of sets.keys()) {
          const live = this.#sets.get(name);
          if (live) objects.add(addressSet(name, live));
        }
      }
    }
    return [...objects];
  }

  pod(pod: Pod, gone: boolean): void {
    const key = keyOf(pod);
    const before = this.#pods.get(key);
    const after = gone ? undefined : podFacts(pod);
    if (before && after && deepEqual(before, after)) return;
    this.#selecting.delete(key);
    const { namespace } = after ?? before ?? { namespace: '' };
    const siblings = this.#podsOf.get(namespace) ?? new Set();
    if (after) {
      this.#pods.set(key, after);
      this.#podsOf.set(namespace, siblings.add(key));
    } else {
      this.#pods.delete(key);
      siblings.delete(key);
      if (siblings.size === 0) this.#podsOf.delete(namespace);
    }
    for (const [name, live] of this.#sets) this.#place(name, live, key, after);
  }

  namespace({ metadata: { name, labels = {} } }: Namespace, gone: boolean): void {
    if (!gone && deepEqual(this.#namespaceLabels.get(name), labels)) return;
    if (gone) this.#namespaceLabels.delete(name);
    else this.#namespaceLabels.set(name, labels);
    for (const [set, live] of this.#sets) {
      if (live.spec.kind !== 'pods-of-namespaces') continue;
      for (const key of this.#podsOf.get(name) ?? []) this.#place(set, live, key, this.#pods.get(key));
    }
  }

  policy(policy: NetworkPolicy, gone: boolean): void {
    const { namespace = '', name, uid, resourceVersion } = policy.metadata;
    const policies = this.#policies.get(namespace) ?? new Map<string, LivePolicy>();
    const before = policies.get(name);
    const known = before?.rules.metadata;
    if (!gone && known && known.uid === uid && known.resourceVersion === resourceVersion) return;
    const after = gone ? undefined : { ...compilePolicy(policy), selector: labelSelectorFrom(policy.spec.podSelector ?? {}) };
    for (const [set, spec] of after?.sets ?? []) this.#use(set, spec);
    for (const set of before?.sets.keys() ?? []) this.#release(set);
    if (after) this.#policies.set(namespace, policies.set(name, after));
    else policies.delete(name);
    if (policies.size === 0) this.#policies.delete(namespace);
    this.#listener.objectChanged({ kind: 'PolicyRules', namespace, name });
    for (const key of this.#podsOf.get(namespace) ?? []) {
      this.#selecting.delete(key);
      const facts = this.#pods.get(key);
      if (facts?.nodeName && after?.selector.matches(facts.labels)) this.#listener.nodeChanged(facts.nodeName);
    }
  }

  #policiesOf(podKey: string): LivePolicy[] {
    const known = this.#selecting.get(podKey);
    if (known) return known;
    const facts = this.#pods.get(podKey);
    if (!facts?.isSelectable) return [];
    const policies = [...(this.#policies.get(facts.namespace)?.values() ?? [])];
    const found = policies.filter(({ selector }) => selector.matches(facts.labels));
    this.#selecting.set(podKey, found);
    return found;
  }

  #use(name: string, spec: SetSpec): void {
    const known = this.#sets.get(name);
    if (known) {
      known.users++;
      return;
    }
    const live: LiveSet = { spec, matches: this.#matcher(spec), users: 1, members: new Map(), object: undefined };
    this.#sets.set(name, live);
    for (const [key, facts] of this.#pods) this.#place(name, live, key, facts);
  }

  #release(name: string): void {
    const live = this.#sets.get(name);
    if (live && --live.users === 0) this.#sets.delete(name);
  }

  #matcher(spec: SetSpec): (facts: PodFacts) => boolean {
    if (spec.kind === 'ports') return () => true;
    const pods = labelSelectorFrom(spec.podSelector);
    if (spec.kind === 'pods') return ({ namespace, labels }) => namespace === spec.namespace && pods.matches(labels);
    const namespaces = labelSelectorFrom(spec.namespaceSelector);
    return ({ namespace, labels }) => {
      const own = this.#namespaceLabels.get(namespace);
      return own !== undefined && namespaces.matches(own) && pods.matches(labels);
    };
  }

  #place(name: string, live: LiveSet, podKey: string, facts: PodFacts | undefined): void {
    const before = live.members.get(podKey) ?? [];
    const after = facts && live.matches(facts) ? elementsOf(facts, live.spec) : [];
    if (deepEqual(before, after)) return;
    if (after.length > 0) live.members.set(podKey, after);
    else live.members.delete(podKey);
    live.object = undefined;
    this.#listener.objectChanged({ kind: 'AddressSet', namespace: '', name });
  }
}

/** Its version is what it holds, so that another gateway's is the same. */
function addressSet(name: string, live: LiveSet): AddressSet {
  if (live.object) return live.object;
  const elements = [...new Set([...live.members.values()].flat())].sort();
  const resourceVersion = createHash('sha256').update(elements.join()).digest('hex').slice(0, 16);
  live.object = { apiVersion: 'berth.io/v1', kind: 'AddressSet', metadata: { name, resourceVersion }, spec: { elements } };
  return live.object;
}
