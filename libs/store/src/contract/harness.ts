// What a driver's test gives the contract suite.
import { onTestFinished } from 'vitest';
import type { Store, StoreEvent, Transaction, Watch } from '../store.ts';

export interface StoreHarness {
  store: Store;
  /** Lets leases age: moves a simulated clock, or waits where the wall clock rules. */
  elapse(seconds: number): Promise<void>;
  /** For durable drivers: closes the store and opens the same data again. */
  reopen?(): Promise<Store>;
  /** Closes the store and removes all that was made for it. */
  remove(): Promise<void>;
}

export type OpenHarness = () => Promise<StoreHarness>;

/** What the suite's stores are opened with, so that few events make a watch fall behind. */
export const watchEventsMax = 5_000;

/** Leases are granted for this long in the suite: the shortest that etcd keeps to. */
export const ttlSeconds = 2;

export async function begin(open: OpenHarness): Promise<StoreHarness> {
  const harness = await open();
  onTestFinished(() => harness.remove());
  return harness;
}

export const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));
export const text = (value: Uint8Array | undefined): string | undefined => value && Buffer.from(value).toString();

/** Every key of the suite lies under '/'. */
export const all = { start: '/', end: '0' };

export function put(key: string, value: string, lease?: string): Transaction {
  return { compare: [], writes: [{ type: 'put', key, value: bytes(value), ...(lease && { lease }) }] };
}

export function create(key: string, value: string): Transaction {
  return { ...put(key, value), compare: [{ key, target: 'version', version: 0 }], onFailure: [key] };
}

export function remove(...keys: string[]): Transaction {
  return { compare: [], writes: keys.map((key) => ({ type: 'delete', key })) };
}

/** Commits and gives its revision. */
export async function commit(store: Store, transaction: Transaction): Promise<number> {
  const result = await store.transact(transaction);
  if (!result.succeeded) throw new Error('the comparison failed');
  return result.revision;
}

/** Reads until this many events came, or until `isLast` says so of one; then closes the watch. */
export async function take(watch: Watch, isLast: number | ((event: StoreEvent) => boolean)): Promise<StoreEvent[]> {
  const events: StoreEvent[] = [];
  for await (const batch of watch) {
    let done = false;
    for (const event of batch.events) {
      if (event.kv.modRevision > batch.revision) throw new Error('a batch claims less than it holds');
      events.push(event);
      done ||= typeof isLast === 'number' ? events.length >= isLast : isLast(event);
    }
    if (done) break;
  }
  return events;
}

/** `put /a=1` or `delete /a`, for comparing. */
export const line = ({ type, kv }: StoreEvent) => (type === 'put' ? `put ${kv.key}=${text(kv.value)}` : `delete ${kv.key}`);
