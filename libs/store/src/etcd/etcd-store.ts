// The Store in etcd, for a control plane of several processes or machines. etcd has the semantics already; this maps them, and
// nests many transactions in one request, each with a revision of its own (see revisions.ts).
import { type Clock, type Logger, type Random, silentLogger, systemRandom } from '@berth/telemetry';
import type { Etcd3, IRangeRequest } from 'etcd3';
import { History, type HistoryOptions } from '../history.ts';
import {
  CompactedError,
  FutureRevisionError,
  type KeyValue,
  LeaseNotFoundError,
  type RangeOptions,
  type RangeResult,
  type RevisionMark,
  type Store,
  StoreUnavailableError,
  type Transaction,
  type TransactionResult,
  type Watch,
  type WatchOptions,
} from '../store.ts';
import { WatchHub } from '../watch-hub.ts';
import { connect, type EtcdCredentials, isLeaseNotFound, messageOf, unavailable } from './connection.ts';
import { EtcdWatch } from './etcd-watch.ts';
import { Layout } from './layout.ts';
import { OwnWrites } from './own-writes.ts';
import { readWithin } from './past.ts';
import { etcdRevisionOf, isWhole, wholeRevision } from './revisions.ts';
import { Writer } from './writer.ts';

/** How long a watch may stay behind a revision that somebody read, before the store writes a note to move it. */
const nudgeAfterMs = 100;

export interface EtcdStoreOptions extends HistoryOptions {
  /** With http:// or https://. */
  endpoints: string[];
  clock: Clock;
  random?: Random;
  logger?: Logger;
  credentials?: EtcdCredentials;
  /** Before every key; several clusters can share one etcd. No slash at its end. */
  prefix?: string;
  /** Events that may wait for one watch's reader before it is given up. */
  watchEventsMax?: number;
}

export class EtcdStore implements Store {
  readonly #client: Etcd3;
  readonly #layout: Layout;
  readonly #writer: Writer;
  readonly #options: EtcdStoreOptions;
  readonly #hub: WatchHub;
  readonly #watches = new Set<EtcdWatch>();
  readonly #ownWrites = new OwnWrites();
  readonly #closing = new AbortController();
  readonly #history: History;
  #nudging = false;

  /** @throws StoreUnavailableError when no endpoint answers */
  static async open(options: EtcdStoreOptions): Promise<EtcdStore> {
    const store = new EtcdStore(options, await connect(options.endpoints, options.clock, options.credentials));
    try {
      await store.revision();
      store.#history.start();
      return store;
    } catch (error) {
      await store.close();
      throw new StoreUnavailableError(`${messageOf(error)}; start it, or correct --etcd-endpoints`, { cause: error });
    }
  }

  private constructor(options: EtcdStoreOptions, client: Etcd3) {
    this.#options = options;
    this.#hub = new WatchHub(options.watchEventsMax);
    this.#history = new History(this, options.clock, options.logger ?? silentLogger, options);
    this.#client = client;
    this.#layout = new Layout(options.prefix ?? '/berth');
    this.#writer = new Writer(this.#client, this.#layout, options.clock, (error) => unavailable(options.endpoints, error));
  }

  async get(key: string, revision?: number): Promise<{ revision: number; kv: KeyValue | undefined }> {
    const result = await this.range({ start: key, end: `${key}\0`, revision });
    return { revision: result.revision, kv: result.kvs[0] };
  }

  async range(options: RangeOptions): Promise<RangeResult> {
    this.#checkOpen();
    const { revision } = options;
    if (revision === undefined) return this.#read(options);
    if (isWhole(revision)) return this.#read(options, etcdRevisionOf(revision), revision);
    const read = (part: RangeOptions, at: number) => this.#read(part, at, revision);
    return this.#guarded(readWithin(this.#client, this.#layout, options, revision, read), revision);
  }

  async transact(transaction: Transaction): Promise<TransactionResult> {
    this.#checkOpen();
    if (this.#watches.size > 0) this.#ownWrites.remember(transaction);
    return this.#writer.transact(transaction);
  }

  watch(options: WatchOptions): Watch {
    const queue = this.#hub.open();
    if (this.#closing.signal.aborted) {
      queue.fail(closedError());
      return queue;
    }
    const { clock, random = systemRandom, logger = silentLogger } = this.#options;
    const ended = new AbortController();
    queue.onEnd(() => ended.abort());
    const watch = new EtcdWatch({
      client: this.#client,
      layout: this.#layout,
      ownWrites: this.#ownWrites,
      clock,
      random,
      logger,
      queue,
      options,
      signal: ended.signal,
    });
    this.#watches.add(watch);
    void watch.run().finally(() => this.#watches.delete(watch));
    return queue;
  }

  marks(): Promise<RevisionMark[]> {
    return this.#history.marks();
  }

  fullness(): string | undefined {
    return this.#writer.fullness;
  }

  async revision(): Promise<number> {
    this.#checkOpen();
    const { header } = await this.#guarded(this.#client.kv.range({ ...this.#layout.notes, limit: 1, keys_only: true }));
    const revision = wholeRevision(header.revision);
    if ([...this.#watches].some((watch) => watch.seen < revision)) this.#nudgeLater(revision);
    return revision;
  }

  async grantLease(ttlSeconds: number): Promise<string> {
    this.#checkOpen();
    const { ID } = await this.#guarded(this.#client.leaseClient.leaseGrant({ TTL: Math.ceil(ttlSeconds) }));
    return ID;
  }

  async keepLeaseAlive(lease: string): Promise<void> {
    this.#checkOpen();
    const stream = await this.#guarded(this.#client.leaseClient.leaseKeepAlive());
    const answer = new Promise<number>((resolve, reject) => {
      stream.on('data', ({ TTL }) => resolve(Number(TTL)));
      stream.on('error', reject);
      stream.on('end', () => reject(new Error('etcd ended the stream without an answer')));
      stream.write({ ID: lease });
    });
    try {
      if ((await this.#guarded(answer)) <= 0) throw new LeaseNotFoundError(lease);
    } finally {
      stream.end();
      stream.cancel();
    }
  }

  async revokeLease(lease: string): Promise<void> {
    this.#checkOpen();
    await this.#guarded(this.#client.leaseClient.leaseRevoke({ ID: lease }), 0, lease);
  }

  async compact(revision: number): Promise<void> {
    this.#checkOpen();
    // A revision within one of etcd's stays readable only as long as the one before it does.
    const at = isWhole(revision) ? etcdRevisionOf(revision) : etcdRevisionOf(revision) - 1;
    if (at < 1) return;
    try {
      await this.#guarded(this.#client.kv.compact({ revision: at }), revision);
    } catch (error) {
      if (!(error instanceof CompactedError)) throw error;
    }
  }

  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort();
    this.#history.stop();
    this.#hub.close();
    this.#client.close();
  }

  async #read({ start, end, limit = 0, countOnly = false }: RangeOptions, etcdRevision = 0, revision?: number): Promise<RangeResult> {
    const request: IRangeRequest = { ...this.#layout.range(start, end), limit, count_only: countOnly, revision: etcdRevision };
    const { header, kvs, more, count } = await this.#guarded(this.#client.kv.range(request), revision);
    return {
      revision: revision ?? wholeRevision(header.revision),
      kvs: kvs.map((kv) => this.#layout.keyValue(kv)),
      more,
      count: Number(count),
    };
  }

  /** What somebody else wrote into the same etcd moves its revision and no watch of ours: a note does. */
  #nudgeLater(revision: number): void {
    if (this.#nudging) return;
    this.#nudging = true;
    this.#options.clock.after(nudgeAfterMs, () => {
      this.#nudging = false;
      if (this.#closing.signal.aborted || ![...this.#watches].some((watch) => watch.seen < revision)) return;
      this.#client.kv.put(this.#layout.note({ place: 0, keys: [] })).catch((error) => {
        this.#options.logger?.warn('moving the watches of etcd failed', { error });
      });
    });
  }

  async #guarded<T>(operation: Promise<T>, revision = 0, lease = ''): Promise<T> {
    try {
      return await operation;
    } catch (error) {
      if (error instanceof CompactedError || error instanceof FutureRevisionError || error instanceof StoreUnavailableError) throw error;
      const message = messageOf(error);
      if (/required revision has been compacted/.test(message)) throw new CompactedError(revision, revision);
      if (/future revision/.test(message)) throw new FutureRevisionError(revision, await this.revision());
      if (isLeaseNotFound(error)) throw new LeaseNotFoundError(lease);
      throw unavailable(this.#options.endpoints, error);
    }
  }

  #checkOpen(): void {
    if (this.#closing.signal.aborted) throw closedError();
  }
}

function closedError(): StoreUnavailableError {
  return new StoreUnavailableError('the store is closed');
}
