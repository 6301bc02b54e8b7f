// Every resource there is, and which one answers a call. Kinds come and go while the server runs: those that users define with their
// definitions, those that are computed with whoever computes them.
import type { KindDefinition } from '@berth/machinery';
import { required } from './call-checks.ts';
import type { KindsByName } from './kinds-by-name.ts';
import type { OtherServer, OtherServers } from './other-servers.ts';
import { methodOf, type Resource } from './resource.ts';
import { type StoredObjects, statusOf } from './stored-objects.ts';
import type { Subresources } from './subresources/registry.ts';
import type { Call, Target } from './types.ts';

/** A kind with a resource of its own. */
export interface ServedKind {
  kind: KindDefinition;
  resource: Resource;
}

export interface ResourceRegistryOptions {
  kinds: KindsByName;
  stored: StoredObjects;
  /** Other versions of what is stored. */
  shown: StoredObjects;
  subresources: Subresources;
}

export class ResourceRegistry {
  readonly #options: ResourceRegistryOptions;
  readonly #status: { stored: Resource; shown: Resource };
  readonly #own = new Map<KindDefinition, Resource>();
  #others: OtherServers | undefined;

  constructor(options: ResourceRegistryOptions) {
    this.#options = options;
    this.#status = { stored: statusOf(options.stored), shown: statusOf(options.shown) };
  }

  /** From now on these answer for their kinds. Returns how to end that. */
  serve(served: readonly ServedKind[]): () => void {
    const kinds = served.map(({ kind }) => kind);
    for (const { kind, resource } of served) this.#own.set(kind, resource);
    this.#options.kinds.replace([], kinds);
    return () => {
      this.#options.kinds.replace(kinds, []);
      for (const kind of kinds) this.#own.delete(kind);
    };
  }

  /** From now on these answer for whole versions of the API. */
  passTo(others: OtherServers): void {
    this.#others = others;
  }

  /** Which other server answers for a version, with everything that is in it. */
  otherFor(group: string, version: string): OtherServer | undefined {
    return this.#others?.find(group, version);
  }

  /** @throws StatusError NotFound for a subresource that the kind does not have, 405 for what cannot be done with it */
  requireServed(call: Call): void {
    const resource = this.of(call);
    const method = methodOf[call.allowed ?? ''];
    required(method && resource[method]);
  }

  /** @throws StatusError NotFound for a subresource that the kind does not have */
  of({ kind, subresource }: Target): Resource {
    const form = kind.view ? 'shown' : 'stored';
    const own = this.#own.get(kind);
    const other = this.otherFor(kind.group, kind.version);
    // What is stored here is read here, or the way to another server could lead through that server.
    if (other && (own || this.#options.kinds.resource(kind.group, kind.version, kind.plural) !== kind)) return other.resource;
    if (!subresource) return own ?? this.#options[form];
    if (subresource === 'status' && kind.subresources.status) return this.#status[form];
    return this.#options.subresources.require(kind, subresource);
  }
}
