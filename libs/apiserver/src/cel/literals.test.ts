// Messages that are spelled out, and entries that may be absent, in cel-go's words where they are wrong.
import { expect, test } from 'vitest';
import { Budget } from './budget.ts';
import { ExpressionEnvironment } from './environment.ts';
import type { ExpressionError } from './expression-error.ts';
import { compilationError } from './go-words.ts';

const environment = new ExpressionEnvironment(
  { object: 'dyn' },
  {
    structs: (name) => {
      if (name === 'JSONPatch') return { op: 'string', path: 'string', from: 'string', value: 'dyn' };
      return /^Object(\.|$)/.test(name) ? 'any' : undefined;
    },
  },
);

const plain = (value: unknown): unknown => {
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, inner]) => [key, plain(inner)]));
  if (Array.isArray(value)) return value.map(plain);
  return typeof value === 'bigint' ? Number(value) : value;
};

const evaluated = (source: string): unknown => {
  const object = new Map<string, unknown>([['x', 5n]]);
  return plain(environment.compile(source).evaluate({ object }, new Budget()));
};

const problemOf = (source: string, of = environment): string => {
  try {
    return of.compile(source).type;
  } catch (error) {
    return compilationError(source, error as ExpressionError).split('\n')[0] ?? '';
  }
};

test.each([
  ['Object{}', {}],
  ['.Object { a: 1, }', { a: 1 }],
  ['Object{a: Object.a{b: "x{y", c: [Object.a.c{d: 1}]}}', { a: { b: 'x{y', c: [{ d: 1 }] } }],
  ['Object{a: object.x, ?b: object.?x, ?c: object.?y}', { a: 5, b: 5 }],
  ["Object{\n // not { a: ?\n namespace: '''{'''}", { namespace: '{' }],
  ['[?object.?x, 2, ?object.?y]', [5, 2]],
  ['{?"a": object.?x, "b": 1, ?"c": object.?y}', { a: 5, b: 1 }],
  ['[?object.x > 4 ? optional.of(1) : optional.none()]', [1]],
  ['object.x in [?object.?x]', true],
  ['[object][0].x', 5],
  ['[1, 2].map(i, Object{i: i}).size()', 2],
  ['Object{a: 1} == Object{a: 1} && Object{a: 1} != Object{a: 2} && Object{} != null', true],
  ['has(Object{a: 1}.a) && !has(Object{a: 1}.b)', true],
  ['optional.ofNonZeroValue(Object{}).hasValue()', false],
])('%s', (source, expected) => {
  expect(evaluated(source)).toEqual(expected);
});

test.each([
  ['Object{}', 'Object'],
  ['Object.spec.x{}', 'Object.spec.x'],
  ['true ? [] : [JSONPatch{}]', 'list<JSONPatch>'],
  ['[1].map(x, JSONPatch{op: string(x)})', 'list<JSONPatch>'],
  ['object.a + [JSONPatch{}]', 'list<JSONPatch>'],
  ['Object{}.a', 'dyn'],
  ['[?object.?x]', 'list'],
])('%s is a %s', (source, type) => {
  expect(problemOf(source)).toBe(type);
});

test.each([
  ['Other{}', "1:6: undeclared reference to 'Other' (in container '')"],
  ['object.x{}', "1:9: undeclared reference to 'object.x' (in container '')"],
  ['Object{a: Other{}}', "1:16: undeclared reference to 'Other' (in container '')"],
  ['Object{\n  a: nope}', "2:6: undeclared reference to 'nope' (in container '')"],
  ['Object{?a: 1}', "1:12: expected type 'optional_type(int)' but found 'int'"],
  ['[?1]', "1:3: expected type 'optional_type(int)' but found 'int'"],
  ['JSONPatch{op: 1}', "1:13: expected type of field 'op' is 'string' but provided type is 'int'"],
  ['JSONPatch{op: null}', "1:13: expected type of field 'op' is 'string' but provided type is 'null'"],
  ['JSONPatch{?op: optional.of(1)}', "1:14: expected type of field 'op' is 'string' but provided type is 'int'"],
  ['JSONPatch{opp: "a"}', "1:14: expected type of field 'opp' is '' but provided type is 'string'"],
  ['true ? Object{} : Object.a{}', "1:6: found no matching overload for '_?_:_' applied to '(bool, Object, Object.a)'"],
])('%s is refused', (source, problem) => {
  expect(problemOf(source)).toBe(`ERROR: <input>:${problem}`);
});

test.each(['Object{', 'Object{a}', 'Object{a: }', 'Object{"a": 1}', 'Object{in: 1}', 'object[0].x{}', '{?}', '[?]', '}', '[{(?'])(
  '%s does not parse',
  (source) => {
    expect(problemOf(source)).toMatch(/^ERROR: <input>:1:\d+: Syntax error: /);
  },
);

test('where there are no messages, none can be spelled out', () => {
  const without = new ExpressionEnvironment({ object: 'dyn' });
  expect(problemOf('Object{}', without)).toBe("ERROR: <input>:1:7: undeclared reference to 'Object' (in container '')");
});

test('an optional field takes nothing but what is optional', () => {
  expect(() => evaluated('Object{?a: object.x}')).toThrow("cannot initialize optional field 'a' from non-optional value 5");
});
