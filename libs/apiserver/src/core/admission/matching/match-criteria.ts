// Which requests a webhook, a policy or a binding is about, and in which version it sees their objects.
import {
  type KindDefinition,
  type KubeObject,
  type LabelSelectorObject,
  labelSelectorFrom,
  type Selector,
  StatusError,
} from '@berth/machinery';
import { homeOf } from '../../kind-versions.ts';
import {
  type AdmissionFacts,
  type GroupVersionKind,
  groupVersionKind,
  isNamespace,
  namespaceOf,
  requestedKind,
} from '../expressions/admission-facts.ts';
import { type AdmissionRule, covers } from './rules.ts';

export interface MatchResources {
  namespaceSelector?: LabelSelectorObject;
  objectSelector?: LabelSelectorObject;
  resourceRules?: AdmissionRule[];
  excludeResourceRules?: AdmissionRule[];
  matchPolicy?: string;
}

/** A request that is matched. */
export interface Match {
  /** The resource, in the version that the rules name. */
  resource: KindDefinition;
  /** What objects are to be converted to. */
  kind: GroupVersionKind;
}

export interface MatchPorts {
  /** Every kind that is served, in each of its versions; another array when kinds come or go. */
  kinds(): readonly KindDefinition[];
  /** Never older than what was written before the request. */
  namespace(name: string): Promise<KubeObject | undefined>;
}

export interface MatchOptions {
  /** Whether what has no rules is about every request, as bindings are, or about none. */
  matchesWithoutRules?: boolean;
}

export class MatchCriteria {
  readonly #resources: MatchResources;
  readonly #options: MatchOptions;
  readonly #namespaces: Selector | undefined;
  readonly #objects: Selector | undefined;

  /** Selectors are compiled once. */
  constructor(resources: MatchResources, options: MatchOptions = {}) {
    this.#resources = resources;
    this.#options = options;
    this.#namespaces = selectorOf(resources.namespaceSelector);
    this.#objects = selectorOf(resources.objectSelector);
  }

  /** Undefined for what it is not about. @throws StatusError when that cannot be said */
  async match(facts: AdmissionFacts, ports: MatchPorts): Promise<Match | undefined> {
    const match = this.#byRules(facts, ports);
    if (!match || !this.#matchesObjects(facts)) return undefined;
    return (await this.#matchesNamespace(facts, ports)) ? match : undefined;
  }

  #byRules(facts: AdmissionFacts, ports: MatchPorts): Match | undefined {
    const { resourceRules = [], excludeResourceRules = [] } = this.#resources;
    if (this.#resourceOf(excludeResourceRules, facts, ports)) return undefined;
    const isAboutAll = resourceRules.length === 0 && this.#options.matchesWithoutRules;
    const resource = isAboutAll ? requestedKind(facts) : this.#resourceOf(resourceRules, facts, ports);
    return resource && { resource, kind: groupVersionKind(facts.bodyKind ?? resource) };
  }

  /** The resource in the version of the request, if rules cover it, or in another one that they cover. */
  #resourceOf(rules: readonly AdmissionRule[], facts: AdmissionFacts, ports: MatchPorts): KindDefinition | undefined {
    if (rules.length === 0) return undefined;
    const requested = requestedKind(facts);
    if (covers(rules, facts, requested)) return requested;
    if (this.#resources.matchPolicy !== 'Equivalent') return undefined;
    return ports
      .kinds()
      .find(
        (kind) =>
          kind !== requested && homeOf(kind) === homeOf(facts.kind) && serves(kind, facts.subresource) && covers(rules, facts, kind),
      );
  }

  #matchesObjects({ object, old }: AdmissionFacts): boolean {
    const selector = this.#objects;
    if (!selector) return true;
    // What has no metadata, as the options of an exec, is selected by nothing.
    return [object, old].some((candidate) => candidate?.metadata !== undefined && selector.matches(candidate.metadata.labels));
  }

  async #matchesNamespace(facts: AdmissionFacts, ports: MatchPorts): Promise<boolean> {
    const name = namespaceOf(facts);
    if (!this.#namespaces || (name === '' && !isNamespace(facts.kind))) return true;
    const { kind, subresource, operation, object } = facts;
    const isWritten = isNamespace(kind) && !subresource && (operation === 'CREATE' || operation === 'UPDATE');
    if (isWritten) return this.#namespaces.matches(object?.metadata.labels);
    const namespace = await ports.namespace(name);
    if (!namespace) throw StatusError.notFound({ group: '', plural: 'namespaces' }, name);
    return this.#namespaces.matches(namespace.metadata.labels);
  }
}

/** Undefined for one that selects everything. */
function selectorOf(given: LabelSelectorObject | undefined): Selector | undefined {
  const selector = labelSelectorFrom(given ?? {});
  return selector.isEmpty() ? undefined : selector;
}

function serves({ subresources }: KindDefinition, subresource = ''): boolean {
  if (subresource === '') return true;
  if (subresource === 'status' || subresource === 'scale') return subresources[subresource] !== undefined;
  return subresources.other?.some(({ name }) => name === subresource) ?? false;
}
