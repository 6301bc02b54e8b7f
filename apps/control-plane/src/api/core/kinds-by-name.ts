// The kinds an API server was given, by the names that requests and bodies use.
import { type KindDefinition, type KubeObject, StatusError } from '@berth/machinery';

/** Forgets the object type, where objects of any kind are handled alike. */
export function erased<T extends KubeObject>(kind: KindDefinition<T>): KindDefinition {
  return kind as unknown as KindDefinition;
}

export class KindsByName {
  readonly all: KindDefinition[];
  readonly #byResource = new Map<string, KindDefinition>();
  readonly #byKind = new Map<string, KindDefinition>();

  constructor(kinds: KindDefinition[]) {
    this.all = kinds;
    for (const kind of kinds) {
      this.#byResource.set(`${kind.group}/${kind.version}/${kind.plural}`, kind);
      this.#byKind.set(`${kind.group}/${kind.version}/${kind.kind}`, kind);
    }
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
