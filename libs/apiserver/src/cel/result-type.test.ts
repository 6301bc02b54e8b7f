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
    expect(() => strict.compile(source)).toThrow("expected type '");
  },
);

test('lists that are sorted are of no type, beside others', () => {
  expect(() => strict.compile('[[1], object.list.sort()]')).toThrow("expected type '");
});

test('what may be there or not is compared with its like alone', () => {
  const typed = new ExpressionEnvironment({ maybe: 'optional<int>', numbers: 'list<int>' });
  for (const source of ['maybe == 1', 'numbers.distinct()[0] != maybe']) expect(() => typed.compile(source)).toThrow('no such overload');
  for (const source of ['maybe == optional.of(1)', 'maybe.orValue(1) == numbers.distinct()[0]'])
    expect(() => typed.compile(source)).not.toThrow();
});

test.each([
  '[object.a, object.b]',
  '[object.a + 1, 1]',
  '[object.?a.orValue(1), 1]',
  '"%s %d".format([object.a, 1])',
  '[object.a.size(), 1]',
  '[[1], object.list.distinct()]',
  '[object.list.reverse(), ["a"], object.list.slice(0, 1)]',
])('%s may hold values of one type', (source) => {
  expect(() => strict.compile(source)).not.toThrow();
});
