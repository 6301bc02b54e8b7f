// When rules of network policies are brought into force, and what becomes of those who wait for it. What the rules are: policy-plan.test.ts.
import type { Pod } from '@berth/api';
import { silentLogger } from '@berth/telemetry';
import { SimulatedClock } from '@berth/telemetry/testing';
import { expect, test } from 'vitest';
import type { PolicyInput } from './policy-plan.ts';
import { PolicyTable } from './policy-table.ts';

const none: PolicyInput = { policies: [], addressSets: [], pods: [], leaving: [] };
const closed = (address: string): PolicyInput => ({
  policies: [
    { apiVersion: 'berth.io/v1', kind: 'PolicyRules', metadata: { name: 'p', namespace: 'x' }, spec: { podSelector: {}, ingress: [] } },
  ],
  addressSets: [],
  pods: [{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a', namespace: 'x' }, spec: { containers: [] }, status: { podIP: address } }],
  leaving: [],
});

function tableOf() {
  const scripts: string[] = [];
  const clock = new SimulatedClock();
  const failures: Error[] = [];
  const present = { chains: 'table inet t {', rules: 'ip daddr vmap @x' };
  const run = async (_program: string, args: string[], input = '') => {
    if (args[0] === 'list') return args[1] === 'chains' ? present.chains : present.rules;
    const failure = failures.shift();
    if (failure) throw failure;
    scripts.push(input);
    return '';
  };
  const table = new PolicyTable({ table: 't', bridge: 'br0', run, clock, logger: silentLogger });
  return { table, scripts, failures, clock, present };
}

test('the first word replaces what an earlier agent left, the next ones change elements, and no policy is no table', async () => {
  const { table, scripts } = tableOf();
  for (const input of [closed('10.0.0.1'), closed('10.0.0.2'), none]) {
    table.sync(input);
    await table.inForce();
  }
  expect(scripts).toEqual([
    expect.stringContaining('delete table inet t\ntable inet t {'),
    expect.stringMatching(/^delete element inet t ingress-pods \{ 10\.0\.0\.1 /),
    'table inet t\ndelete table inet t\n',
  ]);
});

test('while nothing is known nothing is touched, and nobody is let through', async () => {
  const { table, scripts } = tableOf();
  let isThrough = false;
  table.sync(undefined);
  const waiting = table.inForce().then(() => {
    isThrough = true;
  });
  await new Promise(setImmediate);
  expect([isThrough, scripts]).toEqual([false, []]);
  table.sync(none);
  await waiting;
  expect(isThrough).toBe(true);
});

test('what comes at the very end of an application is applied as well', async () => {
  const { table, scripts } = tableOf();
  table.sync(closed('10.0.0.1'));
  await table.inForce();
  // Whoever waited goes on at once, and knows something new.
  table.sync(closed('10.0.0.2'));
  await table.inForce();
  expect(scripts).toHaveLength(2);
});

test('what is the same is not looked at again, and another address of the same pod, policy or set is', async () => {
  const { table, scripts } = tableOf();
  const input = closed('10.0.0.1');
  const [pod] = input.pods as [Pod];
  let looks = 0;
  const counted = {
    ...input,
    pods: [
      {
        ...pod,
        get spec() {
          looks++;
          return { containers: [] };
        },
      },
    ],
  };
  table.sync(counted);
  await table.inForce();
  const before = looks;
  expect(before).toBeGreaterThan(0);
  table.sync({ ...counted, pods: [...counted.pods] });
  await table.inForce();
  expect(looks).toBe(before);
  const moved = { ...pod, status: { podIP: '10.0.0.2' } };
  for (const changed of [{ pods: [moved] }, { pods: [moved], policies: [] }]) {
    table.sync({ ...input, ...changed });
    await table.inForce();
  }
  expect(scripts).toHaveLength(3);
});

test('a change that fails becomes the whole table; where that fails too, those who wait are sent the reason, and it is tried again', async () => {
  const { table, scripts, failures, clock } = tableOf();
  table.sync(closed('10.0.0.1'));
  await table.inForce();
  failures.push(new Error('no such element'));
  table.sync(closed('10.0.0.2'));
  await table.inForce();
  expect(scripts.at(-1)).toContain('table inet t {');
  failures.push(new Error('busy'), new Error('still busy'));
  table.sync(closed('10.0.0.3'));
  await expect(table.inForce()).rejects.toThrow('still busy');
  await clock.advance(2_000);
  await table.inForce();
  expect(scripts.at(-1)).toContain('10.0.0.3 : goto');
});

test('a table that somebody has removed or emptied is made again, and one that is there is left alone', async () => {
  const { table, scripts, present } = tableOf();
  const lost = ['delete table inet t', 'delete rule inet t egress handle 7'];
  expect(lost.map((line) => table.isLoss(line))).toEqual([false, false]);
  table.sync(closed('10.0.0.1'));
  await table.inForce();
  expect(lost.map((line) => table.isLoss(line))).toEqual([true, true]);
  // What changes of policies remove.
  for (const line of ['delete rule inet t pods-egress-1 handle 7', 'delete table ip t']) expect(table.isLoss(line)).toBe(false);
  await table.mend();
  await table.inForce();
  expect(scripts).toHaveLength(1);
  present.rules = '';
  await table.mend();
  await table.inForce();
  expect(scripts).toHaveLength(2);
  [present.chains, present.rules] = ['table inet other {', 'ip daddr vmap @x'];
  await table.mend();
  await table.inForce();
  expect(scripts).toHaveLength(3);
  expect(scripts[2]).toBe(scripts[0]);
});
