// Items of lists that lack some of the keys that they are known by, or all of them.
import { expect, test } from 'vitest';
import type { KubeObject } from '../object.ts';
import { SchemaRegistry } from '../schema.ts';
import { applyConfiguration, managedAfterUpdate, managedFieldsOf } from './ownership.ts';

const registry = new SchemaRegistry();
const text = { type: 'string', omitempty: true } as const;
registry.add('t.v1', {
  Meta: { fields: [{ name: 'name', type: 'string' }] },
  Peer: {
    fields: [
      { name: 'id', ...text },
      { name: 'zone', ...text },
      { name: 'weight', type: 'int32', omitempty: true },
    ],
  },
  Thing: {
    fields: [
      { name: 'apiVersion', type: 'string' },
      { name: 'kind', type: 'string' },
      { name: 'metadata', type: 't.v1.Meta' },
      { name: 'peers', type: '[]t.v1.Peer', listType: 'map', listMapKeys: ['id', 'zone'], omitempty: true },
    ],
  },
});
const message = registry.message('t.v1.Thing');
const author = { manager: 'me', apiVersion: 't/v1', time: '2026-01-01T00:00:00Z' };
const thing = (...peers: object[]) => ({ apiVersion: 't/v1', kind: 'Thing', metadata: { name: 'a' }, peers }) as KubeObject;
const apply = (applied: KubeObject) => applyConfiguration({ message, live: undefined, applied, author, force: false });

test('items are known by those of their keys that they have', () => {
  const [entry] = managedFieldsOf(apply(thing({ id: 'a' }, { zone: 'z' }, { id: 'a', zone: 'z' }))) ?? [];
  const owned = entry?.fieldsV1 as { 'f:peers': object };
  expect(Object.keys(owned['f:peers'])).toEqual(['k:{"id":"a"}', 'k:{"id":"a","zone":"z"}', 'k:{"zone":"z"}']);
});

test("an item without any cannot be applied, and is nobody's in an object that has it", () => {
  expect(() => apply(thing({ weight: 1 }))).toThrow(
    '.peers: element 0: associative list with keys has an element that omits all key fields ["id" "zone"]',
  );
  expect(managedAfterUpdate(message, undefined, thing({ weight: 1 }), author)).toEqual([]);
  expect(managedAfterUpdate(message, undefined, thing({ id: 'a' }), author)).toHaveLength(1);
});
