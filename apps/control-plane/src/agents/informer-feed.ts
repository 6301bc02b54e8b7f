// Feeds the cluster view from the API: one list and watch a kind, whatever the number of nodes. After a lost watch the list
// is read again, and what disappeared meanwhile is told as gone.
import type { Client } from '@berth/client';
import { apiVersionOf, type KindDefinition, type KubeObject, keyOf } from '@berth/machinery';
import type { Clock, Logger } from '@berth/telemetry';
import type { Feed } from './session-hub.ts';

type Handler = (object: KubeObject, gone: boolean) => void;

const pauseMsFirst = 100;
const pauseMsMax = 5000;

export function informerFeed(client: Client, ports: { clock: Clock; logger: Logger }): Feed {
  const watched: WatchedKind[] = [];
  return {
    subscribe: (kind, handler) => {
      watched.push(new WatchedKind(client, ports, kind as unknown as KindDefinition, handler as unknown as Handler));
    },
    start: async () => {
      await Promise.all(watched.map((one) => one.start()));
    },
    stop: () => {
      for (const one of watched) one.stop();
    },
  };
}

class WatchedKind {
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #kind: KindDefinition;
  readonly #handler: Handler;
  readonly #known = new Map<string, KubeObject>();
  readonly #stop = new AbortController();

  constructor(client: Client, ports: { clock: Clock; logger: Logger }, kind: KindDefinition, handler: Handler) {
    this.#client = client;
    this.#clock = ports.clock;
    this.#logger = ports.logger;
    this.#kind = kind;
    this.#handler = handler;
  }

  /** Resolves after the first list; keeps watching until stopped. */
  start(): Promise<void> {
    return new Promise((resolve) => void this.#run(resolve));
  }

  stop(): void {
    this.#stop.abort();
  }

  async #run(onListed: () => void): Promise<void> {
    const { signal } = this.#stop;
    let pauseMs = pauseMsFirst;
    let version: string | undefined;
    while (!signal.aborted) {
      try {
        version ??= await this.#list();
        onListed();
        version = await this.#watch(version);
        pauseMs = pauseMsFirst;
      } catch (error) {
        if (signal.aborted) break;
        version = undefined;
        this.#logger.warn('a watch broke and starts again from a list', { kind: this.#kind.kind, error, retryMs: pauseMs });
        await this.#clock.sleep(pauseMs, signal).catch((reason: unknown) => {
          if (!signal.aborted) throw reason;
        });
        pauseMs = Math.min(pauseMsMax, pauseMs * 2);
      }
    }
    onListed();
  }

  async #list(): Promise<string> {
    const { items, resourceVersion } = await this.#client.list(this.#kind);
    const gone = new Map(this.#known);
    for (const object of items) {
      gone.delete(keyOf(object));
      this.#tell(object, false);
    }
    for (const object of gone.values()) this.#tell(object, true);
    return resourceVersion;
  }

  /** Returns the newest version seen, once the server ends the watch. */
  async #watch(from: string): Promise<string> {
    let version = from;
    for await (const event of this.#client.watch(this.#kind, { resourceVersion: from, signal: this.#stop.signal })) {
      if (event.type === 'BOOKMARK') version = event.resourceVersion;
      else {
        version = event.object.metadata.resourceVersion ?? version;
        this.#tell(event.object, event.type === 'DELETED');
      }
    }
    return version;
  }

  /** Lists may leave out each item's type; agents need it. */
  #tell(object: KubeObject, gone: boolean): void {
    const typed = object.kind ? object : { ...object, apiVersion: apiVersionOf(this.#kind), kind: this.#kind.kind };
    const key = keyOf(typed);
    if (gone) this.#known.delete(key);
    else this.#known.set(key, typed);
    this.#handler(typed, gone);
  }
}
