// What a schema refuses of a change: what was there before may stay as it is, wherever it can be told that it is the same.
import { describe, expect, test } from 'vitest';
import type { Schema } from './schema-parts.ts';
import { validateLists, validateValue } from './value-validation.ts';

const small = { type: 'integer', maximum: 1 };
const keyed = {
  type: 'array',
  'x-kubernetes-list-type': 'map',
  'x-kubernetes-list-map-keys': ['name'],
  items: { type: 'object', properties: { name: { type: 'string' }, n: small } },
};
const schema: Schema = {
  type: 'object',
  properties: {
    a: small,
    o: { type: 'object', required: ['r'], properties: { b: small, c: small } },
    plain: { type: 'array', items: small },
    keyed,
  },
  anyOf: [{ properties: { a: { minimum: -5 } } }],
};
const fields = (value: object, old?: object) => validateValue(schema, value, '', old).map(({ field }) => field);

describe('a schema lets through', () => {
  test('members that stay as they were, and refuses those that change', () => {
    expect(fields({ a: 9, o: { r: 1, b: 9 } })).toEqual(['a', 'o.b']);
    expect(fields({ a: 9, o: { r: 1, b: 9, c: 8 } }, { a: 9, o: { r: 1, b: 9 } })).toEqual(['o.c']);
    expect(fields({ a: 8 }, { a: 9 })).toEqual(['a']);
  });

  test('an object that is what it was, with all that it lacks', () => {
    expect(fields({ a: 1, o: { b: 0 } }, { a: 0, o: { b: 0 } })).toEqual([]);
    expect(fields({ a: 1, o: { b: 1 } }, { a: 0, o: { b: 0 } })).toEqual(['o.r']);
  });

  test('items of lists with keys one by one, and other lists as a whole', () => {
    const old = { plain: [9], keyed: [{ name: 'x', n: 9 }] };
    expect(
      fields(
        {
          plain: [9],
          keyed: [
            { name: 'y', n: 7 },
            { name: 'x', n: 9 },
          ],
        },
        old,
      ),
    ).toEqual(['keyed[0].n']);
    expect(fields({ ...old, plain: [9, 0] }, old)).toEqual(['plain[0]']);
  });

  test('what an alternative refuses, unless it changes', () => {
    expect(fields({ a: -9 })).toContain('a');
    expect(fields({ a: -9, plain: [] }, { a: -9 })).toEqual([]);
  });

  test('repeated items where some were repeated before', () => {
    const set: Schema = { type: 'array', items: { type: 'string' }, 'x-kubernetes-list-type': 'set' };
    expect(validateLists(set, ['a', 'a'], 'l')).toMatchObject([{ type: 'Duplicate', field: 'l[1]' }]);
    expect(validateLists(set, ['a', 'a', 'b', 'b'], 'l', ['a', 'a'])).toEqual([]);
    expect(validateLists(set, ['a', 'a'], 'l', ['a'])).toHaveLength(1);
    expect(validateLists(keyed, [{ name: 'a' }, { name: 'a' }], 'l')).toMatchObject([{ field: 'l[1]' }]);
  });
});
