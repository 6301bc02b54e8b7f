// Controllers read and write what they declare; anything else is an error that says what to declare.
import { ConfigMap, Secret } from '@berth/api';
import type { Action } from '@berth/controller';
import { expect, test } from 'vitest';
import { create, ensure, ensureStatus, ownedBy, remove, requeue } from './actions.ts';
import { type CustomObject, defineResource } from './custom-resource.ts';
import { defineController, owned, type Reader, reads, writes, writesStatus } from './define-controller.ts';
import { simulate } from './testing.ts';

interface Copy extends CustomObject {
  spec: { from: string };
  status?: { copied: boolean };
}
const Copy = defineResource<Copy>({ group: 'a.b', version: 'v1', kind: 'Copy', plural: 'copies', scope: 'Namespaced', status: true });
const copy: Copy = { apiVersion: 'a.b/v1', kind: 'Copy', metadata: { name: 'c', namespace: 'n', uid: 'u' }, spec: { from: 'source' } };
const map = (name: string, data: Record<string, string>, metadata = {}): ConfigMap => ({
  ...{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'n', ...metadata }, data },
});

/** Copies a ConfigMap's data under the copy's name. */
const copies = defineController({
  name: 'copies',
  for: Copy,
  inputs: [owned(ConfigMap), reads(Secret, () => [])],
  outputs: [writes(ConfigMap), writesStatus(Copy)],
  observe: (object, read) => ({
    object,
    source: read.get(ConfigMap, { namespace: 'n', name: object.spec.from }),
    made: read.owned(ConfigMap, object)[0],
  }),
  plan: ({ object, source, made }) => [
    ...(source ? ensure(ConfigMap, map('c', source.data ?? {}, ownedBy(object)), made) : [requeue(60_000)]),
    ...ensureStatus(Copy, object, { copied: made !== undefined }),
  ],
});

test('what is declared comes to rest as it should', async () => {
  const { api, clock, eventually, stop } = await simulate([copies]);
  await api.create(Copy, copy);
  await clock.advance(1_000);
  await api.create(ConfigMap, map('source', { a: 'b' }));
  await eventually(async () => (await api.get(Copy, copy.metadata)).status?.copied);
  expect(await api.get(ConfigMap, copy.metadata)).toMatchObject({
    data: { a: 'b' },
    metadata: { ownerReferences: [{ kind: 'Copy', name: 'c' }] },
  });
  const { metadata } = await api.get(ConfigMap, copy.metadata);
  await clock.advance(600_000);
  expect((await api.get(ConfigMap, copy.metadata)).metadata.resourceVersion).toBe(metadata.resourceVersion);
  await api.delete(Copy, copy.metadata);
  await expect(api.get(ConfigMap, copy.metadata)).rejects.toMatchObject({ reason: 'NotFound' });
  await stop();
});

function controllerOf(observe: (read: Reader) => unknown, actions: Action[]) {
  return defineController({
    name: 'x',
    for: Copy,
    outputs: [writesStatus(Copy)],
    observe: (_, read) => observe(read) ?? true,
    plan: () => actions,
  });
}

const caches = { of: () => ({ get: () => copy, list: () => [], byIndex: () => [], addIndex: () => {} }), customKinds: () => [] };

test.each<[string, (read: Reader) => unknown, string]>([
  [
    'get',
    (read) => read.get(Secret, { name: 'a' }),
    'x reads secrets, which it does not declare: add reads(Secret, …) or owned(Secret) to its inputs',
  ],
  ['list', (read) => read.list(Secret), 'x reads secrets'],
  ['owned', (read) => read.owned(Copy, copy), 'x reads copies.a.b, which it does not declare: add owned(Copy) to its inputs'],
])('%s of what is not declared is refused', (_, observe, words) => {
  const controller = controllerOf(observe, []);
  expect(() => controller.observe('n/c', caches as unknown as Parameters<typeof controller.observe>[1])).toThrow(words);
});

test.each<[string, Action[], string]>([
  [
    'a create',
    [create(ConfigMap, map('a', {}))],
    'x writes configmaps, which it does not declare: add writes(…) of that kind to its outputs',
  ],
  ['an update of what has its status declared', [remove(Copy, copy)], 'x writes copies.a.b'],
  ['what is nested', [{ type: 'slowStart', actions: ensure(ConfigMap, map('a', {}), undefined) }], 'x writes configmaps'],
])('%s that is not declared is refused', (_, actions, words) => {
  expect(() => controllerOf(() => true, actions).plan(true, 0)).toThrow(words);
});

test('a status that is not declared is refused', () => {
  const controller = defineController({
    name: 'y',
    for: Copy,
    outputs: [writes(Copy)],
    observe: () => true,
    plan: () => ensureStatus(Copy, copy, { copied: true }),
  });
  expect(() => controller.plan(true, 0)).toThrow(
    'y writes copies.a.b/status, which it does not declare: add writesStatus(…) of that kind to its outputs',
  );
});
