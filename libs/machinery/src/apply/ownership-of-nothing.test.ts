// Who owns what is not there: what Go shows as null, and items without the key by which they are known.
import { expect, test } from 'vitest';
import type { KubeObject } from '../object.ts';
import { SchemaRegistry } from '../schema.ts';
import { difference } from './field-set.ts';
import { managedAfterUpdate, setManagedFields } from './ownership.ts';

const thing = (): KubeObject => ({ apiVersion: 't/v1', kind: 'Thing', metadata: { name: 'a' } });
const author = (manager: string) => ({ manager, apiVersion: 't/v1', time: '2026-01-01T00:00:00Z' });

test('says nothing of an object with items that lack the key by which they are known', () => {
  const schemas = new SchemaRegistry();
  schemas.add('t.v1', {
    Ref: { fields: [{ name: 'name', type: 'string', omitempty: true }] },
    Account: { fields: [{ name: 'secrets', type: '[]t.v1.Ref', listType: 'map', listMapKeys: ['name'], omitempty: true }] },
  });
  const account = (secrets: object[]) => ({ ...thing(), secrets });
  const managed = (secrets: object[]) => managedAfterUpdate(schemas.message('t.v1.Account'), undefined, account(secrets), author('one'));
  expect(managed([{ name: 'a' }])).toHaveLength(1);
  expect(managed([{ name: 'a' }, {}])).toEqual([]);
});

test('owns what was null, and what becomes it, where Go shows nothing as null', () => {
  const schemas = new SchemaRegistry();
  schemas.add('t.v1', {
    Driver: { fields: [{ name: 'name', type: 'string' }] },
    Node: {
      fields: [
        { name: 'drivers', type: '[]t.v1.Driver', listType: 'map', listMapKeys: ['name'] },
        { name: 'limits', type: '[]string' },
        { name: 'seen', type: 'Time', omitempty: true },
      ],
    },
  });
  const fields = (old: object | undefined, next: object) => {
    const before = old && { ...thing(), ...old };
    if (before) setManagedFields(before, [{ manager: 'x', operation: 'Update', apiVersion: 't/v1', fieldsType: 'FieldsV1', fieldsV1: {} }]);
    const found = managedAfterUpdate(schemas.message('t.v1.Node'), before, { ...thing(), ...next }, author('one'));
    return found.find(({ manager }) => manager === 'one')?.fieldsV1;
  };
  expect(fields(undefined, {})).toBeUndefined();
  expect(fields(undefined, { drivers: [] })).toEqual({ 'f:drivers': {} });
  expect(fields({}, { drivers: [{ name: 'a' }] })).toEqual({ 'f:drivers': { 'k:{"name":"a"}': { '.': {}, 'f:name': {} } } });
  expect(fields({ limits: ['a'], seen: '2026-01-01T00:00:00Z' }, {})).toEqual({ 'f:limits': {}, 'f:seen': {} });
});

test('a container that lost all its parts is written as what has none', () => {
  const parts = { 'f:labels': { '.': {}, 'f:a': {} }, 'f:other': {} };
  expect(difference(parts, { 'f:labels': { 'f:a': {} } })).toEqual({ 'f:labels': {}, 'f:other': {} });
  expect(difference(parts, { 'f:labels': { '.': {}, 'f:a': {} } })).toEqual({ 'f:other': {} });
});
