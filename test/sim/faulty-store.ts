// One control plane's view of the shared store: writes are refused before or after they were applied, watches break off, all by
// chance from the seed; and nothing is answered once the control plane is dead.

import {
  SlowWatcherError,
  type Store,
  StoreUnavailableError,
  type Transaction,
  type TransactionResult,
  type Watch,
  type WatchOptions,
} from '@berth/store';
import type { Clock, Random } from '@berth/telemetry';
import type { Life } from '@berth/testing';

export interface StoreFaults {
  /** Of a write: refused, and not applied. */
  refusedShare: number;
  /** Of a write: applied, but the answer is lost. */
  unansweredShare: number;
  /** Of a batch of events: the watch breaks off instead. */
  brokenWatchShare: number;
  /** Answers no read: reads ask for the newest revision first. */
  refusesReads?: boolean;
}

export const noFaults: StoreFaults = { refusedShare: 0, unansweredShare: 0, brokenWatchShare: 0 };

/** Of every batch of events. */
const lagMsMax = 50;

export interface FaultyStorePorts {
  life: Life;
  clock: Clock;
  random: Random;
  /** Read at each call, so that faults can begin and end. */
  faults: () => StoreFaults;
}

export function faultyStore(inner: Store, ports: FaultyStorePorts): Store {
  const { life, random, faults } = ports;
  const mortal = life.service(inner);
  const own = {
    transact: (transaction: Transaction) => transact(mortal, random, faults(), transaction),
    revision: async () => {
      if (faults().refusesReads) throw new StoreUnavailableError('simulated: away');
      return mortal.revision();
    },
    watch: (options: WatchOptions) => watch(inner, ports, options),
    // Every control plane closes its store when it stops; the next one needs it still.
    close: async () => {},
  };
  return new Proxy(mortal, { get: (target, name) => Reflect.get(own, name) ?? Reflect.get(target, name) }) as Store;
}

async function transact(store: Store, random: Random, faults: StoreFaults, transaction: Transaction): Promise<TransactionResult> {
  if (random.next() < faults.refusedShare) throw new StoreUnavailableError('simulated: refused');
  const result = await store.transact(transaction);
  if (random.next() < faults.unansweredShare) throw new StoreUnavailableError('simulated: the answer was lost');
  return result;
}

/** Events come late, as over a network; never out of order. */
function watch(store: Store, { life, clock, random, faults }: FaultyStorePorts, options: WatchOptions): Watch {
  const inner = store.watch(options);
  async function* batches() {
    for await (const batch of inner) {
      await clock.sleep(random.int(lagMsMax));
      if (life.isOver) return;
      if (random.next() < faults().brokenWatchShare) throw new SlowWatcherError(0);
      yield batch;
    }
  }
  return { ready: inner.ready, close: () => inner.close(), [Symbol.asyncIterator]: batches };
}
