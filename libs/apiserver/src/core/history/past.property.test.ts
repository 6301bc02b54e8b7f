// What is shown of the past is what was: after random writes, a restart and a compaction. etcd's is in test/integration/etcd-store.test.ts.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MemoryStore, SqliteStore } from '@berth/store';
import { SimulatedClock } from '@berth/telemetry/testing';
import { expect, onTestFinished, test } from 'vitest';
import { checkPast } from './past-model.ts';

const seeds = [1, 2];
const steps = 30;

function simulated() {
  const clock = new SimulatedClock();
  return { clock, elapse: (ms: number) => clock.advance(ms) };
}

test.each(seeds)('in memory, seed %i', { timeout: 60_000 }, async (seed) => {
  expect.hasAssertions();
  const time = simulated();
  await checkPast({ seed, steps, ...time, open: async () => new MemoryStore(time) });
});

test.each(seeds)('in SQLite, seed %i', { timeout: 60_000 }, async (seed) => {
  expect.hasAssertions();
  const directory = await mkdtemp(join(tmpdir(), 'berth-past-'));
  let store: SqliteStore | undefined;
  onTestFinished(async () => {
    await store?.close();
    await rm(directory, { recursive: true });
  });
  const time = simulated();
  const openAgain = () => SqliteStore.open({ file: join(directory, 'store.sqlite'), clock: time.clock });
  await checkPast({
    ...{ seed, steps },
    ...time,
    open: async () => {
      store = await openAgain();
      return store;
    },
    reopen: async () => {
      await store?.close();
      store = await openAgain();
      return store;
    },
  });
});
