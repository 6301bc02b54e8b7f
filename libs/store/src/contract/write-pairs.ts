// What the process that a crash test kills does. Apart from the suite, which needs the test runner.
import type { Store } from '../store.ts';

/** Writes pairs of keys for ever, 100 transactions at a time, and prints each that was acknowledged. */
export async function writePairs(store: Store): Promise<never> {
  let next = 0;
  const write = async (): Promise<never> => {
    for (;;) {
      const pair = `pair${next++}`;
      const writes = ['left', 'right'].map((side) => ({ type: 'put' as const, key: `/${pair}/${side}`, value: new Uint8Array(1024) }));
      const { revision } = await store.transact({ compare: [], writes });
      process.stdout.write(`${pair} ${revision}.\n`);
    }
  };
  return Promise.race(Array.from({ length: 100 }, write));
}
