// Objects of kinds that are kept in several versions, in the one that is asked for. What was converted once is known as long as the
// object is as it was and the kind's definition is: no longer than its entry in the cache, and once for each version that is read.
import type { KindDefinition } from '@berth/machinery';
import { type Entry, headOf } from '../object-codec.ts';

/** Of one conversion, so that neither a request nor its answer is without bound; whichever is reached first. */
const batchObjectsMax = 500;
const batchBytesMax = 1024 * 1024;

const known = new WeakMap<Entry, WeakMap<KindDefinition, Entry | Promise<Entry>>>();

/** @param isFresh whether it is converted again, though it was before: what converts may be another by now */
export function shownEntry(kind: KindDefinition, entry: Entry, isFresh = false): Entry | Promise<Entry> {
  if (!kind.conversion || entry.isOf(headOf(kind))) return entry;
  const before = isFresh ? undefined : known.get(entry)?.get(kind);
  if (before) return before;
  convertTogether(kind, [entry]);
  return known.get(entry)?.get(kind) ?? entry;
}

/** In their order. */
export async function shownEntries(kind: KindDefinition, entries: readonly Entry[]): Promise<Entry[]> {
  const others = entries.filter((entry) => !entry.isOf(headOf(kind)) && !known.get(entry)?.has(kind));
  for (const batch of batches(others)) await convertTogether(kind, batch);
  return Promise.all(entries.map((entry) => shownEntry(kind, entry)));
}

function* batches(entries: readonly Entry[]): Generator<Entry[]> {
  let batch: Entry[] = [];
  let bytes = 0;
  for (const entry of entries) {
    if (batch.length === batchObjectsMax || (batch.length > 0 && bytes + entry.bytes.length > batchBytesMax)) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(entry);
    bytes += entry.bytes.length;
  }
  if (batch.length > 0) yield batch;
}

/** Whoever wants one of them meanwhile waits for the same answer; one that fails is forgotten. */
function convertTogether(kind: KindDefinition, batch: Entry[]): Promise<unknown> | undefined {
  const objects = batch.map(({ object }) => object);
  const converted = kind.conversion?.convert(objects, kind) ?? objects;
  if (!(converted instanceof Promise)) {
    for (const [i, entry] of batch.entries()) remember(kind, entry, entry.showing(converted[i] ?? entry.object));
    return undefined;
  }
  for (const [i, entry] of batch.entries()) {
    const shown = converted.then((all) => entry.showing(all[i] ?? entry.object));
    remember(kind, entry, shown);
    shown.then(
      (is) => remember(kind, entry, is),
      () => known.get(entry)?.delete(kind),
    );
  }
  return converted;
}

function remember(kind: KindDefinition, entry: Entry, shown: Entry | Promise<Entry>): void {
  const versions = known.get(entry) ?? new WeakMap<KindDefinition, Entry | Promise<Entry>>();
  versions.set(kind, shown);
  known.set(entry, versions);
}
