// Every kind through protobuf and back: nothing is lost but what Go's JSON leaves out as well, and no bytes, however hostile,
// do more than make a StatusError.
import {
  apiVersionOf,
  decodeProtobuf,
  decodeUnknownEnvelope,
  encodeProtobuf,
  encodeUnknownEnvelope,
  type FieldSchema,
  isRecord,
  type MessageSchema,
  StatusError,
  type TypeSchema,
} from '@berth/machinery';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { arbitraryObject } from './arbitrary-object.ts';
import { Deployment, kinds, kindViews, Pod, schemas } from './index.ts';
import { samplePod } from './samples.ts';

/** What Go's JSON shows of an object that came as protobuf: without empty lists and maps, and without omitted zeros. */
function asGoWouldShow(message: MessageSchema, object: Record<string, unknown>): Record<string, unknown> {
  const shown: Record<string, unknown> = {};
  const withoutNumber = namesWithoutNumber(message);
  for (const [name, given] of Object.entries(object)) {
    const field = message.byName.get(name);
    if (!field || given === undefined || withoutNumber.has(name)) continue;
    const value = valueAsShown(field.schema, given);
    if (!isLeftOut(field, value)) shown[name] = value;
  }
  return shown;
}

/** An object's apiVersion and kind are the envelope's, so protobuf has no place for those of nested objects. */
function namesWithoutNumber(message: MessageSchema): Set<string> {
  const inline = message.fields.filter((field) => field.inline && field.number === undefined);
  return new Set(inline.flatMap(({ schema }) => (schema.kind === 'message' ? [...schema.message.byName.keys()] : [])));
}

function valueAsShown(schema: TypeSchema, value: unknown): unknown {
  if (schema.kind === 'message') return asGoWouldShow(schema.message, isRecord(value) ? value : {});
  if (schema.kind === 'list') return (value as unknown[]).map((item) => valueAsShown(schema.of, item));
  if (schema.kind === 'map')
    return Object.fromEntries(Object.entries(value as object).map(([key, item]) => [key, valueAsShown(schema.of, item)]));
  const alternative = schema.alternatives?.find(
    ({ kind }) => kind === (Array.isArray(value) ? 'list' : isRecord(value) ? 'message' : 'scalar'),
  );
  if (alternative) return valueAsShown(alternative, value);
  return schema.scalar === 'MicroTime' ? String(value).replace(/Z$/, '.000000Z') : value;
}

function isLeftOut({ schema, omitempty, pointer }: FieldSchema, value: unknown): boolean {
  if (schema.kind === 'list' || schema.kind === 'map') return Object.keys(value as object).length === 0;
  if (!omitempty || pointer) return false;
  return value === '' || value === 0 || value === false || (schema.kind === 'message' && Object.keys(value as object).length === 0);
}

function decodesOrRefuses(message: MessageSchema, bytes: Uint8Array): void {
  try {
    JSON.stringify(decodeProtobuf(message, bytes));
  } catch (error) {
    expect(error).toBeInstanceOf(StatusError);
    expect((error as StatusError).code).toBe(400);
  }
}

describe.each([...kinds, ...kindViews].map((kind) => [`${apiVersionOf(kind)} ${kind.kind}`, kind] as const))('%s', (_, kind) => {
  const withType = (object: object) => ({ ...object, apiVersion: apiVersionOf(kind), kind: kind.kind });

  test('comes back from protobuf as it went', () => {
    fc.assert(
      fc.property(arbitraryObject(kind), (object) => {
        const envelope = decodeUnknownEnvelope(
          encodeUnknownEnvelope(apiVersionOf(kind), kind.kind, encodeProtobuf(kind.schema, { ...object })),
        );
        expect([envelope.apiVersion, envelope.kind]).toEqual([apiVersionOf(kind), kind.kind]);
        const back = decodeProtobuf(kind.schema, envelope.raw);
        expect(withType(back)).toEqual(withType(asGoWouldShow(kind.schema, { ...object })));
      }),
      { numRuns: 100 },
    );
  });

  test('refuses bytes that are cut or bent, without falling', () => {
    fc.assert(
      fc.property(arbitraryObject(kind), fc.nat(), fc.nat(255), (object, at, byte) => {
        const bytes = encodeProtobuf(kind.schema, { ...object });
        decodesOrRefuses(kind.schema, bytes.subarray(0, at % (bytes.length + 1)));
        const bent = bytes.slice();
        if (bent.length > 0) bent[at % bent.length] = byte;
        decodesOrRefuses(kind.schema, bent);
      }),
      { numRuns: 60 },
    );
  });
});

test('random bytes are decoded or refused', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      decodesOrRefuses(Pod.schema, bytes);
      decodesOrRefuses(Deployment.schema, bytes);
    }),
    { numRuns: 2000, seed: 1 },
  );
});

test('fields that are not known are passed over', () => {
  const pod = samplePod();
  const bytes = encodeProtobuf(Pod.schema, { ...pod });
  // Field 15 as a varint and field 16 as bytes; a Pod has neither.
  const extended = new Uint8Array([0x78, 0x05, 0x82, 0x01, 0x02, 0x68, 0x69, ...bytes]);
  expect(decodeProtobuf(Pod.schema, extended)).toEqual(decodeProtobuf(Pod.schema, bytes));
});

test('a schema within a schema within a schema ends at a limit, not at the end of the stack', () => {
  // JSONSchemaProps.not is field 29 and holds JSONSchemaProps.
  let bytes = new Uint8Array();
  const message = schemas.message('apiextensions.v1.JSONSchemaProps');
  const number = message.byName.get('not')?.number ?? 0;
  for (let depth = 0; depth < 2000; depth++) bytes = new Uint8Array(Buffer.from(encodeNested(number, bytes)));
  expect(() => decodeProtobuf(message, bytes)).toThrow('nested deeper than 100 levels');
});

function encodeNested(number: number, inner: Uint8Array): number[] {
  return [...varint(number * 8 + 2), ...varint(inner.length), ...inner];
}

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...varint(Math.floor(value / 128))];
}
