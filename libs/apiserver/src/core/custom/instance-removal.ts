// Removes all objects of a kind whose definition is being deleted, and waits until they are gone: their finalizers count.
import type { Client } from '@berth/client';
import { isReason, type KindDefinition, keyOf } from '@berth/machinery';

export class InstanceRemoval {
  /** Resolves when nothing is left. */
  readonly done: Promise<void>;
  readonly #stopping = new AbortController();

  /** @param kind undefined when it was never served, so that there is nothing */
  constructor(client: Client, kind: KindDefinition | undefined) {
    this.done = kind ? this.#remove(client, kind) : Promise.resolve();
  }

  stop(): void {
    this.#stopping.abort(new Error('the server is stopping'));
  }

  async #remove(client: Client, kind: KindDefinition): Promise<void> {
    const { items, resourceVersion } = await client.list(kind, { metadataOnly: true });
    const left = new Set(items.map((object) => keyOf(object)));
    for (const { metadata } of items) {
      await client.delete(kind, metadata).catch((error: unknown) => {
        // Somebody else was faster.
        if (!isReason(error, 'NotFound')) throw error;
      });
    }
    if (left.size === 0) return;
    for await (const event of client.watch(kind, { resourceVersion, metadataOnly: true, signal: this.#stopping.signal })) {
      if (event.type === 'DELETED') left.delete(keyOf(event.object));
      if (left.size === 0) return;
    }
    throw new Error(`the watch of ${kind.plural} ended while ${left.size} were left`);
  }
}
