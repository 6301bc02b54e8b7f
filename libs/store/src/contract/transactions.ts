// Compare-and-swap and reads, of the present and of the past.
import { expect, it } from 'vitest';
import { CompactedError, FutureRevisionError } from '../store.ts';
import { all, begin, commit, create, type OpenHarness, put, remove, text } from './harness.ts';

export function transactions(open: OpenHarness): void {
  it('creates a key once, however many try at the same time', async () => {
    const { store } = await begin(open);
    const results = await Promise.all(Array.from({ length: 100 }, (_, i) => store.transact(create('/a', String(i)))));
    const won = results.filter((result) => result.succeeded);
    expect(won).toHaveLength(1);
    const { kv } = await store.get('/a');
    expect(kv).toMatchObject({ version: 1, modRevision: won[0]?.revision });
    for (const result of results) if (!result.succeeded) expect(result.current).toEqual([kv]);
  });

  it('loses no increment made by compare-and-swap', async () => {
    const { store } = await begin(open);
    await commit(store, put('/n', '0'));
    const increment = async () => {
      for (;;) {
        const { kv } = await store.get('/n');
        const transaction = put('/n', String(Number(text(kv?.value)) + 1));
        transaction.compare = [{ key: '/n', target: 'mod', revision: kv?.modRevision ?? 0 }];
        if ((await store.transact(transaction)).succeeded) return;
      }
    };
    await Promise.all(Array.from({ length: 20 }, increment));
    const { kv } = await store.get('/n');
    expect([text(kv?.value), kv?.version]).toEqual(['20', 21]);
  });

  it('applies all writes of a transaction at one revision, or none', async () => {
    const { store } = await begin(open);
    await commit(store, put('/b', 'old'));
    const revision = await commit(store, { compare: [], writes: [...put('/a', '1').writes, ...remove('/b').writes] });
    const { kvs } = await store.range(all);
    expect(kvs.map((kv) => [kv.key, kv.modRevision])).toEqual([['/a', revision]]);
    const refused = await store.transact({
      compare: [{ key: '/a', target: 'mod', revision: 0 }],
      writes: remove('/a').writes,
      onFailure: ['/a', '/b'],
    });
    expect(refused).toMatchObject({ succeeded: false, current: [{ key: '/a', modRevision: revision }, undefined] });
    expect((await store.get('/a')).kv).toBeDefined();
  });

  it('gives each transaction a revision of its own', async () => {
    const { store } = await begin(open);
    const revisions = await Promise.all(Array.from({ length: 200 }, (_, i) => commit(store, put(`/k${i}`, ''))));
    expect(new Set(revisions).size).toBe(200);
    for (const [i, revision] of revisions.entries()) expect((await store.get(`/k${i}`)).kv?.modRevision).toBe(revision);
    const newest = await store.revision();
    expect(newest).toBeGreaterThanOrEqual(Math.max(...revisions));
    expect(await commit(store, put('/later', ''))).toBeGreaterThan(newest);
    expect((await store.transact(remove('/absent'))).succeeded).toBe(true);
  });

  it('starts a deleted key anew', async () => {
    const { store } = await begin(open);
    const first = await commit(store, put('/a', '1'));
    const created = (await store.get('/a')).kv?.createRevision ?? 0;
    expect(created).toBeLessThanOrEqual(first);
    await commit(store, put('/a', '2'));
    expect((await store.get('/a')).kv).toMatchObject({ version: 2, createRevision: created });
    const removed = await commit(store, remove('/a'));
    const revision = await commit(store, create('/a', ''));
    const { kv } = await store.get('/a');
    expect(kv).toMatchObject({ version: 1, modRevision: revision });
    expect(kv?.createRevision).toBeGreaterThan(removed);
    expect(kv?.createRevision).toBeLessThanOrEqual(revision);
    expect((await store.get('/a')).kv?.value).toHaveLength(0);
  });

  it('reads every past revision as it was, also those of transactions made together', async () => {
    const { store } = await begin(open);
    const expected = new Map<string, string>();
    for (let i = 0; i < 10; i++) {
      await commit(store, put(`/${i}`, 'first'));
      expected.set(`/${i}`, 'first');
    }
    // Each deletion has a key of its own, so that all of them change something.
    const steps = Array.from({ length: 24 }, (_, i) => (i % 4 === 3 ? remove(`/${4 + (i - 3) / 4}`) : put(`/${(i * 7) % 4}`, String(i))));
    const together = await Promise.all(steps.map(async (step) => ({ step, revision: await commit(store, step) })));
    for (const { step, revision } of together.sort((a, b) => a.revision - b.revision)) {
      for (const write of step.writes) {
        if (write.type === 'put') expected.set(write.key, text(write.value) ?? '');
        else expected.delete(write.key);
      }
      const { kvs, count } = await store.range({ ...all, revision });
      expect(kvs.map((kv) => [kv.key, text(kv.value)])).toEqual([...expected].sort());
      expect(count).toBe(expected.size);
      for (let i = 0; i < 10; i++) expect(text((await store.get(`/${i}`, revision)).kv?.value)).toBe(expected.get(`/${i}`));
    }
  });

  it('limits and counts', async () => {
    const { store } = await begin(open);
    for (const key of ['/a', '/b', '/b/1', '/c']) await store.transact(put(key, ''));
    expect(await store.range({ ...all, limit: 2 })).toMatchObject({ more: true, count: 4, kvs: [{ key: '/a' }, { key: '/b' }] });
    expect(await store.range({ ...all, limit: 4 })).toMatchObject({ more: false, count: 4 });
    expect(await store.range({ ...all, countOnly: true })).toMatchObject({ count: 4, kvs: [] });
    expect(await store.range({ start: '/b\0', end: '/c' })).toMatchObject({ count: 1, kvs: [{ key: '/b/1' }] });
  });

  it('pages through one revision while others write', async () => {
    const { store } = await begin(open);
    await Promise.all(Array.from({ length: 100 }, (_, i) => store.transact(put(`/k${i + 100}`, 'old'))));
    let page = await store.range({ ...all, limit: 7 });
    const { revision } = page;
    const seen = [...page.kvs];
    while (page.more) {
      const disturb = Array.from({ length: 10 }, (_, i) =>
        store.transact(i % 2 ? remove(`/k${100 + ((seen.length + i) % 100)}`) : put(`/k${300 + i}`, 'new')),
      );
      await Promise.all(disturb);
      page = await store.range({ start: `${seen.at(-1)?.key}\0`, end: all.end, limit: 7, revision });
      seen.push(...page.kvs);
    }
    expect(seen.map((kv) => kv.key)).toEqual(Array.from({ length: 100 }, (_, i) => `/k${i + 100}`));
    expect(new Set(seen.map((kv) => text(kv.value)))).toEqual(new Set(['old']));
  });

  it('refuses the compacted past and the future', async () => {
    const { store } = await begin(open);
    const first = await commit(store, put('/a', '1'));
    await commit(store, put('/a', '2'));
    await commit(store, put('/gone', ''));
    await commit(store, remove('/gone'));
    const newest = await commit(store, put('/b', ''));
    await store.compact(newest - 1);
    await expect(store.range({ ...all, revision: first })).rejects.toThrow(CompactedError);
    await expect(store.get('/a', first)).rejects.toThrow(CompactedError);
    await expect(store.get('/a', newest + 1_000_000)).rejects.toThrow(FutureRevisionError);
    await expect(store.compact(newest + 1_000_000)).rejects.toThrow(FutureRevisionError);
    const { kvs } = await store.range({ ...all, revision: newest });
    expect(kvs.map((kv) => [kv.key, text(kv.value)])).toEqual([
      ['/a', '2'],
      ['/b', ''],
    ]);
    expect((await store.get('/a')).kv?.version).toBe(2);
  });
}
