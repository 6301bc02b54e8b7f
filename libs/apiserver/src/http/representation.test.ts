import type { IncomingMessage } from 'node:http';
import { kinds, kindViews, Pod, SubjectAccessReview } from '@berth/api';
import { decodeUnknownEnvelope } from '@berth/machinery';
import { expect, test } from 'vitest';
import { erased } from '../core/kinds-by-name.ts';
import { bookmarkItem } from '../core/watch-events.ts';
import { checkAccept, encodeList, encodeObject, type Form, requestedForm, watchFormat } from './representation.ts';

const all = [...kinds, ...kindViews].map(erased);
const table = (includeObject: Form['includeObject']): Form => ({
  representation: { format: 'json', as: 'Table' },
  includeObject,
  now: 0,
  isIndented: false,
});

function bookmark(kind: (typeof all)[number], form: Form, isEnd = false) {
  const item = bookmarkItem(kind, 7, isEnd);
  return JSON.parse(Buffer.from(watchFormat(kind, form, () => 0).encode(item) ?? []).toString());
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
    const form = requestedForm(erased(Pod), request, new URLSearchParams({ includeObject: 'x' }), 0);
    return () => watchFormat(erased(Pod), form, () => 0);
  };
  expect(asked('application/json;as=Table;v=v1;g=meta.k8s.io')).toThrow('includeObject: Invalid value: "x"');
  expect(asked('application/json')()).toMatchObject({ contentType: 'application/json' });
});

const podOf = (metadata: object) => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web', ...metadata }, spec: { containers: [] } });

function formOf(accept: string): Form {
  return requestedForm(erased(Pod), { headers: { accept } } as IncomingMessage, new URLSearchParams(), 0);
}

test('an object is no list, and a list is no object', () => {
  const object = podOf({}) as never;
  const asList = formOf('application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io');
  expect(() => encodeObject(erased(Pod), asList, { object, bytes: Buffer.alloc(0) } as never)).toThrow('is not a list (*core.Pod)');
  const asObject = formOf('application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io');
  const list = { entries: [], resourceVersion: '1' } as never;
  expect(() => encodeList(erased(Pod), asObject, list)).toThrow('the requested object is a list (*core.PodList)');
});

test('the older version of meta.k8s.io stands in tables and their rows', () => {
  const form = formOf('application/json;as=Table;v=v1beta1;g=meta.k8s.io');
  const bytes = encodeObject(erased(Pod), form, { object: podOf({}), bytes: Buffer.alloc(0) } as never);
  const shown = JSON.parse(Buffer.from(bytes).toString());
  expect([shown.apiVersion, shown.rows[0].object.apiVersion]).toEqual(['meta.k8s.io/v1beta1', 'meta.k8s.io/v1beta1']);
});

test('metadata alone is given in protobuf as well, to watchers too', () => {
  const form = formOf('application/vnd.kubernetes.protobuf;as=PartialObjectMetadata;v=v1;g=meta.k8s.io');
  const bytes = encodeObject(erased(Pod), form, { object: podOf({}), bytes: Buffer.alloc(0) } as never);
  expect(decodeUnknownEnvelope(bytes)).toMatchObject({ apiVersion: 'meta.k8s.io/v1', kind: 'PartialObjectMetadata' });
  const event = watchFormat(erased(Pod), form, () => 0).encode({ type: 'ADDED', object: podOf({}), line: Buffer.alloc(0) } as never) ?? [];
  expect(Buffer.from(event).toString('latin1')).toContain('PartialObjectMetadata');
});

test('there is no stream of YAML', () => {
  expect(() => watchFormat(erased(Pod), formOf('application/yaml'), () => 0)).toThrow(
    'only the following media types are accepted: application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch',
  );
});

test('Kubernetes’ router looks at types alone, and not at what users define', () => {
  const check = (accept: string, verb = 'get') => checkAccept(erased(Pod), { headers: { accept } } as IncomingMessage, verb);
  for (const accept of ['', '*/*', 'text/html, */*', 'application/json;as=Bogus']) check(accept);
  for (const accept of ['text/html', 'application/*', 'bogus']) expect(() => check(accept)).toThrow('406: Not Acceptable');
  expect(() => check('text/html', 'list')).toThrow('application/json;stream=watch');
});

test('what is only created has no table, but metadata to show', () => {
  const asked = (accept: string) => {
    const request = { headers: { accept } } as IncomingMessage;
    return requestedForm(erased(SubjectAccessReview), request, new URLSearchParams(), 0).representation;
  };
  const table = 'application/json;as=Table;v=v1;g=meta.k8s.io';
  expect(() => asked(table)).toThrow('only the following media types are accepted: application/json, application/yaml');
  expect(asked(`${table}, application/json`)).toEqual({ format: 'json' });
  expect(asked('application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io')).toMatchObject({ as: 'PartialObjectMetadata' });
});
