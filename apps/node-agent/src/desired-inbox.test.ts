import type { DesiredState } from '@berth/protocol';
import { expect, test } from 'vitest';
import { DesiredInbox } from './desired-inbox.ts';

function pod(name: string, resourceVersion: string) {
  return { apiVersion: 'v1', kind: 'Pod', metadata: { namespace: 'a', name, resourceVersion } };
}

function delta(revision: number, pods: [string, string][], removed: string[] = []): DesiredState {
  const objects = pods.map(([name, version]) => pod(name, version));
  return { revision, full: false, objects, removed: removed.map((name) => ({ kind: 'Pod', namespace: 'a', name })) };
}

function inbox() {
  const applied: DesiredState[] = [];
  const errors: unknown[] = [];
  const failures: Error[] = [];
  const apply = (state: DesiredState) => {
    const failure = failures.shift();
    if (failure) throw failure;
    applied.push(state);
  };
  return {
    applied,
    errors,
    failures,
    box: new DesiredInbox({ apply, logger: { error: (_message, fields) => errors.push(fields?.error) } }),
  };
}

const turn = () => new Promise(setImmediate);

test('state is applied in its order, and says how far it is', async () => {
  const { box, applied } = inbox();
  box.add(delta(1, [['x', '1']]));
  await turn();
  box.add(delta(2, [], ['x']));
  await turn();
  expect(applied.map(({ revision }) => revision)).toEqual([1, 2]);
  expect(box.revision).toBe(2);
});

test('what waits for the network becomes one state', async () => {
  const { box, applied } = inbox();
  const network = Promise.withResolvers<void>();
  box.waitFor(() => network.promise);
  box.add(delta(1, [['x', '1'], ['y', '1']], ['gone', 'back'])); // biome-ignore format: one line a state
  for (let revision = 2; revision < 10_000; revision++) box.add(delta(revision, [['x', String(revision)]]));
  box.add(delta(10_000, [['back', '7']], ['y']));
  await turn();
  expect([applied, box.revision]).toEqual([[], 0]);
  network.resolve();
  await turn();
  expect(applied).toEqual([delta(10_000, [['x', '9999'], ['back', '7']], ['gone', 'y'])]); // biome-ignore format: one line a state
  expect(box.revision).toBe(10_000);
});

test('a full state stands for what came before it, and stays one with what comes after', async () => {
  const { box, applied } = inbox();
  const network = Promise.withResolvers<void>();
  box.waitFor(() => network.promise);
  box.add(delta(1, [['old', '1']]));
  box.add({ ...delta(2, [['x', '1'], ['y', '1']]), full: true }); // biome-ignore format: one line a state
  box.add(delta(3, [['z', '1']], ['x']));
  network.resolve();
  await turn();
  expect(applied).toEqual([{ ...delta(3, [['y', '1'], ['z', '1']]), full: true }]); // biome-ignore format: one line a state
});

test('state waits for every network that was to be configured meanwhile', async () => {
  const { box, applied } = inbox();
  const [first, second] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  box.waitFor(() => first.promise);
  box.add(delta(1, [['x', '1']]));
  box.waitFor(() => second.promise);
  box.add(delta(2, [['y', '1']]));
  first.resolve();
  await turn();
  expect(applied).toEqual([]);
  second.resolve();
  await turn();
  expect(applied.map(({ revision }) => revision)).toEqual([2]);
});

test('what cannot be applied ends nothing, and all of it is asked for until it has come', async () => {
  const { box, applied, errors, failures } = inbox();
  const failure = new Error('a pod that nobody foresaw');
  failures.push(failure);
  box.add(delta(1, [['x', '1']]));
  await turn();
  expect([errors, box.revision]).toEqual([[failure], 0]);
  box.add(delta(2, [['y', '1']]));
  await turn();
  expect([applied.length, box.revision]).toEqual([1, 0]);
  box.add({ ...delta(3, [['x', '1']]), full: true });
  await turn();
  expect(box.revision).toBe(3);
});
