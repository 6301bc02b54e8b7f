// Ages as kubectl prints them, and tables as it asks for them.
import { expect, it, test } from 'vitest';
import { defineKind } from './kind.ts';
import { SchemaRegistry } from './schema.ts';
import { age, humanDuration, renderTable } from './table.ts';

const [second, minute, hour, day, year] = [1000, 60_000, 3_600_000, 86_400_000, 31_536_000_000];

it.each([
  [-2 * second, '<invalid>'],
  [-1999, '0s'],
  [0, '0s'],
  [90 * second, '90s'],
  [119 * second, '119s'],
  [120 * second, '2m'],
  [121 * second, '2m1s'],
  [9 * minute + 59 * second, '9m59s'],
  [10 * minute, '10m'],
  [10 * minute + 30 * second, '10m'],
  [179 * minute, '179m'],
  [3 * hour, '3h'],
  [3 * hour + 5 * minute, '3h5m'],
  [8 * hour - second, '7h59m'],
  [8 * hour + 30 * minute, '8h'],
  [47 * hour, '47h'],
  [2 * day, '2d'],
  [2 * day + 4 * hour, '2d4h'],
  [8 * day - second, '7d23h'],
  [8 * day, '8d'],
  [729 * day, '729d'],
  [2 * year, '2y'],
  [2 * year + 11 * day, '2y11d'],
  [8 * year, '8y'],
  [10 * year + 300 * day, '10y'],
])('%d ms is %s', (ms, text) => {
  expect(humanDuration(ms)).toBe(text);
});

test('a table has columns, a row an object, and as much of each object as was asked for', () => {
  const registry = new SchemaRegistry();
  registry.add('test.v1', { Thing: { fields: [] } });
  const kind = defineKind({
    group: '',
    version: 'v1',
    kind: 'Thing',
    plural: 'things',
    scope: 'Cluster',
    schema: registry.message('test.v1.Thing'),
  });
  const object = { apiVersion: 'v1', kind: 'Thing', metadata: { name: 'a', creationTimestamp: '2026-01-01T00:00:00Z' } };
  const now = Date.parse('2026-01-01T00:03:05Z');
  const table = renderTable(kind, [object], { now, includeObject: 'Metadata', listMeta: { resourceVersion: '7' } });
  expect(table).toMatchObject({
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata: { resourceVersion: '7' },
    columnDefinitions: [
      { name: 'Name', type: 'string', format: 'name', priority: 0 },
      { name: 'Created At', type: 'date', format: '', priority: 0 },
    ],
    rows: [
      {
        cells: ['a', '2026-01-01T00:00:00Z'],
        object: { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: object.metadata },
      },
    ],
  });
  expect(renderTable(kind, [object], { now, includeObject: 'None', columns: false })).toMatchObject({
    columnDefinitions: [],
    rows: [{ cells: ['a', '2026-01-01T00:00:00Z'] }],
  });
  expect(renderTable(kind, [object], { now, includeObject: 'Object' })).toMatchObject({ rows: [{ object }] });
  expect(age(undefined, now)).toBe('<unknown>');
});
