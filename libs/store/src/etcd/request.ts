// One request to etcd with many transactions nested in it. They must not touch each other's writes: etcd evaluates every
// comparison before it applies anything.
import type { ICompare, IRequestOp, IResponseOp, ITxnRequest, ITxnResponse } from 'etcd3';
import { boundedAuthor } from '../origin.ts';
import type { Origin, Transaction, TransactionResult } from '../store.ts';
import type { Layout } from './layout.ts';
import { etcdRevisionOf, storeRevision, wholeRevision } from './revisions.ts';

/** Nested in one request; beyond fifty nothing was gained. */
const transactionsMax = 50;
/** etcd's own limit (--max-txn-ops) counts the nested and the largest of what is in one of them together. */
const operationsMax = 127;
/** Well below etcd's limit of 1.5 MiB. */
const bytesMax = 2 ** 20;

export class NestedRequest {
  readonly transactions: Transaction[] = [];
  readonly #written = new Set<string>();
  readonly #read = new Set<string>();
  #bytes = 0;
  #operationsWithin = 0;

  get isFull(): boolean {
    return this.transactions.length === transactionsMax || this.#bytes >= bytesMax;
  }

  /** Takes the transaction unless it must wait for another request. One that is alone is always taken. */
  add(transaction: Transaction): boolean {
    const { compare, writes, onFailure = [] } = transaction;
    const bytes = writes.reduce((sum, write) => sum + write.key.length + (write.type === 'put' ? write.value.length : 0), 0);
    const within = Math.max(this.#operationsWithin, compare.length, writes.length + 1, onFailure.length);
    const fits = this.#bytes + bytes <= bytesMax && this.transactions.length + 1 + within <= operationsMax;
    const reads = [...compare.map(({ key }) => key), ...onFailure];
    const collides = reads.some((key) => this.#written.has(key)) || writes.some(({ key }) => this.#written.has(key) || this.#read.has(key));
    if (this.transactions.length > 0 && (!fits || collides)) return false;
    this.transactions.push(transaction);
    this.#bytes += bytes;
    this.#operationsWithin = within;
    for (const key of reads) this.#read.add(key);
    for (const { key } of writes) this.#written.add(key);
    return true;
  }

  /** @param nowMs kept as the time of what it writes */
  encode(layout: Layout, nowMs: number): ITxnRequest {
    const nested = this.transactions.map((transaction, place) => encode(transaction, place, layout, nowMs));
    const [alone] = nested;
    return alone && nested.length === 1 ? alone : { success: nested.map((request_txn) => ({ request_txn })) };
  }

  decode(response: ITxnResponse, layout: Layout): TransactionResult[] {
    const { revision } = response.header;
    const answers = this.transactions.length === 1 ? [response] : response.responses.map((op) => op.response_txn);
    return answers.map((answer, place) =>
      answer.succeeded
        ? { succeeded: true, revision: storeRevision(revision, place) }
        : { succeeded: false, revision: wholeRevision(revision), current: answer.responses.map((op) => current(op, layout)) },
    );
  }
}

function current({ response_range: { kvs } }: IResponseOp, layout: Layout) {
  return kvs[0] && layout.keyValue(kvs[0]);
}

function encode({ compare, writes, onFailure = [], author }: Transaction, place: number, layout: Layout, atMs: number): ITxnRequest {
  const origin: Origin = author === undefined ? { atMs } : { atMs, author: boundedAuthor(author) };
  const deleted = writes.filter(({ type }) => type === 'delete').map(({ key }) => key);
  const success: IRequestOp[] = deleted.length > 0 ? [{ request_put: layout.note({ place, keys: deleted, origin }) }] : [];
  for (const write of writes) {
    const key = layout.key(write.key);
    if (write.type === 'delete') success.push({ request_delete_range: { key } });
    else
      success.push({ request_put: { key, value: layout.value(place, write.value, origin), ...(write.lease && { lease: write.lease }) } });
  }
  return {
    compare: compare.map((c): ICompare => {
      const key = layout.key(c.key);
      if (c.target === 'version') return { key, target: 'Version', result: 'Equal', version: c.version };
      return { key, target: 'Mod', result: 'Equal', mod_revision: etcdRevisionOf(c.revision) };
    }),
    success,
    failure: onFailure.map((key) => ({ request_range: { key: layout.key(key) } })),
  };
}
