// The contract suite of the Store port, for the tests of every driver. A library: `storeContract('memory', open)` in a test
// file defines the tests there.
import { describe } from 'vitest';
import { reopening } from './contract/durability.ts';
import type { OpenHarness } from './contract/harness.ts';
import { leases } from './contract/leases.ts';
import { origins } from './contract/origins.ts';
import { transactions } from './contract/transactions.ts';
import { watches } from './contract/watches.ts';

export * from './contract/durability.ts';
export * from './contract/harness.ts';

/** `durable` adds that the harness reopens to what was there. */
export function storeContract(name: string, open: OpenHarness, { durable }: { durable: boolean }): void {
  describe(`the store contract of ${name}`, () => {
    transactions(open);
    watches(open);
    leases(open);
    origins(open);
    if (durable) reopening(open);
  });
}
