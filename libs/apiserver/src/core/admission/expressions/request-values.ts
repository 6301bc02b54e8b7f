// The values that expressions of admission see of a request. Each is made when an expression first looks, as most look at few.
import type { KindDefinition, KubeObject } from '@berth/machinery';
import { celValue } from '../../../cel/values.ts';
import type { Authorizer } from '../../authorizer.ts';
import { inVersion } from '../../kind-versions.ts';
import type { AdmissionFacts } from './admission-facts.ts';
import { admissionRequest, type Matched } from './admission-request.ts';
import { AuthorizerValue } from './authorizer-values.ts';
import type { LazyVariables } from './lazy-variables.ts';

/** A request's objects in one version. */
export class ShownObjects {
  readonly #given: { object: KubeObject | undefined; old: KubeObject | undefined };
  #object: { value: unknown } | undefined;
  #old: { value: unknown } | undefined;

  constructor(object: KubeObject | undefined, old: KubeObject | undefined) {
    this.#given = { object, old };
  }

  /** As JSON has it. */
  get given(): KubeObject | undefined {
    return this.#given.object;
  }

  /** As expressions see it; null for none. */
  get object(): unknown {
    this.#object ??= { value: celValue(this.#given.object ?? null) };
    return this.#object.value;
  }

  get old(): unknown {
    this.#old ??= { value: celValue(this.#given.old ?? null) };
    return this.#old.value;
  }
}

/** A request's objects in the versions that they are asked for in; converted once. */
export class RequestObjects {
  readonly #facts: AdmissionFacts;
  readonly #shown = new Map<KindDefinition, ShownObjects>();

  constructor(facts: AdmissionFacts) {
    this.#facts = facts;
  }

  /** @throws StatusError for what cannot be converted */
  async in(resource: KindDefinition): Promise<ShownObjects> {
    const known = this.#shown.get(resource);
    if (known) return known;
    const { object, old, bodyKind, kind } = this.#facts;
    const isGivenSo = bodyKind !== undefined || resource === kind;
    const shown = (given: KubeObject | undefined) => (given && !isGivenSo ? inVersion(given, kind, resource) : given);
    const objects = new ShownObjects(await shown(object), await shown(old));
    this.#shown.set(resource, objects);
    return objects;
  }
}

export interface RequestValuesOptions {
  facts: AdmissionFacts;
  /** In the version that matched. */
  objects: ShownObjects;
  match: Matched;
  authorizer: Pick<Authorizer, 'authorize'>;
  params?: KubeObject | undefined;
  /** Undefined for what is of the cluster. */
  namespaceObject?: KubeObject | undefined;
}

export class RequestValues {
  /** Of a policy that has some. */
  variables: LazyVariables | undefined;
  readonly #options: RequestValuesOptions;
  readonly #made = new Map<string, unknown>();

  constructor(options: RequestValuesOptions) {
    this.#options = options;
  }

  get object(): unknown {
    return this.#options.objects.object;
  }

  get oldObject(): unknown {
    return this.#options.objects.old;
  }

  get request(): unknown {
    return this.#once('request', () => celValue(admissionRequest(this.#options.facts, this.#options.match)));
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
