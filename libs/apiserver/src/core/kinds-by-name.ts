// The kinds an API server was given, by the names that requests and bodies use.
import { type KindDefinition, type KubeObject, StatusError } from '@berth/machinery';

/** Forgets the object type, where objects of any kind are handled alike. */
export function erased<T extends KubeObject>(kind: KindDefinition<T>): KindDefinition {
  return kind as unknown as KindDefinition;
}

export class KindsByName {
  #all: readonly KindDefinition[] = [];
  readonly #byResource = new Map<string, KindDefinition>();
  readonly #byKind = new Map<string, KindDefinition>();
  readonly #listeners = new Set<() => void>();

  constructor(kinds: KindDefinition[]) {
    this.replace([], kinds);
  }

  /** Another array whenever kinds come or go: what is made of it is made again then. */
  get all(): readonly KindDefinition[] {
    return this.#all;
  }

  /** Kinds that users define come, change and go while the server runs. */
  replace(gone: readonly KindDefinition[], added: readonly KindDefinition[]): void {
    for (const kind of gone) {
      this.#byResource.delete(resourceName(kind));
      this.#byKind.delete(kindName(kind));
    }
    for (const kind of added) {
      this.#byResource.set(resourceName(kind), kind);
      this.#byKind.set(kindName(kind), kind);
    }
    this.#all = [...this.#all.filter((kind) => !gone.includes(kind)), ...added];
    for (const listener of this.#listeners) listener();
  }

  /** Called whenever kinds have come or gone; returns how to stop that. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** `resource('', 'v1', 'pods')`. */
  resource(group: string, version: string, plural: string): KindDefinition | undefined {
    return this.#byResource.get(`${group}/${version}/${plural}`);
  }

  /** `kind('apps', 'v1', 'Deployment')`. */
  kind(group: string, version: string, kind: string): KindDefinition | undefined {
    return this.#byKind.get(`${group}/${version}/${kind}`);
  }

  /** @throws StatusError 404 in Kubernetes' words. */
  require(group: string, version: string, plural: string): KindDefinition {
    const kind = this.resource(group, version, plural);
    if (!kind) throw StatusError.noSuchResource();
    return kind;
  }
}

function resourceName({ group, version, plural }: KindDefinition): string {
  return `${group}/${version}/${plural}`;
}

function kindName({ group, version, kind }: KindDefinition): string {
  return `${group}/${version}/${kind}`;
}
