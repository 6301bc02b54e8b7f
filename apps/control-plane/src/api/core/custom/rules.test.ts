// Rules of schemas: what they see, when they are asked, and how what they find is told.
import type { CustomResourceDefinition, JSONSchemaProps } from '@berth/api';
import { describe, expect, test } from 'vitest';
import { ruleErrors } from './rule-checks.ts';
import { compileRules } from './rules.ts';

const integer = { type: 'integer' };
const rule = (text: string, rest: object = {}) => ({ 'x-kubernetes-validations': [{ rule: text, ...rest }] });
const spec = (schema: object): JSONSchemaProps => ({ type: 'object', properties: { spec: { type: 'object', ...schema } } });
const found = (schema: JSONSchemaProps, value: unknown, old?: unknown) => compileRules(schema)?.(value, old, '') ?? [];

test.each([
  ['integers', { properties: { x: integer, y: integer }, ...rule('self.x + 1 > self.y') }, { x: 1, y: 1 }, { x: 0, y: 5 }],
  ['numbers', { properties: { x: { type: 'number' } }, ...rule('self.x < 1.5') }, { x: 1 }, { x: 2 }],
  [
    'names that CEL has no spelling for',
    { properties: { 'a-b': integer, in: integer }, ...rule('self.a__dash__b == self.__in__') },
    { 'a-b': 1, in: 1 },
    { 'a-b': 1, in: 2 },
  ],
  ['what is absent', { properties: { x: integer }, ...rule('!has(self.x) || self.x > 1') }, {}, { x: 1 }],
  ['lists', { properties: { l: { type: 'array', items: integer } }, ...rule('self.l.all(i, i < 3)') }, { l: [1, 2] }, { l: [3] }],
  [
    'maps',
    { properties: { m: { type: 'object', additionalProperties: integer } }, ...rule('self.m.all(k, self.m[k] > 0)') },
    { m: { a: 1 } },
    { m: { a: 0 } },
  ],
  [
    'texts',
    { properties: { t: { type: 'string' } }, ...rule("self.t.startsWith('a') && self.t.matches('^a+$')") },
    { t: 'aa' },
    { t: 'ab' },
  ],
  [
    'times',
    { properties: { t: { type: 'string', format: 'date-time' } }, ...rule('self.t.getFullYear() == 2026') },
    { t: '2026-01-02T03:04:05Z' },
    { t: '2025-01-02T03:04:05Z' },
  ],
  [
    'either',
    { properties: { p: { 'x-kubernetes-int-or-string': true } }, ...rule("self.p == 1 || self.p == 'one'") },
    { p: 'one' },
    { p: 2 },
  ],
])('%s', (_, schema, good, bad) => {
  expect(found(spec(schema), { spec: good })).toEqual([]);
  expect(found(spec(schema), { spec: bad })).toMatchObject([{ type: 'Invalid', field: 'spec', value: 'object' }]);
});

describe('what is told', () => {
  const schema = (rest: object) => spec({ properties: { x: integer }, ...rule('self.x > 1', rest) });
  const detail = (rest: object, value = 0) => found(schema(rest), { spec: { x: value } })[0];

  test('is the rule, its message, or what its expression makes', () => {
    expect(detail({})?.detail).toBe('failed rule: self.x > 1');
    expect(detail({ message: 'too small' })?.detail).toBe('too small');
    expect(detail({ message: 'no', messageExpression: "'x is ' + string(self.x)" })?.detail).toBe('x is 0');
    expect(detail({ message: 'kept', messageExpression: "self.y + ''" })?.detail).toBe('kept');
  });

  test('has the reason and the place that it names', () => {
    expect(detail({ reason: 'FieldValueForbidden', fieldPath: '.x' })).toMatchObject({ type: 'Forbidden', field: 'spec.x' });
  });
});

describe('a rule about what was before', () => {
  const schema = spec({ properties: { x: integer }, ...rule('self.x >= oldSelf.x', { message: 'only up' }) });

  test('says nothing of what is new', () => {
    expect(found(schema, { spec: { x: 1 } })).toEqual([]);
  });

  test('is asked about a change', () => {
    expect(found(schema, { spec: { x: 2 } }, { spec: { x: 1 } })).toEqual([]);
    expect(found(schema, { spec: { x: 0 } }, { spec: { x: 1 } })).toMatchObject([{ detail: 'only up' }]);
  });

  test('may look at what is new as well, where it says so', () => {
    const optional = spec({ properties: { x: integer }, ...rule('oldSelf.hasValue() || self.x == 1', { optionalOldSelf: true }) });
    expect(found(optional, { spec: { x: 1 } })).toEqual([]);
    expect(found(optional, { spec: { x: 2 } })).toHaveLength(1);
    expect(found(optional, { spec: { x: 2 } }, { spec: { x: 1 } })).toEqual([]);
  });

  test('finds an item of a list by its keys', () => {
    const items = { type: 'object', properties: { name: { type: 'string' }, x: integer }, ...rule('self.x >= oldSelf.x') };
    const list = { type: 'array', 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'], items };
    const keyed = spec({ properties: { l: list } });
    const old = {
      spec: {
        l: [
          { name: 'a', x: 1 },
          { name: 'b', x: 5 },
        ],
      },
    };
    expect(
      found(
        keyed,
        {
          spec: {
            l: [
              { name: 'b', x: 4 },
              { name: 'c', x: 0 },
            ],
          },
        },
        old,
      ),
    ).toMatchObject([{ field: 'spec.l[0]' }]);
  });
});

test('what was bad before a rule came may stay as it is', () => {
  const schema = spec({ properties: { x: integer, y: { type: 'object', properties: { z: integer } } }, ...rule('self.x > 1') });
  expect(found(schema, { spec: { x: 0 }, more: 1 }, { spec: { x: 0 } })).toEqual([]);
  expect(found(schema, { spec: { x: -1 } }, { spec: { x: 0 } })).toHaveLength(1);
});

test('a rule that takes too much is ended, and says so', () => {
  const list = { type: 'array', items: integer };
  const schema = spec({ properties: { l: list }, ...rule('self.l.all(a, self.l.all(b, self.l.all(c, a + b + c >= 0)))') });
  const [error] = found(schema, { spec: { l: Array.from({ length: 300 }, (_, i) => i) } });
  expect(error?.detail).toContain('no further validation rules will be run due to call cost exceeds limit');
});

test.each([
  ['self.z > 1', "undefined field 'z'"],
  ['has(self.z)', "undefined field 'z'"],
  ['self.x > ', 'Syntax error'],
  ["'text'", 'must evaluate to a bool'],
])('%s is refused with its definition', (text, message) => {
  const versions = [{ name: 'v1', schema: { openAPIV3Schema: spec({ properties: { x: integer }, ...rule(text) }) } }];
  const [error] = ruleErrors({ spec: { versions } } as unknown as CustomResourceDefinition);
  expect(error?.field).toBe('spec.versions[0].schema.openAPIV3Schema.properties[spec].x-kubernetes-validations[0].rule');
  expect(error?.detail).toContain(message);
});
