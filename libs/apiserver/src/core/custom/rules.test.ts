// Rules of schemas: what they see, when they are asked, and how what they find is told.
import type { JSONSchemaProps } from '@berth/api';
import { describe, expect, test } from 'vitest';
import { compileRules } from './rules.ts';

const integer = { type: 'integer' };
const rule = (text: string, rest: object = {}) => ({ 'x-kubernetes-validations': [{ rule: text, ...rest }] });
const set = { type: 'array', items: { type: 'string' }, 'x-kubernetes-list-type': 'set' };
const keyed = {
  type: 'array',
  'x-kubernetes-list-type': 'map',
  'x-kubernetes-list-map-keys': ['name'],
  items: { type: 'object', properties: { name: { type: 'string' }, n: integer } },
};
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
    'durations',
    { properties: { t: { type: 'string', format: 'duration' } }, ...rule("self.t < duration('2h')") },
    { t: '90m' },
    { t: '3 hours' },
  ],
  [
    'dates',
    { properties: { t: { type: 'string', format: 'date' } }, ...rule("self.t > timestamp('2026-01-01T00:00:00Z')") },
    { t: '2026-01-02' },
    { t: '2025-01-02' },
  ],
  ['bytes', { properties: { t: { type: 'string', format: 'byte' } }, ...rule("self.t == b'ab'") }, { t: 'YWI=' }, { t: 'YWM=' }],
  [
    'sets, in any order',
    { properties: { a: set, b: set }, ...rule('self.a == self.b && (self.a + self.b).size() == self.a.size()') },
    { a: ['x', 'y'], b: ['y', 'x'] },
    { a: ['x', 'y'], b: ['y', 'z'] },
  ],
  [
    'sets beside lists that hold an element twice',
    { properties: { a: set }, ...rule("self.a == self.a.filter(s, s != 'y') + self.a.filter(s, s != 'y')") },
    { a: ['x', 'y'] },
    { a: ['x', 'z'] },
  ],
  [
    'objects that hold sets',
    {
      properties: { o: { type: 'object', properties: { a: set } }, p: { type: 'object', properties: { a: set } } },
      ...rule('self.o == self.p'),
    },
    { o: { a: ['x', 'y'] }, p: { a: ['y', 'x'] } },
    { o: { a: ['x', 'y'] }, p: { a: ['x'] } },
  ],
  [
    'lists with keys',
    { properties: { a: keyed, b: keyed }, ...rule('(self.a + self.b) == self.b') },
    {
      a: [{ name: 'x', n: 1 }],
      b: [
        { name: 'y', n: 3 },
        { name: 'x', n: 2 },
      ],
    },
    { a: [{ name: 'z', n: 1 }], b: [{ name: 'x', n: 2 }] },
  ],
  [
    'lists in their order',
    { properties: { a: { type: 'array', items: integer }, b: { type: 'array', items: integer } }, ...rule('self.a == self.b') },
    { a: [1, 2], b: [1, 2] },
    { a: [1, 2], b: [2, 1] },
  ],
  [
    'either',
    { properties: { p: { 'x-kubernetes-int-or-string': true } }, ...rule("self.p == 1 || self.p == 'one'") },
    { p: 'one' },
    { p: 2 },
  ],
])('%s', (_, schema, good, bad) => {
  expect(found(spec(schema), { spec: good })).toEqual([]);
  expect(found(spec(schema), { spec: bad })).toMatchObject([{ type: 'Invalid', field: 'spec', isValueOmitted: true }]);
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

  test('says in the words of cel-go why there is no value', () => {
    const failing = (text: string) =>
      found(spec({ properties: { x: integer, l: { type: 'array', items: integer } }, ...rule(text) }), { spec: { l: [1] } });
    expect(failing('self.x > 1')[0]?.detail).toBe('no such key: x evaluating rule: self.x > 1');
    expect(failing('self.l[7] > 1')[0]?.detail).toBe('index out of bounds: 7 evaluating rule: self.l[7] > 1');
  });

  test('shows a single value, and no repeated one', () => {
    const text = spec({ properties: { t: { type: 'string', ...rule("self == 'a'") } } });
    expect(found(text, { spec: { t: 'b' } })).toEqual([
      { type: 'Invalid', field: 'spec.t', value: 'b', detail: "failed rule: self == 'a'" },
    ]);
    expect(detail({ reason: 'FieldValueDuplicate' })).toEqual({ type: 'Duplicate', field: 'spec', isValueOmitted: true, detail: '' });
  });

  test('is what is written down where the expression that makes it is no text', () => {
    expect(detail({ messageExpression: 'self.x' })?.detail).toBe('failed rule: self.x > 1');
    expect(detail({ messageExpression: '1 +' })?.detail).toBe('failed rule: self.x > 1');
  });

  test('names entries of maps by their keys', () => {
    const labels = { type: 'object', additionalProperties: { type: 'string' } };
    const at = (fieldPath: string) =>
      found(spec({ properties: { labels, 'a.b': integer }, ...rule('false', { fieldPath }) }), { spec: {} })[0]?.field;
    expect(at(".labels['a']")).toBe('spec.labels[a]');
    expect(at('.labels.a')).toBe('spec.labels[a]');
    expect(at("['a.b']")).toBe('spec.a.b');
    expect(at('.none')).toBe('spec');
  });

  test('has the reason and the place that it names', () => {
    expect(detail({ fieldPath: '.x', messageExpression: '1' })).toMatchObject({ type: 'Invalid', field: 'spec' });
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

describe('a value that has not changed', () => {
  const item = { type: 'object', properties: { x: integer }, ...rule('self.x > 1', { message: 'small' }) };
  const schema = spec({ properties: { l: { type: 'array', items: item }, o: item, y: integer } });
  const old = { spec: { l: [{ x: 0 }], o: { x: 0 }, y: 1 } };
  const warningsOf = (value: object) => {
    const warnings: string[] = [];
    return { errors: compileRules(schema)?.(value, old, '', warnings).map(({ field }) => field), warnings };
  };

  test('may fail a rule that came later, with a warning', () => {
    expect(warningsOf({ spec: { ...old.spec, y: 2 } })).toEqual({
      errors: [],
      warnings: ['spec.l[0]: Invalid value: small', 'spec.o: Invalid value: small'],
    });
  });

  test('is no item of a list that has changed', () => {
    expect(warningsOf({ spec: { ...old.spec, l: [{ x: 0 }, { x: 2 }] } })).toMatchObject({ errors: ['spec.l[0]'] });
  });

  test('is still compared with what was before', () => {
    const growing = spec({ properties: { x: integer }, ...rule('self.x > oldSelf.x') });
    const rules = compileRules(growing);
    const first = { spec: { x: 1 } };
    expect(rules?.(first, undefined, '')).toEqual([]);
    expect(rules?.(structuredClone(first), first, '')).toHaveLength(1);
  });

  test('is not asked again once it has passed', () => {
    const dear = {
      type: 'object',
      properties: { l: { type: 'array', items: integer } },
      ...rule('self.l.all(a, self.l.all(b, a + b >= 0))'),
    };
    const rules = compileRules({ type: 'object', properties: { spec: dear, more: dear } });
    const l = Array.from({ length: 130 }, (_, i) => i);
    const first = { spec: { l } };
    const both = { spec: { l: [...l] }, more: { l } };
    expect(rules?.(first, undefined, '')).toEqual([]);
    // Together they take more than one object may.
    expect(rules?.(both, undefined, '')).toHaveLength(1);
    expect(rules?.(structuredClone(both), first, '')).toEqual([]);
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

test('a field that is null counts as absent, an entry of a map does not', () => {
  const schema = spec({
    properties: { x: { ...integer, nullable: true }, m: { type: 'object', additionalProperties: { ...integer, nullable: true } } },
    ...rule("!has(self.x) && has(self.m.a) && type(self.m['a']) == null_type"),
  });
  expect(found(schema, { spec: { x: null, m: { a: null } } })).toEqual([]);
});
