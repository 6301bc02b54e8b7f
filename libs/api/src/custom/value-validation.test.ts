// What kube-apiserver 1.35.4 answers about values that do not fit their schema.

import { fieldMessage } from '@berth/machinery';
import { describe, expect, test } from 'vitest';
import type { Schema } from './schema-parts.ts';
import { validateValue } from './value-validation.ts';

function wrong(properties: Record<string, Schema>, value: object, old?: object): string[] {
  const errors = validateValue({ type: 'object', properties }, value, '', old);
  return errors.map((error) => `${error.type} ${error.field}: ${fieldMessage(error)}`);
}

describe('formats', () => {
  test('are types, of texts and of what is none', () => {
    const at: Schema = { type: 'string', format: 'date-time' };
    expect(wrong({ at }, { at: '' })).toEqual(['TypeInvalid at: Invalid value: "": at in body must be of type date-time: ""']);
    expect(wrong({ at }, { at: 7 })).toEqual(['TypeInvalid at: Invalid value: "int64": at in body must be of type date-time: "int64"']);
    expect(wrong({ at }, { at: true })).toEqual(['TypeInvalid at: Invalid value: "": at in body must be of type date-time: ""']);
    expect(wrong({ at }, { at: '2020-01-02t03:04:05.5z' })).toEqual([]);
  });

  test.each([
    ['isbn', '0-321-75104-3', '0321751044'],
    ['isbn13', '978-0321751041', '0321751043'],
    ['creditcard', '4111 1111 1111 1111', '4111111111111112'],
    ['rgbcolor', 'rgb(255, 0,1)', 'rgb(256,0,1)'],
    ['k8s-short-name', 'a-b', 'a.b'],
    ['k8s-long-name', 'a.b', 'A.b'],
    ['date-time', '2020-01-02T03:04:05+01:00', '2020-01-02 03:04:05'],
  ])('%s', (format, right, bad) => {
    const text: Schema = { type: 'string', format };
    expect(wrong({ text }, { text: right })).toEqual([]);
    expect(wrong({ text }, { text: bad })).toHaveLength(1);
  });

  test('that nobody knows ask for nothing', () => {
    expect(wrong({ text: { type: 'string', format: 'int32' } }, { text: 'a' })).toEqual([]);
  });
});

test('of integers, bounds are integers: a factor below one is none', () => {
  const share: Schema = { type: 'number', multipleOf: 0.5, minimum: 0.5 };
  expect(wrong({ share }, { share: 1 })).toEqual([
    'Invalid share: Invalid value: 0: factor MultipleOf declared for share must be positive: 0',
  ]);
  expect(wrong({ share }, { share: 1.25 })).toEqual(['Invalid share: Invalid value: 1.25: share in body should be a multiple of 0.5']);
  expect(wrong({ share: { type: 'number', minimum: 0.5 } }, { share: 0 })).toEqual([]);
});

test('integers that need more than 64 bits are numbers', () => {
  expect(wrong({ count: { type: 'integer' } }, { count: 2n ** 63n })).toEqual([
    'TypeInvalid count: Invalid value: "number": count in body must be of type integer: "number"',
  ]);
  expect(wrong({ count: { type: 'integer', format: 'int32' } }, { count: 2 ** 31 })).toEqual([]);
});

describe('schemas of schemas', () => {
  test('are wrong nowhere in particular', () => {
    const place: Schema = { type: 'object', oneOf: [{ required: ['zone'] }, { required: ['rack'] }] };
    expect(wrong({ place }, { place: {} })).toEqual([
      'Invalid <nil>: Invalid value: "": "place" must validate one and only one schema (oneOf). Found none valid',
      'Required place.zone: Required value',
    ]);
    expect(wrong({ place }, { place: { zone: 1, rack: 2 } })).toEqual([
      'Invalid <nil>: Invalid value: "": "place" must validate one and only one schema (oneOf). Found 2 valid alternatives',
    ]);
  });

  test('say of several what the one says that fits best', () => {
    const value: Schema = {
      anyOf: [
        { type: 'string', minLength: 3 },
        { type: 'object', properties: { a: { type: 'integer' } } },
      ],
    };
    expect(wrong({ value }, { value: { a: 'x' } })).toEqual([
      'Invalid <nil>: Invalid value: "": "value" must validate at least one schema (anyOf)',
      'TypeInvalid value.a: Invalid value: "string": value.a in body must be of type integer: "string"',
    ]);
  });
});

describe('what was stored', () => {
  const ports: Schema = {
    type: 'array',
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-list-map-keys': ['name'],
    items: { type: 'object', properties: { name: { type: 'string' }, port: { type: 'integer', maximum: 10 } } },
  };
  const properties: Record<string, Schema> = { text: { type: 'string', maxLength: 1 }, ports, spec: { type: 'object', required: ['a'] } };

  test('and has not changed may be wrong', () => {
    const old = { text: 'aa', spec: {}, ports: [{ name: 'a', port: 11 }] };
    expect(wrong(properties, { ...old, ports: [{ name: 'b' }, { name: 'a', port: 11 }] }, old)).toEqual([]);
    expect(wrong(properties, { ...old, text: 'ab' }, old)).toEqual(['TooLong text: Too long: may not be more than 1 bytes']);
    expect(wrong(properties, { ...old, spec: { b: 1 } }, old)).toEqual(['Required spec.a: Required value']);
    expect(wrong(properties, { ...old, ports: [{ name: 'a', port: 12 }] }, old)).toHaveLength(1);
  });

  test('by another schema of the same value is looked at only below it', () => {
    const value: Schema = { type: 'object', properties: { a: {} }, allOf: [{ properties: { a: { maxLength: 1 } } }, { required: ['b'] }] };
    expect(wrong({ value }, { value: { a: 'aa', c: 1 } }, { value: { a: 'aa' } })).toEqual([
      'Required value.b: Required value',
      'Invalid <nil>: Invalid value: "": "value" must validate all the schemas (allOf)',
    ]);
  });
});

test('what an object must not be, it is not by staying as it was', () => {
  const schema: Schema = { type: 'object', properties: { b: { type: 'array' } }, not: { properties: { b: { items: { maxLength: 1 } } } } };
  const old = { b: ['xxx'] };
  expect(validateValue(schema, { b: ['xxx'], a: 1 }, '', old)).toEqual([]);
  expect(validateValue(schema, { b: ['x'] }, '', old).map(({ detail }) => detail)).toEqual(['"" must not validate the schema (not)']);
});
