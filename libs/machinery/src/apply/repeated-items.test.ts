// Items of a list that have the same key: they are one thing, which belongs as a whole to whoever repeated them.
import { expect, test } from 'vitest';
import type { KubeObject } from '../object.ts';
import { SchemaRegistry } from '../schema.ts';
import { managedAfterUpdate, managedFieldsOf, setManagedFields } from './ownership.ts';

const registry = new SchemaRegistry();
registry.add('t.v1', {
  Item: {
    fields: [
      { name: 'name', type: 'string' },
      { name: 'image', type: 'string', omitempty: true },
    ],
  },
  Thing: { fields: [{ name: 'items', type: '[]t.v1.Item', listType: 'map', listMapKeys: ['name'], omitempty: true }] },
});
const message = registry.message('t.v1.Thing');

function update(old: KubeObject | undefined, manager: string, ...items: object[]): KubeObject {
  const next = { apiVersion: 't/v1', kind: 'Thing', metadata: { name: 'x' }, items } as KubeObject;
  setManagedFields(next, managedAfterUpdate(message, old, next, { manager, apiVersion: 't/v1', time: '2026-01-01T00:00:00Z' }));
  return next;
}

const owners = (object: KubeObject) =>
  Object.fromEntries((managedFieldsOf(object) ?? []).map(({ manager, fieldsV1 }) => [manager, fieldsV1]));
const a = 'k:{"name":"a"}';

test('of a new object they are owned without parts', () => {
  expect(owners(update(undefined, 'one', { name: 'a' }, { name: 'a', image: 'i' }))).toEqual({ one: { 'f:items': { '.': {}, [a]: {} } } });
});

test('who repeats an item owns it from then on, and so does who makes it one again', () => {
  const single = update(undefined, 'one', { name: 'a', image: 'i' });
  const repeated = update(single, 'two', { name: 'a', image: 'i' }, { name: 'a' });
  expect(owners(repeated)).toEqual({ one: { 'f:items': {} }, two: { 'f:items': { [a]: {} } } });
  const again = update(repeated, 'three', { name: 'a', image: 'i' });
  expect(owners(again)).toEqual({ one: { 'f:items': {} }, three: { 'f:items': { [a]: { '.': {}, 'f:image': {}, 'f:name': {} } } } });
});

test('a change of any of them is one of all', () => {
  const repeated = update(undefined, 'one', { name: 'a', image: 'i' }, { name: 'a' });
  expect(owners(update(repeated, 'two', { name: 'a', image: 'i' }, { name: 'a', image: 'j' }))).toMatchObject({
    two: { 'f:items': { [a]: {} } },
  });
  expect(owners(update(repeated, 'two', { name: 'a', image: 'i' }, { name: 'a' }))).toEqual({ one: { 'f:items': { '.': {}, [a]: {} } } });
});
