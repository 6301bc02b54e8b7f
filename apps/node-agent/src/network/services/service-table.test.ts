import type { EndpointSlice } from '@berth/api';
import { silentLogger } from '@berth/telemetry';
import { SimulatedClock } from '@berth/telemetry/testing';
import { expect, test } from 'vitest';
import { idOf } from './frontends.ts';
import { OwnRemovals } from './own-removals.ts';
import { ServiceTable } from './service-table.ts';
import { service, slice, whole } from './testing.ts';

/** So many that a change of all is a script for a program of its own. */
const endpointCount = 250;
const endpoints = (network: number): EndpointSlice =>
  slice(Array.from({ length: endpointCount }, (_, at) => ({ address: `10.${network}.0.${at + 1}` })));
const line = (network: number) => `delete element ip t tcp-endpoints { 10.96.0.5 . 80 . 0 : 10.${network}.0.1 . 8080 }`;

test('what it has taken away itself is no loss, however late that is heard of; what somebody else takes away is one', async () => {
  const scripts: string[] = [];
  const run = async (_program: string, args: string[], input = '') => {
    if (args.includes('list')) throw new Error('Error: No such file or directory');
    scripts.push(input);
    return '';
  };
  const table = new ServiceTable({ table: 't', bridge: 'brth0', run, clock: new SimulatedClock(), logger: silentLogger });
  const apply = (network: number) =>
    table.apply({ ...whole({ services: [service({})], endpointSlices: [endpoints(network)] }), bridgeIsFiltered: true });
  await apply(1);
  await apply(2);
  await apply(1);
  expect(scripts.at(-1)).toContain('delete element ip t tcp-endpoints');
  expect(scripts.at(-1)).not.toContain('chain prerouting');
  // Of the first change, heard of after the second has put it there again.
  expect(table.isLoss(line(1))).toBe(false);
  expect(table.isLoss(line(2))).toBe(false);
  expect(table.isLoss(line(1))).toBe(true);
  expect(table.isLoss(line(2))).toBe(false);
});

test('removals are expected for a minute, and so many of them', async () => {
  const clock = new SimulatedClock();
  const removals = new OwnRemovals(clock, 2);
  const [first, second, third] = ['a', 'b', 'c'].map((text) => ({ kind: 'element' as const, set: 's', text })) as [never, never, never];
  removals.expect([first, second, third]);
  expect([first, second, third].map((entry) => removals.take(idOf(entry)))).toEqual([false, true, true]);
  removals.expect([first]);
  await clock.advance(60_000);
  expect(removals.take(idOf(first))).toBe(false);
});

test('a chain goes with each of its rules', () => {
  const removals = new OwnRemovals(new SimulatedClock());
  removals.expect([{ kind: 'chain', name: 'tcp-all-3', rules: [] }]);
  expect([1, 2, 3].map(() => removals.take('chain tcp-all-3'))).toEqual([true, true, true]);
});
