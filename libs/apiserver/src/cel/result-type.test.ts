// What is known of what expressions evaluate to, beyond what the library tells.
import { expect, test } from 'vitest';
import { ExpressionEnvironment } from './environment.ts';

const environment = new ExpressionEnvironment({ object: 'dyn', numbers: 'list<int>', texts: 'list<string>' });
const strict = new ExpressionEnvironment({}, { hasStrictLiterals: true }, environment);
const looked = (source: string) => {
  const { type, isOpen } = environment.compile(source);
  return type === 'dyn' ? (isOpen ? 'open' : 'dyn') : type;
};

test.each([
  ['numbers.slice(0, 1)[0]', 'int'],
  ['(texts.sort().reverse() + texts)[0]', 'string'],
  ['object.spec.paused', 'open'],
  ['object.list[0].name', 'open'],
  ['object.list.slice(0, 1)[0]', 'open'],
  ['object.list.filter(i, i > 1)[0]', 'open'],
  ['(object.list + object.list)[0]', 'open'],
  ['[object.a][0]', 'open'],
  ['object.a + object.b', 'open'],
  ['object.c ? object.a : object.b', 'open'],
  ['"a" + object.b', 'string'],
  ['object.c ? object.a : "x"', 'dyn'],
  ['-object.a', 'open'],
  ['object.?a.orValue("x")', 'dyn'],
  ['object.list.min()', 'dyn'],
  ['object.a == 1', 'bool'],
])('%s is %s', (source, expected) => {
  expect(looked(source)).toBe(expected);
});

test.each(['[object.a, 1]', '[1, object.a]', '[object.list, object.list.slice(0, 1)]', '{"a": object.a, "b": "x"}'])(
  '%s holds what may be anything beside what is known, which only some take',
  (source) => {
    expect(() => environment.compile(source)).not.toThrow();
    expect(() => strict.compile(source)).toThrow('values of different types');
  },
);

test.each([
  '[object.a, object.b]',
  '[object.a + 1, 1]',
  '[object.?a.orValue(1), 1]',
  '"%s %d".format([object.a, 1])',
  '[object.a.size(), 1]',
])('%s may hold values of one type', (source) => {
  expect(() => strict.compile(source)).not.toThrow();
});
