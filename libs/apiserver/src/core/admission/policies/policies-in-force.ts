// The policies that bindings put into force, compiled. Read from the watch cache, and made anew when either of them changes.
import { ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding } from '@berth/api';
import { erased } from '../../kinds-by-name.ts';
import { everything } from '../../selection.ts';
import type { WatchCache } from '../../watch-cache.ts';
import { MatchCriteria } from '../matching/index.ts';
import { CompiledPolicy } from './compiled-policy.ts';

const policyKind = erased(ValidatingAdmissionPolicy);
const bindingKind = erased(ValidatingAdmissionPolicyBinding);

export interface Binding {
  object: ValidatingAdmissionPolicyBinding;
  /** Absent for one that adds nothing to what its policy is about. */
  criteria: MatchCriteria | undefined;
}

export interface PolicyInForce {
  policy: CompiledPolicy;
  bindings: Binding[];
}

const none: readonly PolicyInForce[] = [];

export class PoliciesInForce {
  readonly #cache: WatchCache;
  /** By uid and generation: a new status compiles nothing. */
  #compiled = new Map<string, CompiledPolicy>();
  #current: { policiesAt: number; bindingsAt: number; policies: readonly PolicyInForce[] } | undefined;

  constructor(cache: WatchCache) {
    this.#cache = cache;
  }

  /** In the order of their names. */
  current(): readonly PolicyInForce[] {
    const [policies, bindings] = [this.#cache.of(policyKind), this.#cache.of(bindingKind)];
    if (bindings.size === 0 || policies.size === 0) return none;
    const [policiesAt, bindingsAt] = [policies.lastChange, bindings.lastChange];
    if (this.#current?.policiesAt !== policiesAt || this.#current.bindingsAt !== bindingsAt) {
      this.#current = { policiesAt, bindingsAt, policies: this.#made() };
    }
    return this.#current.policies;
  }

  #made(): PolicyInForce[] {
    const byPolicy = Map.groupBy(
      this.#cache.of(bindingKind).select(everything),
      ({ object }) => (object as ValidatingAdmissionPolicyBinding).spec.policyName,
    );
    const known = this.#compiled;
    this.#compiled = new Map();
    return Array.from(this.#cache.of(policyKind).select(everything)).flatMap(({ object }) => {
      const bindings = byPolicy.get(object.metadata.name);
      if (!bindings) return [];
      const key = `${object.metadata.uid} ${object.metadata.generation}`;
      const policy = known.get(key) ?? new CompiledPolicy(object as ValidatingAdmissionPolicy);
      this.#compiled.set(key, policy);
      return [{ policy, bindings: bindings.map((entry) => bindingOf(entry.object as ValidatingAdmissionPolicyBinding)) }];
    });
  }
}

function bindingOf(object: ValidatingAdmissionPolicyBinding): Binding {
  const { matchResources } = object.spec;
  return { object, criteria: matchResources && new MatchCriteria(matchResources, { matchesWithoutRules: true }) };
}
