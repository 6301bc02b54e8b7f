import { Pod } from '@berth/api';
import { managedAfterUpdate, managedFieldsOf, setManagedFields } from '@berth/machinery';
import { expect, it } from 'vitest';
import { Entry, encodeStored, headOf, withRevision } from './object-codec.ts';
import { pod } from './test-server.ts';

const author = { manager: 'kubectl', apiVersion: 'v1', time: '2026-01-01T00:00:00Z' };
const read = (bytes: Uint8Array) => JSON.parse(Buffer.from(bytes).toString());

const withKnownOwner = pod('known', { labels: { 'a"b': 'quoted' } });
setManagedFields(withKnownOwner, managedAfterUpdate(Pod.schema, undefined, withKnownOwner, author));
const withOwnersOfClients = pod('foreign');
setManagedFields(withOwnersOfClients, [
  { manager: 'a', operation: 'Update', apiVersion: 'v1', fieldsType: 'FieldsV1', fieldsV1: { 'f:spec': {} }, subresource: 'status' },
  { manager: 'b', operation: 'Apply', apiVersion: 'v1' },
]);

it.each([
  ['nobody’s fields', pod('plain')],
  ['fields as the server tracks them', withKnownOwner],
  ['fields as clients state them', withOwnersOfClients],
  ['no owner', { ...pod('none'), metadata: { name: 'none', managedFields: [] } }],
  ['nothing but a name', { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'bare' } }],
])('stores an object with %s as it is, but for its version', (_title, object) => {
  const versioned = { ...object, metadata: { ...object.metadata, resourceVersion: '3' } };
  const stored = encodeStored(versioned);
  expect(read(stored)).toEqual(object);
  const head = headOf(Pod);
  expect(Buffer.from(stored).toString().startsWith(Buffer.from(head).toString())).toBe(true);
  expect(read(withRevision(head, stored, 7)).metadata.resourceVersion).toBe('7');
  expect(Entry.stored(head, 'default/x', 8, stored).object).toEqual({ ...object, metadata: { ...object.metadata, resourceVersion: '8' } });
});

it('keeps the fields that objects read from the store have in common once, in whatever order they were stored', () => {
  const fields = { 'f:spec': { 'f:image': {}, 'f:args': {} }, 'f:metadata': { 'f:labels': { 'f:app': {}, '.': {} } } };
  const entries = ['a', 'b'].map((name) => {
    const object = pod(name);
    setManagedFields(object, [
      { manager: 'x', operation: 'Update', apiVersion: 'v1', fieldsType: 'FieldsV1', fieldsV1: structuredClone(fields) },
    ]);
    return Entry.stored(headOf(Pod), `default/${name}`, 1, encodeStored(object));
  });
  const [first, second] = entries.map(({ object }) => managedFieldsOf(object)?.[0]?.fieldsV1);
  expect(first).toBe(second);
  expect(JSON.stringify(first)).toBe('{"f:metadata":{"f:labels":{".":{},"f:app":{}}},"f:spec":{"f:args":{},"f:image":{}}}');
});
