// One informer a kind, shared by all who read it. Kinds that users define join when their definition is established, for whoever
// asks for them, and leave with it; of their objects metadata alone is looked at.
import { type CustomKinds, CustomResourceDefinition, establishedKinds, kindsVersion } from '@berth/api';
import type { KindDefinition, KubeObject } from '@berth/machinery';
import { Informer, type InformerDeps } from './informer.ts';

interface Joined {
  /** Of what its kinds were made. */
  version: string;
  kinds: CustomKinds;
  /** The version that it is read in. */
  read: KindDefinition;
}

export class InformerSet {
  readonly #deps: InformerDeps;
  readonly #informers = new Map<string, Informer<KubeObject>>();
  /** By the name of their definition. */
  readonly #joined = new Map<string, Joined>();
  readonly #followers: { join: (kind: KindDefinition) => void; wants: (kind: KindDefinition) => boolean }[] = [];
  #started = false;

  constructor(deps: InformerDeps) {
    this.#deps = deps;
  }

  of<T extends KubeObject>(kind: KindDefinition<T>): Informer<T> {
    const name = nameOf(kind);
    const known = this.#informers.get(name);
    if (known) return known as unknown as Informer<T>;
    const informer = new Informer(this.#deps, kind);
    this.#informers.set(name, informer as unknown as Informer<KubeObject>);
    if (this.#started) informer.start();
    return informer;
  }

  /** Starts all; resolves when each has taken in its first list. */
  async start(): Promise<void> {
    this.#started = true;
    const informers = [...this.#informers.values()];
    for (const informer of informers) informer.start();
    await Promise.all(informers.map((informer) => informer.synced));
  }

  stop(): void {
    for (const informer of this.#informers.values()) informer.stop();
  }

  /**
   * @param join called for each kind that users define as it comes, before it is listed: for indexes and handlers
   * @param wants which of them; what nobody wants is not watched
   */
  followCustom(join: (kind: KindDefinition) => void, wants: (kind: KindDefinition) => boolean = () => true): void {
    if (this.#followers.length === 0) {
      this.of(CustomResourceDefinition).onChange((type, definition) => {
        if (type === 'DELETED') this.#leave(definition.metadata.name);
        else this.#look(definition);
      });
    }
    this.#followers.push({ join, wants });
    for (const { read } of this.#joined.values()) if (wants(read)) join(read);
  }

  /** Kinds that users define and that are served, as far as they are followed. */
  customKinds(): { kinds: CustomKinds; read: KindDefinition }[] {
    return [...this.#joined.values()];
  }

  #look(definition: CustomResourceDefinition): void {
    const { name } = definition.metadata;
    const version = kindsVersion(definition);
    const former = this.#joined.get(name);
    const kinds = former?.version === version ? undefined : establishedKinds(definition);
    if (!kinds) return;
    // What has been read goes on in its version as long as that is served, whichever is stored.
    const isRead = (kind: KindDefinition) =>
      former !== undefined && `${nameOf(kind)} ${kind.version}` === `${nameOf(former.read)} ${former.read.version}`;
    const read = kinds.served.find(isRead) ?? kinds.served.find((kind) => kind === kinds.stored) ?? kinds.served[0];
    if (!read || (former && !isRead(read))) this.#leave(name);
    if (!read) return;
    if (!this.#followers.some(({ wants }) => wants(read))) return;
    const isNew = !this.#joined.has(name);
    this.#joined.set(name, { version, kinds, read });
    if (isNew) this.#join(read);
  }

  #join(kind: KindDefinition): void {
    const informer = new Informer(this.#deps, kind, { metadataOnly: true });
    this.#informers.set(nameOf(kind), informer);
    for (const { join, wants } of this.#followers) if (wants(kind)) join(kind);
    if (this.#started) informer.start();
  }

  #leave(name: string): void {
    const joined = this.#joined.get(name);
    if (!joined) return;
    this.#joined.delete(name);
    this.#informers.get(nameOf(joined.read))?.stop();
    this.#informers.delete(nameOf(joined.read));
  }
}

function nameOf({ group, kind }: Pick<KindDefinition, 'group' | 'kind'>): string {
  return `${group}/${kind}`;
}
