// What older clients read of kinds that users define.
import { type CustomResourceDefinition, establishedKinds } from '@berth/api';
import protobuf from 'protobufjs';
import { expect, test } from 'vitest';
import { KeptOpenApiV2 } from './kept-openapi-v2.ts';
import { openApiV2 } from './openapi-v2.ts';
import { encodeDocument } from './openapi-v2-protobuf.ts';

const integer = { type: 'integer', format: 'int32' };
const schema = {
  type: 'object',
  properties: {
    spec: {
      type: 'object',
      description: 'wanted',
      required: ['kept', 'lost'],
      properties: {
        kept: { type: 'string', enum: ['a', 'b'], default: 'a' },
        lost: { ...integer, nullable: true },
        either: { 'x-kubernetes-int-or-string': true, anyOf: [{ type: 'integer' }, { type: 'string' }] },
        list: { type: 'array', items: integer },
        free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
      },
    },
  },
};
const kinds =
  establishedKinds({
    spec: {
      group: 'example.com',
      scope: 'Cluster',
      names: { plural: 'tabs', kind: 'Tab' },
      versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: schema } }],
    },
    status: { conditions: [{ type: 'Established', status: 'True' }] },
    metadata: { name: 'tabs.example.com' },
  } as unknown as CustomResourceDefinition)?.served ?? [];

test('what v2 cannot say is left out', () => {
  const { definitions } = openApiV2(kinds, 'v1');
  expect(definitions['com.example.v1.Tab']).toMatchObject({
    'x-kubernetes-group-version-kind': [{ group: 'example.com', version: 'v1', kind: 'Tab' }],
    properties: {
      metadata: { $ref: '#/definitions/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta' },
      spec: {
        required: ['kept'],
        properties: {
          lost: { format: 'int32' },
          either: { 'x-kubernetes-int-or-string': true },
          free: { 'x-kubernetes-preserve-unknown-fields': true },
        },
      },
    },
  });
  expect(definitions).toHaveProperty(['com.example.v1.TabList']);
  const spec = JSON.stringify(definitions['com.example.v1.Tab']);
  for (const word of ['nullable', 'anyOf', 'components']) expect(spec).not.toContain(word);
});

test('in protobuf it begins with its version, and names its definitions', () => {
  const reader = protobuf.Reader.create(encodeDocument(openApiV2(kinds, 'v1')));
  expect([reader.uint32(), reader.string()]).toEqual([(1 << 3) | 2, '2.0']);
  const bytes = Buffer.from(encodeDocument(openApiV2(kinds, 'v1'))).toString('latin1');
  for (const text of ['com.example.v1.Tab', '"a"', 'x-kubernetes-int-or-string', 'wanted']) expect(bytes).toContain(text);
});

test('a kind that takes any field is not described, as older clients would refuse what is not', () => {
  const open = kinds.map((kind) => ({
    ...kind,
    openApi: { name: 'com.example.v1.Tab', definition: { ...kind.openApi?.definition, 'x-kubernetes-preserve-unknown-fields': true } },
  }));
  expect(openApiV2(open, 'v1').definitions['com.example.v1.Tab']).toEqual({
    type: 'object',
    'x-kubernetes-group-version-kind': [{ group: 'example.com', version: 'v1', kind: 'Tab' }],
  });
});

test('without such kinds there are no definitions', () => {
  expect(openApiV2([], 'v1').definitions).toEqual({});
});

test('the document is made again only when a kind, or what another server says, is another', () => {
  const kept = new KeptOpenApiV2('v1');
  const first = kept.form(kinds, [], 'json');
  expect(kept.form([...kinds], [], 'json')).toBe(first);
  expect(kept.form(kinds, [], 'protobuf').bytes).toEqual(Buffer.from(encodeDocument(openApiV2(kinds, 'v1'))));
  const withPart = kept.form(kinds, [{ definitions: { Far: { type: 'object' } }, paths: {} }], 'json');
  expect(JSON.parse(withPart.bytes.toString()).definitions).toHaveProperty('Far');
  expect(JSON.parse(kept.form([], [], 'json').bytes.toString()).definitions).toEqual({});
  expect(kept.form(kinds, [], 'json').bytes).toEqual(first.bytes);
});
