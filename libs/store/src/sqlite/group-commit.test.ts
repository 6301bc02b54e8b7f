import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { put } from '../contract.ts';
import { StoreUnavailableError } from '../store.ts';
import { Batch } from './batch.ts';
import { openDatabase } from './database.ts';
import { GroupCommit } from './group-commit.ts';
import { KeyIndex } from './key-index.ts';
import { LeaseTable } from './lease-table.ts';
import { LogTable } from './log-table.ts';

interface Sync {
  succeed(): void;
  fail(error: Error): void;
}

/** Commits whose syncs end when the test says so. */
async function begin() {
  const directory = await mkdtemp(join(tmpdir(), 'berth-commits-'));
  const database = openDatabase({ file: join(directory, 'store.sqlite'), bytesMax: 1e8 });
  onTestFinished(async () => {
    database.close();
    await rm(directory, { recursive: true });
  });
  const index = new KeyIndex();
  const parts = { log: new LogTable(database), index, leaseTable: new LeaseTable(database), leases: new Map() };
  const syncs: Sync[] = [];
  let revision = 1;
  const commits = new GroupCommit({
    database,
    file: 'store.sqlite',
    begin: () => new Batch({ ...parts, revision, atMs: 0 }),
    outOfSpace: () => {},
    sync: () => new Promise((resolve, reject) => void syncs.push({ succeed: resolve, fail: reject })),
    committed: (batch) => {
      revision = batch.revision;
    },
  });
  const write = (key: string) => commits.run((batch) => batch.transact(put(key, 'value')));
  const syncing = async (count: number): Promise<Sync> => {
    await expect.poll(() => syncs.length, { interval: 1 }).toBe(count);
    return syncs[count - 1] as Sync;
  };
  return { commits, index, write, syncing, syncs };
}

describe('group commit', () => {
  it('answers and shows nothing before the disk has it, and begins nothing else meanwhile', async () => {
    const { index, write, syncing, syncs } = await begin();
    const answered: string[] = [];
    const note = (key: string) => write(key).then(() => void answered.push(key));
    const first = Promise.all([note('/a'), note('/b')]);
    const sync = await syncing(1);
    const second = note('/c');
    await new Promise((resolve) => setImmediate(resolve));
    expect(answered).toEqual([]);
    expect(index.get('/a')).toBeUndefined();
    expect(syncs).toHaveLength(1);
    sync.succeed();
    await first;
    expect(answered).toEqual(['/a', '/b']);
    expect(index.get('/a')).toMatchObject({ version: 1 });
    (await syncing(2)).succeed();
    await second;
  });

  it('syncs nothing when nothing was changed', async () => {
    const { commits, syncs } = await begin();
    const compare = [{ key: '/a', target: 'version' as const, version: 1 }];
    const result = await commits.run((batch) => batch.transact({ compare, writes: [] }));
    expect(result.succeeded).toBe(false);
    expect(syncs).toHaveLength(0);
  });

  it('refuses all writes after a sync that failed, and shows none of them', async () => {
    const { commits, index, write, syncing } = await begin();
    const results = [write('/a')];
    const sync = await syncing(1);
    results.push(write('/b'));
    sync.fail(new Error('EIO: i/o error'));
    const remedy = 'store.sqlite could not be synced (EIO: i/o error); check its disk, and restart';
    for (const result of results) await expect(result).rejects.toThrow(new StoreUnavailableError(remedy));
    await expect(write('/c')).rejects.toThrow(remedy);
    await commits.flush();
    expect(index.get('/a')).toBeUndefined();
  });
});
