import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { systemClock } from '@berth/telemetry';
import { SimulatedClock } from '@berth/telemetry/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { all, bytes, commit, expectCrashSafety, line, put, storeContract, take, watchEventsMax } from '../contract.ts';
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
  it('opens the file of a build that kept no authors, and says of its writes that nobody knows', async () => {
    const { file, open } = await openFile();
    const former = new DatabaseSync(file);
    former.exec(`
      create table meta (name text primary key, value integer not null) without rowid;
      create table log (
        id integer primary key, key text not null, create_revision integer not null, version integer not null,
        lease integer, deleted integer not null, value blob not null
      );
      create index log_by_key on log (key);
      create table lease (id integer primary key autoincrement, ttl_seconds real not null, expires_at_ms real not null);
      insert into meta values ('schema', 1), ('compacted', 0), ('purged', 0);
      insert into log values (131072, '/a', 2, 1, null, 0, x'31'), (196608, '/b', 3, 1, null, 0, x'32');
    `);
    former.close();
    const store = await open();
    await commit(store, { ...put('/a', '3'), author: 'ann' });
    const events = await take(store.watch({ ...all, fromRevision: 2, withOrigins: true }), 3);
    expect(events.map((event) => [line(event), event.origin?.author])).toEqual([
      ['put /a=1', undefined],
      ['put /b=2', undefined],
      ['put /a=3', 'ann'],
    ]);
    expect(events.map(({ origin }) => origin === undefined)).toEqual([true, true, false]);
    await store.close();
    expect((await (await open()).get('/a')).kv).toMatchObject({ createRevision: 2, modRevision: 4, version: 2 });
  });

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
