// Reading at a revision that lies within one of etcd's: the state after it, with what came later in the same request undone.
import type { Etcd3 } from 'etcd3';
import type { KeyValue, RangeOptions, RangeResult } from '../store.ts';
import type { Layout } from './layout.ts';
import { etcdRevisionOf, placeOf } from './revisions.ts';

type Read = (options: RangeOptions, etcdRevision: number) => Promise<RangeResult>;

/** Keys in the range that later transactions of the same request wrote or deleted. */
async function laterKeys(client: Etcd3, layout: Layout, { start, end }: RangeOptions, revision: number): Promise<string[]> {
  const at = etcdRevisionOf(revision);
  const only = { revision: at, min_mod_revision: at, max_mod_revision: at };
  const { responses } = await client.kv.txn({
    success: [{ request_range: { ...layout.range(start, end), ...only } }, { request_range: { ...layout.notes, ...only } }],
  });
  const [written, notes] = responses.map((response) => response.response_range.kvs);
  const later = (written ?? []).filter((kv) => layout.place(kv) > placeOf(revision)).map((kv) => layout.storeKey(kv.key) ?? '');
  for (const kv of notes ?? []) {
    const note = layout.noteIn(kv);
    if (note && note.place > placeOf(revision)) later.push(...note.keys.filter((key) => key >= start && key < end));
  }
  return later;
}

export async function readWithin(client: Etcd3, layout: Layout, options: RangeOptions, revision: number, read: Read): Promise<RangeResult> {
  const at = etcdRevisionOf(revision);
  const later = await laterKeys(client, layout, options, revision);
  if (later.length === 0) return read(options, at);
  const { limit = 0, countOnly = false } = options;
  const [after, before] = await Promise.all([
    read({ ...options, limit: limit > 0 ? limit + later.length : 0 }, at),
    Promise.all(later.map((key) => one(read, key, at - 1))),
  ]);
  const present = await Promise.all(later.map((key) => one(read, key, at)));
  const undone = new Set(later);
  const restored = before.filter((kv) => kv !== undefined);
  const count = after.count - present.filter((kv) => kv !== undefined).length + restored.length;
  if (countOnly) return { revision, kvs: [], more: false, count };
  const all = after.kvs.filter(({ key }) => !undone.has(key)).concat(restored.filter(({ key }) => isWithin(key, after)));
  all.sort((a, b) => (a.key < b.key ? -1 : 1));
  const kvs = limit > 0 ? all.slice(0, limit) : all;
  return { revision, kvs, more: count > kvs.length, count };
}

/** Whether a restored key lies in the part of the range that was read; beyond its end there are keys that were not. */
function isWithin(key: string, read: RangeResult): boolean {
  const last = read.kvs.at(-1);
  return !read.more || (last !== undefined && key <= last.key);
}

async function one(read: Read, key: string, etcdRevision: number): Promise<KeyValue | undefined> {
  const { kvs } = await read({ start: key, end: `${key}\0` }, etcdRevision);
  return kvs[0];
}
