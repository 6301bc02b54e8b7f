// The values that expressions of admission see of a request. Each is made when an expression first looks, as most look at few.
import { apiVersionOf, type KindDefinition, type KubeObject } from '@berth/machinery';
import { celValue } from '../../../cel/values.ts';
import type { Authorizer } from '../../authorizer.ts';
import { asServed } from '../../kind-versions.ts';
import { type AdmissionFacts, type GroupVersionKind, groupVersionKind, namespaceOf, requestedKind } from './admission-facts.ts';
import { AuthorizerValue } from './authorizer-values.ts';

/** What matched: see matching/. */
interface Matched {
  resource: KindDefinition;
  kind: GroupVersionKind;
}

/** A request's objects in the versions that they are asked for in; converted once. */
export class RequestObjects {
  readonly #facts: AdmissionFacts;
  readonly #values = new Map<string, { object: unknown; old: unknown }>();

  constructor(facts: AdmissionFacts) {
    this.#facts = facts;
  }

  in(resource: KindDefinition): { object: unknown; old: unknown } {
    const version = apiVersionOf(resource);
    let values = this.#values.get(version);
    if (!values) {
      const { object, old, bodyKind } = this.#facts;
      const converted = (stored: KubeObject | undefined) => (stored ? celValue(bodyKind ? stored : asServed(resource, stored)) : null);
      values = { object: converted(object), old: converted(old) };
      this.#values.set(version, values);
    }
    return values;
  }
}

export interface RequestValuesOptions {
  facts: AdmissionFacts;
  objects: RequestObjects;
  match: Matched;
  authorizer: Pick<Authorizer, 'authorize'>;
  params?: KubeObject | undefined;
  /** Undefined for what is of the cluster. */
  namespaceObject?: KubeObject | undefined;
}

export class RequestValues {
  readonly #options: RequestValuesOptions;
  readonly #made = new Map<string, unknown>();

  constructor(options: RequestValuesOptions) {
    this.#options = options;
  }

  get object(): unknown {
    return this.#options.objects.in(this.#options.match.resource).object;
  }

  get oldObject(): unknown {
    return this.#options.objects.in(this.#options.match.resource).old;
  }

  get request(): unknown {
    return this.#once('request', () => celValue(requestOf(this.#options.facts, this.#options.match)));
  }

  get params(): unknown {
    return this.#once('params', () => celValue(this.#options.params ?? null));
  }

  get namespaceObject(): unknown {
    return this.#once('namespaceObject', () => celValue(withoutManagers(this.#options.namespaceObject) ?? null));
  }

  get authorizer(): unknown {
    const { facts, authorizer } = this.#options;
    return this.#once('authorizer', () => new AuthorizerValue({ user: facts.user, authorizer }, facts));
  }

  #once(name: string, make: () => unknown): unknown {
    if (!this.#made.has(name)) this.#made.set(name, make());
    return this.#made.get(name);
  }
}

/** Who owns its fields, and what owns it, is not shown. */
function withoutManagers(namespace: KubeObject | undefined): object | undefined {
  if (!namespace) return undefined;
  const { managedFields, ownerReferences, ...metadata } = namespace.metadata as KubeObject['metadata'] & { managedFields?: unknown };
  return { ...namespace, metadata };
}

/** An AdmissionRequest without objects; what is empty is absent. */
function requestOf(facts: AdmissionFacts, match: Matched): object {
  const requested = requestedKind(facts);
  const { user, operation, name, subresource, dryRun = false, options } = facts;
  const namespace = namespaceOf(facts);
  return {
    kind: groupVersionKind(match.kind),
    resource: resourceOf(match.resource),
    ...(subresource && { subResource: subresource, requestSubResource: subresource }),
    requestKind: groupVersionKind(facts.bodyKind ?? requested),
    requestResource: resourceOf(requested),
    ...(name && { name }),
    ...(namespace && { namespace }),
    operation,
    userInfo: {
      ...(user.name && { username: user.name }),
      ...(user.uid && { uid: user.uid }),
      ...(user.groups.length > 0 && { groups: user.groups }),
      ...(user.extra && { extra: user.extra }),
    },
    dryRun,
    options: options ?? null,
  };
}

function resourceOf({ group, version, plural }: KindDefinition): object {
  return { group, version, resource: plural };
}
