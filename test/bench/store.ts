// npm run bench -- store: durable compare-and-swap creates a second for each driver, 1 KiB values, 1000 at a time, beside the
// same work done on the bare engine: SQLite commits of equal groups, and etcd requests of equal nesting and concurrency.
// Driver and baseline take turns in the same run; figures are medians of the rounds. Goal: 0.6 of the baseline or more.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { EtcdStore, MemoryStore, SqliteStore, type Store } from '@berth/store';
import { systemClock } from '@berth/telemetry';
import { Etcd3 } from 'etcd3';
import type { DebianPackage } from '../../tools/cluster/debian.ts';
import { EtcdProcess } from '../integration/etcd-process.ts';
import { quantile, rounded } from './support/statistics.ts';

export const packages: DebianPackage[] = ['etcd-server'];

const rounds = 5;
const createsPerRound = 20_000;
const concurrency = 1_000;
/** The drivers' own sizes: transactions in one SQLite commit, transactions in one etcd request, requests under way. */
const sqliteGroup = 500;
const etcdNested = 50;
const etcdRequests = 4;
const value = Buffer.alloc(1024, 7);

type Work = (round: string) => Promise<void>;

export async function run(): Promise<object> {
  const etcd = await EtcdProcess.start();
  /** Run in this order, also when the benchmark fails. */
  const closing: (() => unknown)[] = [() => etcd.remove()];
  const opened = <T extends Store>(store: T): T => {
    closing.unshift(() => store.close());
    return store;
  };
  try {
    const directory = await mkdtemp(join(tmpdir(), 'berth-bench-store-'));
    closing.push(() => rm(directory, { recursive: true }));
    const memory = opened(new MemoryStore());
    const sqlite = opened(await SqliteStore.open({ file: join(directory, 'store.sqlite'), clock: systemClock }));
    const etcdStore = opened(await EtcdStore.open({ endpoints: [etcd.endpoint], clock: systemClock }));
    const bare = new DatabaseSync(join(directory, 'bare.sqlite'));
    closing.unshift(() => bare.close());
    const client = new Etcd3({ hosts: etcd.endpoint });
    closing.unshift(() => client.close());
    const perSecond = await takeTurns({
      memory: (round) => createAll(memory, round),
      sqlite: (round) => createAll(sqlite, round),
      sqliteBare: commitGroups(bare),
      etcd: (round) => createAll(etcdStore, round),
      etcdBare: (round) => putNested(client, round),
    });
    return report(perSecond, await commitLatency(sqlite));
  } finally {
    for (const close of closing) await close();
  }
}

async function takeTurns<Name extends string>(works: Record<Name, Work>): Promise<Record<Name, number>> {
  const names = Object.keys(works) as Name[];
  const measured = new Map<Name, number[]>(names.map((name) => [name, []]));
  // The first round warms up and is not counted.
  for (let round = 0; round <= rounds; round++) {
    for (const name of round % 2 ? names : names.toReversed()) {
      const startMs = performance.now();
      await works[name](`${name}-${round}`);
      if (round > 0) measured.get(name)?.push((createsPerRound / (performance.now() - startMs)) * 1000);
    }
  }
  return Object.fromEntries(names.map((name) => [name, Math.round(quantile(measured.get(name) ?? [], 0.5))])) as Record<Name, number>;
}

async function createAll(store: Store, round: string): Promise<void> {
  let next = 0;
  const writer = async () => {
    while (next < createsPerRound) {
      const key = `/registry/core/pods/${round}/pod-${next++}`;
      const result = await store.transact({ compare: [{ key, target: 'version', version: 0 }], writes: [{ type: 'put', key, value }] });
      if (!result.succeeded) throw new Error(`${key} exists already`);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, writer));
}

function commitGroups(database: DatabaseSync): Work {
  database.exec('pragma journal_mode = wal; pragma synchronous = full; pragma locking_mode = exclusive; pragma cache_size = -65536');
  database.exec('create table pair (id integer primary key, key text not null unique, value blob not null)');
  const insert = database.prepare('insert into pair (key, value) values (?, ?)');
  return async (round) => {
    for (let at = 0; at < createsPerRound; at += sqliteGroup) {
      database.exec('begin immediate');
      for (let i = at; i < at + sqliteGroup; i++) insert.run(`/registry/core/pods/${round}/pod-${i}`, value);
      database.exec('commit');
      // As for a server: others get a turn between two commits.
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
}

async function putNested(client: Etcd3, round: string): Promise<void> {
  let next = 0;
  const sender = async () => {
    while (next < createsPerRound) {
      const from = next;
      next += etcdNested;
      const nested = Array.from({ length: etcdNested }, (_, i) => {
        const key = Buffer.from(`/bare/registry/core/pods/${round}/pod-${from + i}`);
        return { request_txn: { compare: [{ key, target: 'Version' as const, version: 0 }], success: [{ request_put: { key, value } }] } };
      });
      await client.kv.txn({ success: nested });
    }
  };
  await Promise.all(Array.from({ length: etcdRequests }, sender));
}

/** How long a single write waits when nothing else is written: one synced commit. */
async function commitLatency(store: Store): Promise<{ p50Ms: number; p99Ms: number }> {
  const waits: number[] = [];
  for (let i = 0; i < 500; i++) {
    const startMs = performance.now();
    await store.transact({ compare: [], writes: [{ type: 'put', key: '/registry/core/pods/one/by-one', value }] });
    waits.push(performance.now() - startMs);
  }
  return { p50Ms: rounded(quantile(waits, 0.5), 2), p99Ms: rounded(quantile(waits, 0.99), 2) };
}

function report(perSecond: Record<'memory' | 'sqlite' | 'sqliteBare' | 'etcd' | 'etcdBare', number>, single: object): object {
  const { memory, sqlite, sqliteBare, etcd, etcdBare } = perSecond;
  return {
    name: 'store',
    createsPerSecond: { memory, sqlite, etcd },
    baselines: { sqlite: sqliteBare, etcd: etcdBare },
    ratios: { sqlite: rounded(sqlite / sqliteBare, 2), etcd: rounded(etcd / etcdBare, 2) },
    goal: 0.6,
    sqliteSingleCommit: single,
    settings: { rounds, createsPerRound, concurrency, valueBytes: value.length, sqliteGroup, etcdNested, etcdRequests },
  };
}
