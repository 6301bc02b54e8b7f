import type { IncomingMessage } from 'node:http';
import { kinds, kindViews, Pod, SubjectAccessReview } from '@berth/api';
import { expect, test } from 'vitest';
import { erased } from '../core/kinds-by-name.ts';
import { bookmarkItem } from '../core/watch-events.ts';
import { type Form, requestedForm, watchFormat } from './representation.ts';

const all = [...kinds, ...kindViews].map(erased);
const table = (includeObject: Form['includeObject']): Form => ({
  representation: { format: 'json', as: 'Table' },
  includeObject,
  now: 0,
  isIndented: false,
});

function bookmark(kind: (typeof all)[number], form: Form, isEnd = false) {
  const item = bookmarkItem(kind, 7, isEnd);
  return JSON.parse(Buffer.from(watchFormat(kind, form, () => 0).encode(item)).toString());
}

test.each(all.map((kind) => [kind.group, kind.kind, kind] as const))('a bookmark of %s %s is a row of its table', (_group, _kind, kind) => {
  const { type, object } = bookmark(kind, table('Metadata'));
  expect(type).toBe('BOOKMARK');
  expect(object.metadata).toEqual({ resourceVersion: '7' });
  expect(object.rows).toHaveLength(1);
  expect(object.rows[0].cells).toHaveLength(kind.columns.length || object.columnDefinitions.length);
  expect(object.rows[0].object).toMatchObject({ kind: 'PartialObjectMetadata', metadata: { resourceVersion: '7' } });
});

test('the end of the initial events is told of even where no objects are asked for', () => {
  const [kind] = all;
  if (!kind) throw new Error('there are no kinds');
  expect(bookmark(kind, table('None')).object.rows[0].object).toBeUndefined();
  expect(bookmark(kind, table('None'), true).object.rows[0].object.metadata.annotations).toEqual({ 'k8s.io/initial-events-end': 'true' });
  expect(bookmark(kind, table('Object'), true).object.rows[0].object).toMatchObject({
    kind: kind.kind,
    metadata: { resourceVersion: '7' },
  });
  const metadata: Form = {
    representation: { format: 'json', as: 'PartialObjectMetadata' },
    includeObject: 'Metadata',
    now: 0,
    isIndented: false,
  };
  expect(bookmark(kind, metadata, true).object).toEqual({
    kind: 'PartialObjectMetadata',
    apiVersion: 'meta.k8s.io/v1',
    metadata: { resourceVersion: '7', annotations: { 'k8s.io/initial-events-end': 'true' } },
  });
});

test('what of an object a row shows is asked of tables alone', () => {
  const asked = (accept: string) => {
    const request = { headers: { accept } } as IncomingMessage;
    return requestedForm(erased(Pod), request, new URLSearchParams({ includeObject: 'x' }), 0);
  };
  expect(() => asked('application/json;as=Table;v=v1;g=meta.k8s.io')).toThrow('includeObject: Invalid value: "x"');
  expect(asked('application/json')).toMatchObject({ includeObject: 'Metadata' });
});

test('what is only created has no table, but metadata to show', () => {
  const asked = (accept: string) => {
    const request = { headers: { accept } } as IncomingMessage;
    return requestedForm(erased(SubjectAccessReview), request, new URLSearchParams(), 0).representation;
  };
  const table = 'application/json;as=Table;v=v1;g=meta.k8s.io';
  expect(() => asked(table)).toThrow('Available representations: application/json, application/yaml');
  expect(asked(`${table}, application/json`)).toEqual({ format: 'json' });
  expect(asked('application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io')).toMatchObject({ as: 'PartialObjectMetadata' });
});
