// The policies that bindings put into force, compiled. Read from the watch cache, and made anew when either of them changes.
import type { admissionregistrationV1 } from '@berth/api';
import type { KindDefinition, KubeObject } from '@berth/machinery';
import { everything } from '../../selection.ts';
import type { WatchCache } from '../../watch-cache.ts';
import { MatchCriteria } from '../matching/index.ts';
import type { PolicyBasis } from './policy-basis.ts';

export interface BindingObject extends KubeObject {
  spec: Pick<admissionregistrationV1.ValidatingAdmissionPolicyBindingSpec, 'policyName' | 'paramRef' | 'matchResources'>;
}

export interface Binding<B extends BindingObject = BindingObject> {
  object: B;
  /** Absent for one that adds nothing to what its policy is about. */
  criteria: MatchCriteria | undefined;
}

export interface PolicyInForce<P extends PolicyBasis, B extends BindingObject> {
  policy: P;
  bindings: Binding<B>[];
}

export interface PolicyKinds<P extends PolicyBasis> {
  policy: KindDefinition;
  binding: KindDefinition;
  compile(policy: KubeObject): P;
}

export class PoliciesInForce<P extends PolicyBasis, B extends BindingObject> {
  readonly #cache: WatchCache;
  readonly #kinds: PolicyKinds<P>;
  /** By uid and generation: a new status compiles nothing. */
  #compiled = new Map<string, P>();
  #current: { policiesAt: number; bindingsAt: number; policies: readonly PolicyInForce<P, B>[] } | undefined;

  constructor(cache: WatchCache, kinds: PolicyKinds<P>) {
    this.#cache = cache;
    this.#kinds = kinds;
  }

  /** In the order of their names. */
  current(): readonly PolicyInForce<P, B>[] {
    const [policies, bindings] = [this.#cache.of(this.#kinds.policy), this.#cache.of(this.#kinds.binding)];
    if (bindings.size === 0 || policies.size === 0) return [];
    const [policiesAt, bindingsAt] = [policies.lastChange, bindings.lastChange];
    if (this.#current?.policiesAt !== policiesAt || this.#current.bindingsAt !== bindingsAt) {
      this.#current = { policiesAt, bindingsAt, policies: this.#made() };
    }
    return this.#current.policies;
  }

  #made(): PolicyInForce<P, B>[] {
    const byPolicy = Map.groupBy(
      this.#cache.of(this.#kinds.binding).select(everything),
      ({ object }) => (object as BindingObject).spec.policyName ?? '',
    );
    const known = this.#compiled;
    this.#compiled = new Map();
    return Array.from(this.#cache.of(this.#kinds.policy).select(everything)).flatMap(({ object }) => {
      const bindings = byPolicy.get(object.metadata.name);
      if (!bindings) return [];
      const key = `${object.metadata.uid} ${object.metadata.generation}`;
      const policy = known.get(key) ?? this.#kinds.compile(object);
      this.#compiled.set(key, policy);
      return [{ policy, bindings: bindings.map((entry) => bindingOf(entry.object as B)) }];
    });
  }
}

function bindingOf<B extends BindingObject>(object: B): Binding<B> {
  const { matchResources } = object.spec;
  return { object, criteria: matchResources && new MatchCriteria(matchResources, { matchesWithoutRules: true }) };
}
