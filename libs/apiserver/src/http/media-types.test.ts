// What Accept and Content-Type headers mean, down to what Kubernetes makes of odd ones.
import { expect, test } from 'vitest';
import { type Available, negotiate, parseAccept, parseMediaType } from './media-types.ts';

const all: Available = { formats: ['json', 'yaml', 'protobuf'], tables: ['json', 'yaml'], converts: true, version: 'v1' };
const meta = 'g=meta.k8s.io';

test.each<[string, object | undefined]>([
  ['', { format: 'json' }],
  ['*/*', { format: 'json' }],
  ['application/*', { format: 'json' }],
  ['text/html, */*;q=0.8', { format: 'json' }],
  ['application/json;q=0.1, application/yaml;q=0.9', { format: 'yaml' }],
  ['application/json;q=0', { format: 'json' }],
  ['application/xml, application/vnd.kubernetes.protobuf;q=0.5', { format: 'protobuf' }],
  [`application/json;as=Table;v=v1;${meta}`, { format: 'json', as: 'Table', version: 'v1' }],
  [`application/json;as=Table;v=v1beta1;${meta}`, { format: 'json', as: 'Table', version: 'v1beta1' }],
  [`application/json;as=Table;v=v2;${meta}`, undefined],
  [`application/json;as=Table;v=v2;${meta},application/json`, { format: 'json' }],
  ['application/json;as=Table', undefined],
  [`application/vnd.kubernetes.protobuf;as=Table;v=v1;${meta}`, undefined],
  [
    `application/vnd.kubernetes.protobuf;as=PartialObjectMetadata;v=v1;${meta}`,
    { format: 'protobuf', as: 'PartialObjectMetadata', version: 'v1' },
  ],
  ['application/yaml;stream=watch', undefined],
  ['application/json;stream=watch', { format: 'json' }],
  ['application/json;sv=v2', undefined],
  ['application/json;pretty=1', { format: 'json', isPretty: true }],
  ['application/JSON', undefined],
  ['text/plain', undefined],
  ['bogus', undefined],
])('Accept: %s', (header, expected) => expect(negotiate(header, all)).toEqual(expected));

test('an error is shown in no other form than its own', () => {
  const plain = { ...all, tables: [], converts: false };
  expect(negotiate(`application/json;as=Table;v=v1;${meta}`, plain)).toBeUndefined();
  expect(negotiate(`application/json;as=Table;v=v1;${meta}, application/yaml`, plain)).toEqual({ format: 'yaml' });
});

test('many ranges are put in order as few are', () => {
  const many = Array.from({ length: 20 }, (_, i) => `a/b${i};q=0.${i + 10}`);
  expect(parseAccept(many.join(','))[0]?.subtype).toBe('b19');
  expect(parseAccept('*/*;q=0.1, a/*, a/b').map(({ type, subtype }) => `${type}/${subtype}`)).toEqual(['a/b', 'a/*', '*/*']);
});

test.each<[string, string | undefined]>([
  ['application/json', 'application/json'],
  ['APPLICATION/JSON; charset="utf-8"', 'application/json'],
  ['application/json;', 'application/json'],
  ['application/json; =', undefined],
  ['application/json; a=b; A=c', undefined],
  ['application/json, application/yaml', undefined],
  ['application/', undefined],
  ['application/json ; a=b ;', 'application/json'],
  ['application/json  x', undefined],
])('Content-Type: %s', (text, type) => expect(parseMediaType(text)).toBe(type));
