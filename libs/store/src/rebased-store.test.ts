// A restored store keeps every promise of a store, and none of its revisions is one that a client of the lost store may have seen.
import { SimulatedClock } from '@berth/telemetry/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { all, commit, create, put, storeContract, take, watchEventsMax } from './contract.ts';
import { MemoryStore } from './memory/memory-store.ts';
import { baseOf, RebasedStore, rebased } from './rebased-store.ts';
import { CompactedError, FutureRevisionError, type Store } from './store.ts';

const base = 5_000_000_000;

storeContract(
  'a restored store',
  async () => {
    const clock = new SimulatedClock();
    const store = new RebasedStore(new MemoryStore({ clock, watchEventsMax }), base);
    return { store, elapse: (seconds) => clock.advance(seconds * 1000), remove: () => store.close() };
  },
  { durable: false },
);

async function restored(): Promise<Store> {
  const inner = new MemoryStore({ clock: new SimulatedClock() });
  await commit(inner, baseOf(base));
  const store = await rebased(inner);
  onTestFinished(() => store.close());
  return store;
}

describe('a restored store', () => {
  it('is known by what it holds, and one that was never restored is itself', async () => {
    expect(await restored()).toBeInstanceOf(RebasedStore);
    const plain = new MemoryStore({ clock: new SimulatedClock() });
    expect(await rebased(plain)).toBe(plain);
    await commit(plain, put('/restore/base', 'x'));
    await expect(rebased(plain)).rejects.toThrow('holds no revision: restore the backup again');
  });

  it('counts on beyond what was lost, and calls all of that compacted', async () => {
    const store = await restored();
    const first = await commit(store, create('/a', '1'));
    expect(first).toBeGreaterThan(base);
    await expect(store.range({ ...all, revision: 4711 })).rejects.toThrow(CompactedError);
    await expect(store.get('/a', base)).rejects.toThrow(`the oldest that can be read is ${base + 1}`);
    await expect(take(store.watch({ ...all, fromRevision: 4711 }), 1)).rejects.toThrow(CompactedError);
    await expect(store.get('/a', first + 100)).rejects.toThrow(FutureRevisionError);
    await expect(store.get('/a', first + 100)).rejects.toThrow(`the newest is ${first}`);
  });

  it('takes no write that builds on what was lost', async () => {
    const store = await restored();
    const revision = await commit(store, create('/a', '1'));
    const stale = { ...put('/a', '2'), compare: [{ key: '/a', target: 'mod' as const, revision: 7 }], onFailure: ['/a'] };
    expect(await store.transact(stale)).toMatchObject({ succeeded: false, current: [{ modRevision: revision }] });
    expect(await commit(store, { ...stale, compare: [{ key: '/a', target: 'mod', revision }] })).toBeGreaterThan(revision);
  });
});
