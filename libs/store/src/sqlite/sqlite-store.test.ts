import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@berth/telemetry';
import { SimulatedClock } from '@berth/telemetry/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { all, bytes, commit, expectCrashSafety, put, storeContract, watchEventsMax } from '../contract.ts';
import { StoreFullError } from '../store.ts';
import { SqliteStore } from './sqlite-store.ts';

async function directory(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'berth-store-'));
}

async function openFile(): Promise<{ file: string; open: (bytesMax?: number) => Promise<SqliteStore> }> {
  const path = await directory();
  const opened: SqliteStore[] = [];
  onTestFinished(async () => {
    for (const store of opened) await store.close();
    await rm(path, { recursive: true });
  });
  const file = join(path, 'store.sqlite');
  const open = async (bytesMax?: number) => {
    const store = await SqliteStore.open({ file, clock: systemClock, bytesMax });
    opened.push(store);
    return store;
  };
  return { file, open };
}

storeContract(
  'sqlite',
  async () => {
    const path = await directory();
    const clock = new SimulatedClock();
    const open = () => SqliteStore.open({ file: join(path, 'store.sqlite'), clock, watchEventsMax });
    const store = await open();
    let last = store;
    return {
      store,
      elapse: (seconds) => clock.advance(seconds * 1000),
      reopen: async () => {
        await last.close();
        last = await open();
        return last;
      },
      remove: async () => {
        await last.close();
        await rm(path, { recursive: true });
      },
    };
  },
  { durable: true },
);

describe('the SQLite store', () => {
  it('keeps all that was acknowledged, and no half of anything, when its process is killed', async () => {
    const { file, open } = await openFile();
    await expectCrashSafety({ writer: [join(import.meta.dirname, 'crash-writer.ts'), file], openAfterwards: () => open() });
  });

  it('gives the file to one process at a time, and to its owner alone', async () => {
    const { file, open } = await openFile();
    const store = await open();
    await expect(open()).rejects.toThrow(`${file} is in use by another process; stop the other control plane`);
    expect((await stat(file)).mode & 0o077).toBe(0);
    await store.close();
    await (await open()).close();
  });

  it('rejects every write of a group whose commit fails, and changes nothing', async () => {
    const { open } = await openFile();
    const store = await open(200_000);
    const revision = await commit(store, put('/a', 'before'));
    const huge = { compare: [], writes: [{ type: 'put' as const, key: '/huge', value: new Uint8Array(1_000_000) }] };
    const watch = store.watch(all);
    const results = await Promise.allSettled([store.transact(put('/a', 'after')), store.transact(huge), store.grantLease(5)]);
    for (const result of results) expect(result).toMatchObject({ status: 'rejected', reason: expect.any(StoreFullError) });
    expect(await store.revision()).toBe(revision);
    expect((await store.get('/a')).kv?.value).toEqual(bytes('before'));
    expect(await commit(store, put('/a', 'later'))).toBe(revision + 1);
    for await (const batch of watch) {
      expect(batch).toMatchObject({ revision: revision + 1, events: [{ kv: { key: '/a', version: 2 } }] });
      break;
    }
  });

  it('ends leases that expired while it was closed', async () => {
    const { file } = await openFile();
    const clock = new SimulatedClock();
    const store = await SqliteStore.open({ file, clock });
    await commit(store, put('/a', '', await store.grantLease(10)));
    await store.close();
    await clock.advance(11_000);
    const again = await SqliteStore.open({ file, clock });
    const watch = again.watch(all);
    await clock.advance(1);
    for await (const { events } of watch) {
      expect(events).toMatchObject([{ type: 'delete', kv: { key: '/a' } }]);
      break;
    }
    expect((await again.range(all)).count).toBe(0);
    await again.close();
  });

  it('frees what was compacted', async () => {
    const { open } = await openFile();
    const store = await open(2_000_000);
    for (let round = 0; round < 20; round++) {
      const writes = Array.from({ length: 20 }, (_, i) => ({ type: 'put' as const, key: `/k${i}`, value: new Uint8Array(10_000) }));
      await store.compact(await commit(store, { compare: [], writes }));
    }
    expect((await store.range(all)).count).toBe(20);
  });
});
