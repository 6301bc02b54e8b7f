// The etcd driver against a real etcd: the contract of every store, and what holds when etcd is killed in the middle.
import { EtcdStore, LeaseNotFoundError, type StoreEvent, StoreUnavailableError } from '@berth/store';
import { all, commit, create, put, remove, storeContract, take, watchEventsMax } from '@berth/store/contract';
import { silentLogger, systemClock } from '@berth/telemetry';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { checkPast } from '../../libs/apiserver/src/core/history/past-model.ts';
import { EtcdProcess } from './etcd-process.ts';

let etcd: EtcdProcess;
let prefixes = 0;

beforeAll(async () => {
  etcd = await EtcdProcess.start();
});
afterAll(() => etcd?.remove());

function open(from: EtcdProcess, prefix: string): Promise<EtcdStore> {
  return EtcdStore.open({ endpoints: [from.endpoint], clock: systemClock, logger: silentLogger, prefix, watchEventsMax });
}

async function openNew(): Promise<EtcdStore> {
  const store = await open(etcd, `/test${prefixes++}`);
  onTestFinished(() => store.close());
  return store;
}

storeContract(
  'etcd',
  async () => {
    const prefix = `/test${prefixes++}`;
    let last = await open(etcd, prefix);
    return {
      store: last,
      elapse: (seconds) => systemClock.sleep(seconds * 1000),
      reopen: async () => {
        await last.close();
        last = await open(etcd, prefix);
        return last;
      },
      remove: () => last.close(),
    };
  },
  { durable: true },
);

describe('the etcd store', () => {
  it('shows of the past what was, after a restart and a compaction, too', { timeout: 60_000 }, async () => {
    expect.hasAssertions();
    const prefix = `/test${prefixes++}`;
    let store: EtcdStore | undefined;
    onTestFinished(() => store?.close());
    const openAgain = async () => {
      store = await open(etcd, prefix);
      return store;
    };
    await checkPast({
      ...{ seed: 1, steps: 4, clock: systemClock },
      // Times are kept in milliseconds, and etcd is spoken to by the clock of the machine.
      elapse: () => systemClock.sleep(3),
      open: openAgain,
      reopen: async () => {
        await store?.close();
        return openAgain();
      },
    });
  });

  it('refuses one of many writes under a lease that is gone, and not the others', async () => {
    const store = await openNew();
    const transactions = Array.from({ length: 20 }, (_, i) => put(`/k${i}`, '', i === 7 ? '4242' : undefined));
    const results = await Promise.allSettled(transactions.map((transaction) => store.transact(transaction)));
    expect(results.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, (_, i) => (i === 7 ? 'rejected' : 'fulfilled')));
    expect(results[7]).toMatchObject({ reason: expect.any(LeaseNotFoundError) });
  });

  it('lets several writers and watchers agree on every revision', async () => {
    const stores = await Promise.all([1, 2, 3].map(() => open(etcd, '/shared')));
    onTestFinished(async () => {
      for (const store of stores) await store.close();
    });
    const fromRevision = ((await stores[0]?.revision()) ?? 0) + 1;
    const watches = stores.map((store) => take(store.watch({ ...all, fromRevision }), 900));
    const made = stores.flatMap((store, who) => Array.from({ length: 200 }, (_, i) => commit(store, create(`/k${who}-${i}`, ''))));
    await Promise.all(made);
    await Promise.all(stores.flatMap((store, who) => Array.from({ length: 100 }, (_, i) => commit(store, remove(`/k${who}-${i}`)))));
    const seen = (await Promise.all(watches)).map((events) => events.map(({ type, kv }) => `${kv.modRevision} ${type} ${kv.key}`));
    expect(seen[1]).toEqual(seen[0]);
    expect(seen[2]).toEqual(seen[0]);
    expect(new Set(seen[0]?.map((line) => line.split(' ')[0])).size).toBe(900);
  });

  it('moves its watches when others write into the same etcd', async () => {
    const [ours, theirs] = [await openNew(), await openNew()];
    const watch = ours.watch(all);
    await watch.ready;
    await commit(theirs, put('/a', ''));
    const revision = await ours.revision();
    for await (const batch of watch) if (batch.revision >= revision) break;
  });

  it('names what does not answer, and what to do', async () => {
    const nowhere = EtcdStore.open({ endpoints: ['http://127.0.0.1:1'], clock: systemClock });
    await expect(nowhere).rejects.toThrow(/etcd at http:\/\/127\.0\.0\.1:1 did not answer.*--etcd-endpoints/);
  });

  it('loses nothing that was acknowledged when etcd is killed among 1000 writes, and goes on by itself', async () => {
    const own = await EtcdProcess.start();
    onTestFinished(() => own.remove());
    const store = await open(own, '/berth');
    onTestFinished(() => store.close());
    const events: StoreEvent[] = [];
    const watching = (async () => {
      for (const event of await take(store.watch({ ...all, fromRevision: 1 }), ({ kv }) => kv.key === '/last')) events.push(event);
    })();
    const acknowledged = new Map<string, number>();
    let refused = 0;
    const writing = Array.from({ length: 1000 }, async (_, i) => {
      for (let round = 0; round < 4; round++) {
        const key = `/k${i}-${round}`;
        try {
          acknowledged.set(key, await commit(store, create(key, 'x'.repeat(1024))));
          if (acknowledged.size === 1500) await own.kill();
        } catch (error) {
          expect(error).toBeInstanceOf(StoreUnavailableError);
          refused++;
        }
      }
    });
    await Promise.all(writing);
    expect(refused).toBeGreaterThan(0);
    await own.launch();
    await reconnected(store);
    await commit(store, put('/last', ''));
    await watching;
    const { kvs } = await store.range(all);
    const stored = new Map(kvs.map((kv) => [kv.key, kv.modRevision]));
    for (const [key, revision] of acknowledged) expect([key, stored.get(key)]).toEqual([key, revision]);
    const inOrder = [...stored].sort((a, b) => a[1] - b[1]);
    expect(events.map(({ kv }) => [kv.key, kv.modRevision])).toEqual(inOrder);
  });
});

/** Asks until etcd answers; the driver makes the connection anew by itself. */
async function reconnected(store: EtcdStore): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    try {
      await store.revision();
      return;
    } catch (error) {
      if (!(error instanceof StoreUnavailableError)) throw error;
      await systemClock.sleep(100);
    }
  }
  throw new Error('the driver did not reconnect within ten seconds');
}
