// Coalesces independent transactions into few requests. What waits while requests are under way goes into the next ones.
import type { Clock } from '@berth/telemetry';
import type { Etcd3, ITxnResponse } from 'etcd3';
import { LeaseNotFoundError, StoreFullError, StoreUnavailableError, type Transaction, type TransactionResult } from '../store.ts';
import { isLeaseNotFound, isOutOfSpace, isRefusal, messageOf } from './connection.ts';
import type { Layout } from './layout.ts';
import { NestedRequest } from './request.ts';

/** Requests under way at a time. */
const requestsMax = 4;
/** Transactions that may wait; beyond it the store says that it is overloaded. */
const waitingMax = 100_000;

interface Waiting {
  transaction: Transaction;
  resolve(result: TransactionResult): void;
  reject(error: unknown): void;
}

export class Writer {
  readonly #client: Etcd3;
  readonly #layout: Layout;
  readonly #clock: Clock;
  readonly #unavailable: (error: unknown) => StoreUnavailableError;
  #waiting: Waiting[] = [];
  #underWay = 0;
  #scheduled = false;
  #fullness: string | undefined;

  constructor(client: Etcd3, layout: Layout, clock: Clock, unavailable: (error: unknown) => StoreUnavailableError) {
    this.#client = client;
    this.#layout = layout;
    this.#clock = clock;
    this.#unavailable = unavailable;
  }

  /** What the newest request was refused with when etcd had no space; undefined since one was taken. */
  get fullness(): string | undefined {
    return this.#fullness;
  }

  transact(transaction: Transaction): Promise<TransactionResult> {
    if (this.#waiting.length >= waitingMax) {
      return Promise.reject(new StoreUnavailableError(`${waitingMax} writes are waiting already; write more slowly`));
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ transaction, resolve, reject });
      this.#schedule();
    });
  }

  /** In a turn of its own, so that all writes of this turn come together. */
  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      while (this.#underWay < requestsMax && this.#waiting.length > 0) this.#next();
    });
  }

  #next(): void {
    const request = new NestedRequest();
    const taken: Waiting[] = [];
    const left: Waiting[] = [];
    let at = 0;
    for (; at < this.#waiting.length && !request.isFull; at++) {
      const waiting = this.#waiting[at];
      if (waiting) (request.add(waiting.transaction) ? taken : left).push(waiting);
    }
    this.#waiting = left.concat(this.#waiting.slice(at));
    this.#underWay++;
    void this.#send(request, taken).finally(() => {
      this.#underWay--;
      if (this.#waiting.length > 0) this.#schedule();
    });
  }

  async #send(request: NestedRequest, taken: Waiting[]): Promise<void> {
    let response: ITxnResponse;
    try {
      response = await this.#client.kv.txn(request.encode(this.#layout, this.#clock.now()));
    } catch (error) {
      await this.#failed(taken, error);
      return;
    }
    let results: TransactionResult[];
    try {
      results = request.decode(response, this.#layout);
    } catch (error) {
      // It may have been carried out: it is not tried again.
      for (const { reject } of taken) reject(this.#unavailable(error));
      return;
    }
    if (taken.some(({ transaction }) => transaction.writes.some(({ type }) => type === 'put'))) this.#fullness = undefined;
    for (const [i, waiting] of taken.entries()) {
      const result = results[i];
      if (result) waiting.resolve(result);
      else waiting.reject(this.#unavailable(new Error('the answer does not match the request')));
    }
  }

  /** One transaction's fault must not be the others': each is tried alone when etcd refused all of them together. */
  async #failed(taken: Waiting[], error: unknown): Promise<void> {
    if (taken.length > 1 && (isRefusal(error) || error instanceof RangeError)) {
      for (const waiting of taken) {
        const alone = new NestedRequest();
        alone.add(waiting.transaction);
        await this.#send(alone, [waiting]);
      }
      return;
    }
    if (isOutOfSpace(error)) this.#fullness = `${messageOf(error)}: compact and defragment etcd or raise its quota, then disarm its alarm`;
    for (const { transaction, reject } of taken) {
      if (isOutOfSpace(error)) reject(new StoreFullError(this.#fullness ?? messageOf(error)));
      else if (isLeaseNotFound(error)) reject(new LeaseNotFoundError(leaseOf(transaction)));
      else reject(error instanceof RangeError ? error : this.#unavailable(error));
    }
  }
}

function leaseOf({ writes }: Transaction): string {
  return writes.flatMap((write) => (write.type === 'put' && write.lease) || []).join(', ');
}
