// What older clients read of kinds that users define.
import { createHash } from 'node:crypto';
import { type CustomResourceDefinition, establishedKinds, schemas } from '@berth/api';
import { openApiV3 } from '@berth/machinery';
import protobuf from 'protobufjs';
import { expect, test } from 'vitest';
import { knownVersions, type OpenApiV2Source, openApiV2Json, openApiV2Protobuf, openApiV3Document } from './document-pieces.ts';
import { wholeDocument } from './kept-document.ts';
import { KeptOpenApiV2 } from './kept-openapi-v2.ts';
import type { OpenApiV2, OpenApiV2Part } from './openapi-v2.ts';

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

const sourceOf = (of: typeof kinds, parts: OpenApiV2Part[] = []): OpenApiV2Source => ({
  kinds: of,
  parts,
  operations: {},
  version: '1.35',
});
const documentOf = async (of: typeof kinds): Promise<OpenApiV2> => JSON.parse((await openApiV2Json(sourceOf(of))).bytes.toString());

test('what v2 cannot say is left out', async () => {
  const { definitions } = await documentOf(kinds);
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

test('in protobuf it begins with its version, and names its definitions', async () => {
  const { bytes: encoded } = await openApiV2Protobuf(sourceOf(kinds));
  const reader = protobuf.Reader.create(encoded);
  expect([reader.uint32(), reader.string()]).toEqual([(1 << 3) | 2, '2.0']);
  const bytes = encoded.toString('latin1');
  for (const text of ['com.example.v1.Tab', '"a"', 'x-kubernetes-int-or-string', 'wanted']) expect(bytes).toContain(text);
});

test('a kind that takes any field is not described, as older clients would refuse what is not', async () => {
  const open = kinds.map((kind) => ({
    ...kind,
    openApi: { name: 'com.example.v1.Tab', definition: { ...kind.openApi?.definition, 'x-kubernetes-preserve-unknown-fields': true } },
  }));
  expect((await documentOf(open)).definitions['com.example.v1.Tab']).toEqual({
    type: 'object',
    'x-kubernetes-group-version-kind': [{ group: 'example.com', version: 'v1', kind: 'Tab' }],
  });
});

test('without kinds there are neither definitions nor paths', async () => {
  expect(await documentOf([])).toMatchObject({ definitions: {}, paths: {} });
});

test('the document is made again only when a kind, or what another server says, is another', async () => {
  const kept = new KeptOpenApiV2();
  const read = async (of: typeof kinds, parts: OpenApiV2Part[] = []) =>
    JSON.parse((await wholeDocument(await kept.form(sourceOf(of, parts), 'json'))).toString());
  const first = await kept.form(sourceOf(kinds), 'json');
  expect(await kept.form(sourceOf([...kinds]), 'json')).toBe(first);
  const protobufForm = await kept.form(sourceOf(kinds), 'protobuf');
  expect(await wholeDocument(protobufForm)).toEqual((await openApiV2Protobuf(sourceOf(kinds))).bytes);
  expect((await read(kinds, [{ definitions: { Far: { type: 'object' } }, paths: {} }])).definitions).toHaveProperty('Far');
  expect((await read([])).definitions).toEqual({});
  expect((await kept.form(sourceOf(kinds), 'json')).hash).toBe(first.hash);
});

test('hundreds of kinds are described without keeping others waiting: turns go by meanwhile', async () => {
  const [kind] = kinds;
  if (!kind?.openApi) throw new Error('there is no kind');
  const { definition } = kind.openApi;
  const many = Array.from({ length: 200 }, (_, i) => ({
    ...kind,
    plural: `tabs${i}`,
    openApi: { name: `com.example.v1.Tab${i}`, definition },
  }));
  let turns = 0;
  let isCounting = true;
  const count = () => {
    turns++;
    if (isCounting) setImmediate(count);
  };
  count();
  try {
    const { bytes, hash } = await openApiV3Document(many, 'v1', () => undefined);
    expect(turns).toBeGreaterThan(20);
    const document = JSON.parse(bytes.toString());
    expect(document).toEqual(
      JSON.parse(JSON.stringify(openApiV3(many, { version: 'v1' }, { find: (name) => schemas.message(name), versions: knownVersions }))),
    );
    expect(hash).toBe(createHash('sha256').update(bytes).digest('hex').toUpperCase());
    expect(Object.keys((await documentOf(many)).definitions)).toHaveLength(Object.keys(document.components.schemas).length);
  } finally {
    isCounting = false;
  }
});
