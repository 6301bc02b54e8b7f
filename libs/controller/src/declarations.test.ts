// A controller reads and writes what it declares; anything else fails with the words that say what to declare.
import { defineKind, type KindDefinition, type KubeObject } from '@berth/machinery';
import { expect, test } from 'vitest';
import type { Action, Caches } from './controller.ts';
import { DeclaredCaches, undeclaredWrite } from './declarations.ts';

function kind(plural: string, group: string): KindDefinition {
  const schema = { name: plural, fields: [], byName: new Map(), byNumber: new Map() } as unknown as KindDefinition['schema'];
  return defineKind<KubeObject>({ group, version: 'v1', kind: plural, plural, scope: 'Namespaced', schema }) as unknown as KindDefinition;
}

const [watched, read, other] = [kind('things', ''), kind('parts', 'example.org'), kind('parts', 'example.com')] as [
  ...[KindDefinition, KindDefinition, KindDefinition],
];
const everything = { of: ({ plural, group }: KindDefinition) => `${plural}.${group}`, customKinds: () => [] } as unknown as Caches;
const declared = () => new DeclaredCaches({ name: 'builder', watches: [{ kind: watched, enqueue: () => [] }], reads: [read] }, everything);

test('what is watched or read beside is read; a namesake of another group is not', () => {
  const caches = declared();
  expect([caches.of(watched), caches.of(read)]).toEqual(['things.', 'parts.example.org']);
  const words = 'builder reads parts.example.com, which it does not declare: add it to its watches or reads';
  // What is refused once is refused again.
  for (let time = 0; time < 2; time++) expect(() => caches.of(other)).toThrow(words);
});

test('a kind that users define is read once it is watched', () => {
  const caches = declared();
  expect(() => caches.of(other)).toThrow();
  caches.add(other);
  expect(caches.of(other)).toBe('parts.example.com');
});

const object: KubeObject = { apiVersion: 'v1', kind: 'things', metadata: { name: 'a' } };
const create: Action = { type: 'create', kind: watched, object };
const patch = (subresource?: string): Action => ({
  ...{ type: 'patch', kind: read, key: { name: 'a' }, patchType: 'merge', patch: {} },
  ...(subresource && { subresource }),
});

test.each<[string, Action, string | undefined]>([
  ['an object', create, 'things'],
  ['a status', { type: 'updateStatus', kind: watched, object }, 'things/status'],
  ['a patch', patch(), 'parts.example.org'],
  ['a patch of a status', patch('status'), 'parts.example.org/status'],
  ['a deletion', { type: 'delete', kind: read, key: { name: 'a' }, uid: 'u' }, 'parts.example.org'],
  ['all of a kind', { type: 'deleteAll', kind: watched, namespace: 'n' }, 'things'],
  [
    'a subresource',
    { type: 'createSubresource', kind: watched, key: { name: 'a' }, subresource: 'eviction', body: object },
    'things/eviction',
  ],
  ['within a slow start', { type: 'slowStart', actions: [create] }, 'things'],
  ['within a group', { type: 'independently', groups: [[], [create]] }, 'things'],
  ['otherwise', { type: 'ifAbsent', kind: other, key: { name: 'a' }, actions: [], otherwise: [create] }, 'things'],
  ['if it is empty', { type: 'ifEmpty', kinds: [other], namespace: 'n', actions: [create] }, 'things'],
  ['if it is unchanged', { type: 'ifUnchanged', kind: other, object, actions: [create] }, 'things'],
  ['nothing', { type: 'requeue', afterMs: 1 }, undefined],
])('%s is written only by who declares it', (_, action, written) => {
  expect(undeclaredWrite([], action)).toBe(written);
  expect(undeclaredWrite([written ?? 'things'], action)).toBeUndefined();
  expect(undeclaredWrite(['*'], action)).toBeUndefined();
});
