// A range of the store as of one revision, page by page, so that neither the store nor the event loop is held up by all of it at once.
import type { KeyValue, Store } from '@berth/store';

const pageSize = 1_000;

/** @returns the revision that what was taken is as of */
export async function readRange(
  store: Store,
  { start, end }: { start: string; end: string },
  take: (kv: KeyValue) => void,
): Promise<number> {
  let from = start;
  let revision: number | undefined;
  for (let more = true; more; ) {
    const page = await store.range({ start: from, end, limit: pageSize, revision });
    revision ??= page.revision;
    page.kvs.forEach(take);
    const last = page.kvs.at(-1);
    more = page.more && last !== undefined;
    if (last) from = `${last.key}\0`;
  }
  return revision ?? 0;
}
