// Flows follow what serves, also where the rules stay as they are; and are looked at only when something has changed.
import { silentLogger } from '@berth/telemetry';
import { expect, test } from 'vitest';
import { Conntrack } from './conntrack.ts';

const [old, young] = ['10.244.0.31:9000', '10.244.0.32:9000'];
const frontend = '10.96.0.9:9000';

/** The kernel's table, with a flow to the old endpoint. */
function kernel() {
  const lines = [
    'udp      17 33 src=192.0.2.2 dst=10.96.0.9 sport=5801 dport=9000 src=10.244.0.31 dst=192.0.2.2 sport=9000 dport=5801 [ASSURED] mark=0 use=1',
  ];
  const state = { lists: 0, deletions: 0, isBroken: false };
  const run = async (_program: string, [verb]: string[]) => {
    if (state.isBroken) throw new Error('conntrack: cannot allocate memory');
    if (verb === '-L') state.lists += 1;
    if (verb === '-D') state.deletions += lines.splice(0).length;
    return lines.join('\n');
  };
  return { state, conntrack: new Conntrack(run, silentLogger, true) };
}

test('an endpoint that ends keeps its flows while it serves, and loses them when it does not, though it left the rules before', async () => {
  const { state, conntrack } = kernel();
  await conntrack.forgetStale('to the old one', new Map([[frontend, new Set([old])]]));
  await conntrack.forgetStale('to the young one', new Map([[frontend, new Set([old, young])]]));
  expect(state).toMatchObject({ lists: 2, deletions: 0 });
  const serving = new Map([[frontend, new Set([young])]]);
  await conntrack.forgetStale('to the young one', serving);
  expect(state).toMatchObject({ lists: 3, deletions: 1 });
  await conntrack.forgetStale('to the young one', new Map(serving));
  expect(state.lists).toBe(3);
});

test('what failed is done the next time', async () => {
  const { state, conntrack } = kernel();
  const serving = new Map([[frontend, new Set([young])]]);
  state.isBroken = true;
  await expect(conntrack.forgetStale('to the young one', serving)).rejects.toThrow('cannot allocate memory');
  state.isBroken = false;
  await conntrack.forgetStale('to the young one', serving);
  expect(state.deletions).toBe(1);
});
