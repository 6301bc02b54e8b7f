// Watches: every event after their start once and in order, whatever else goes on.
import { expect, it } from 'vitest';
import { CompactedError, SlowWatcherError, type Store, type StoreEvent, type WatchBatch } from '../store.ts';
import { all, begin, commit, create, line, type OpenHarness, put, remove, take, text, watchEventsMax } from './harness.ts';

/** Writes all, at most 50 at a time, the last key alone at the end. */
async function writeMany(store: Store, count: number): Promise<void> {
  for (let at = 0; at < count; at += 50) {
    await Promise.all(Array.from({ length: 50 }, (_, i) => store.transact(put(`/k${(at + i) % 77}`, String(at + i)))));
  }
  await store.transact(put('/last', ''));
}

const isLast = (event: StoreEvent) => event.kv.key === '/last';

/** In order, without gap or duplicate: what the history of the keys' versions must look like. */
function expectWhole(events: StoreEvent[], count: number): void {
  expect(events).toHaveLength(count + 1);
  expect(new Set(events.map(line)).size).toBe(count + 1);
  const versions = new Map<string, number>();
  let newest = 0;
  for (const { kv } of events) {
    expect(kv.modRevision).toBeGreaterThan(newest);
    expect(kv.version).toBe((versions.get(kv.key) ?? 0) + 1);
    newest = kv.modRevision;
    versions.set(kv.key, kv.version);
  }
}

export function watches(open: OpenHarness): void {
  it('tells puts and deletes with what was before', async () => {
    const { store } = await begin(open);
    const watch = store.watch(all);
    await watch.ready;
    await commit(store, put('/a', '1'));
    await commit(store, put('/a', '2'));
    const revision = await commit(store, remove('/a'));
    const events = await take(watch, 3);
    expect(events.map(line)).toEqual(['put /a=1', 'put /a=2', 'delete /a']);
    expect(events[2]?.kv).toMatchObject({ modRevision: revision, value: new Uint8Array() });
    expect([text(events[2]?.previous?.value), events[2]?.previous?.modRevision]).toEqual(['2', events[1]?.kv.modRevision]);
    expect(events[0]?.previous).toBeUndefined();
  });

  it('misses and repeats nothing when it begins in the middle of concurrent writes', async () => {
    const { store } = await begin(open);
    const from = (await commit(store, put('/first', ''))) + 1;
    const writing = writeMany(store, 1000);
    const readers: Promise<StoreEvent[]>[] = [];
    for (let i = 0; i < 5; i++) {
      readers.push(take(store.watch({ ...all, fromRevision: from }), isLast));
      await store.revision();
      await new Promise((resolve) => setImmediate(resolve));
    }
    await writing;
    for (const reader of readers) expectWhole(await reader, 1000);
  });

  it('shows the past of one key alone, deletions and what was before included, and then goes on', async () => {
    const { store } = await begin(open);
    const from = (await commit(store, put('/k1', 'first'))) + 1;
    await writeMany(store, 1050);
    await commit(store, remove('/k7'));
    await commit(store, create('/k7', 'again'));
    // A neighbour of the key is not it.
    await commit(store, put('/k7\0', 'other'));
    const watch = store.watch({ start: '/k7', end: '/k7\0', fromRevision: from });
    const past = await store.revision();
    const events = [];
    for await (const batch of watch) {
      events.push(...batch.events);
      if (batch.revision >= past) break;
    }
    const written = Array.from({ length: 1050 }, (_, index) => index).filter((index) => index % 77 === 7);
    expect(events.map(line)).toEqual([...written.map((index) => `put /k7=${index}`), 'delete /k7', 'put /k7=again']);
    expect(events.map(({ previous }) => previous && text(previous.value))).toEqual([undefined, ...written.map(String), undefined]);
    const later = store.watch({ start: '/k7', end: '/k7\0', fromRevision: from });
    const following = take(later, ({ kv }) => text(kv.value) === 'last');
    await commit(store, put('/k8', 'last'));
    await commit(store, put('/k7', 'last'));
    expect((await following).map(line)).toEqual([...events.map(line), 'put /k7=last']);
  });

  it('goes on where an earlier watch stopped', async () => {
    const { store } = await begin(open);
    let next = (await commit(store, put('/first', ''))) + 1;
    const writing = writeMany(store, 1000);
    const events: StoreEvent[] = [];
    while (!events.some(isLast)) {
      // Batches are whole: what comes after this one begins behind its revision.
      const batch = await firstBatch(store, next);
      events.push(...batch.events);
      next = batch.revision + 1;
    }
    await writing;
    expectWhole(events, 1000);
  });

  it('can go on after any single event, too', async () => {
    const { store } = await begin(open);
    let next = (await commit(store, put('/first', ''))) + 1;
    const writing = writeMany(store, 50);
    const events: StoreEvent[] = [];
    while (!events.some(isLast)) {
      const [event] = await take(store.watch({ ...all, fromRevision: next }), 1);
      if (!event) throw new Error('a watch ended by itself');
      events.push(event);
      next = event.kv.modRevision + 1;
    }
    await writing;
    expectWhole(events, 50);
  });

  it('shows deletions made together, each at the revision of its transaction', async () => {
    const { store } = await begin(open);
    const keys = Array.from({ length: 60 }, (_, i) => `/k${i}`);
    await Promise.all(keys.map((key) => commit(store, create(key, ''))));
    const from = (await store.revision()) + 1;
    const revisions = await Promise.all(keys.map((key, i) => commit(store, i % 2 ? remove(key) : put(key, 'x'))));
    const events = await take(store.watch({ ...all, fromRevision: from }), 60);
    for (const event of events) expect(event.kv.modRevision).toBe(revisions[keys.indexOf(event.kv.key)]);
    for (const [i, event] of events.entries()) if (i > 0) expect(event.kv.modRevision).toBeGreaterThan(events[i - 1]?.kv.modRevision ?? 0);
  });

  it('says how far it has seen, also when nothing concerns it', async () => {
    const { store } = await begin(open);
    const watch = store.watch({ start: '/mine/', end: '/mine0' });
    await watch.ready;
    const revision = await commit(store, put('/other', ''));
    for await (const batch of watch) {
      expect(batch.events).toEqual([]);
      if (batch.revision >= revision) break;
    }
  });

  it('waits for a revision that is still to come', async () => {
    const { store } = await begin(open);
    const from = (await store.revision()) + 1;
    const watch = store.watch({ ...all, fromRevision: from });
    await watch.ready;
    await commit(store, put('/a', '1'));
    expect((await take(watch, 1)).map(line)).toEqual(['put /a=1']);
  });

  it('ends with CompactedError when its start is gone', async () => {
    const { store } = await begin(open);
    const first = await commit(store, put('/a', '1'));
    await commit(store, put('/a', '2'));
    const newest = await commit(store, put('/a', '3'));
    await store.compact(newest - 1);
    await expect(take(store.watch({ ...all, fromRevision: first }), 1)).rejects.toThrow(CompactedError);
    expect((await take(store.watch({ ...all, fromRevision: newest }), 1)).map(line)).toEqual(['put /a=3']);
  });

  it('holds nobody up with a reader that does not read, and tells it', async () => {
    const { store } = await begin(open);
    const [slow, quick] = [store.watch(all), store.watch(all)];
    await Promise.all([slow.ready, quick.ready]);
    const reader = quick[Symbol.asyncIterator]();
    // What the quick reader has seen was offered to the slow one as well.
    for (let round = 0; round * eventsInRound <= watchEventsMax; round++) {
      await writeRound(store);
      await commit(store, put('/round', String(round)));
      await readUntil(reader, ({ kv }) => kv.key === '/round' && text(kv.value) === String(round));
    }
    await expect(take(slow, () => false)).rejects.toThrow(SlowWatcherError);
    quick.close();
  });

  it('ends when it is closed, and when the store is', async () => {
    const { store } = await begin(open);
    const [one, two] = [store.watch(all), store.watch(all)];
    const endings = [take(one, 1), take(two, 1)];
    one.close();
    expect(await endings[0]).toEqual([]);
    await store.close();
    expect(await endings[1]).toEqual([]);
  });
}

const eventsInRound = watchEventsMax / 5;

async function writeRound(store: Store): Promise<void> {
  const perTransaction = 100;
  const transactions = Array.from({ length: eventsInRound / perTransaction }, (_, i) => {
    const writes = Array.from({ length: perTransaction }, (_, j) => ({
      type: 'put' as const,
      key: `/k${i}/${j}`,
      value: new Uint8Array(),
    }));
    return store.transact({ compare: [], writes });
  });
  await Promise.all(transactions);
}

async function readUntil(reader: AsyncIterator<WatchBatch>, isLast: (event: StoreEvent) => boolean): Promise<void> {
  for (let next = await reader.next(); !next.done; next = await reader.next()) if (next.value.events.some(isLast)) return;
  throw new Error('a watch ended by itself');
}

async function firstBatch(store: Store, fromRevision: number): Promise<WatchBatch> {
  for await (const batch of store.watch({ ...all, fromRevision })) return batch;
  throw new Error('a watch ended by itself');
}
