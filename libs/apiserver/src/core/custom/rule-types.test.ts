// Rules beside the types of their schemas: what is refused when a definition is written, in cel-go's words, and what is not.
import type { JSONSchemaProps } from '@berth/api';
import { describe, expect, test } from 'vitest';
import { RuleTypes } from './rule-types.ts';

const schema = {
  type: 'object',
  properties: {
    text: { type: 'string' },
    number: { type: 'integer' },
    ratio: { type: 'number' },
    flag: { type: 'boolean' },
    at: { type: 'string', format: 'date-time' },
    wait: { type: 'string', format: 'duration' },
    raw: { type: 'string', format: 'byte' },
    either: { 'x-kubernetes-int-or-string': true },
    list: { type: 'array', items: { type: 'integer' } },
    map: { type: 'object', additionalProperties: { type: 'string' } },
    inner: { type: 'object', properties: { x: { type: 'integer' }, if: { type: 'string' } } },
    items: { type: 'array', items: { type: 'object', properties: { name: { type: 'string' } } } },
    loose: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
    unknown: { 'x-kubernetes-preserve-unknown-fields': true },
    'a-b': { type: 'string' },
  },
} as unknown as JSONSchemaProps;

const types = new RuleTypes(schema, true);
const problem = (rule: string, rest: object = {}) => {
  try {
    types.checkCondition({ rule, ...rest });
    return undefined;
  } catch (error) {
    return (error as Error).message.split('\n')[0]?.replace(/ERROR: <input>:\d+:\d+: /, '');
  }
};

test.each([
  ['self.text == 1', "compilation failed: found no matching overload for '_==_' applied to '(string, int)'"],
  ['self.text == null', "compilation failed: found no matching overload for '_==_' applied to '(string, null)'"],
  ['self.number == self.ratio', "compilation failed: found no matching overload for '_==_' applied to '(int, double)'"],
  ['self.number + self.text == 1', "compilation failed: found no matching overload for '_+_' applied to '(int, string)'"],
  ['self.list == self.map', "compilation failed: found no matching overload for '_==_' applied to '(list(int), map(string, string))'"],
  ["self.inner == {'x': 1}", "compilation failed: found no matching overload for '_==_' applied to '(selfType1, map(string, int))'"],
  ['self.at > self.wait', "compilation failed: found no matching overload for '_>_' applied to '(timestamp, duration)'"],
  ['self.number.startsWith("a")', "compilation failed: found no matching overload for 'startsWith' applied to 'int.(string)'"],
  ['self.list.exists(i, i == "a")', "compilation failed: found no matching overload for '_==_' applied to '(int, string)'"],
  ['self.items.all(i, i.nome == "a")', "compilation failed: undefined field 'nome'"],
  ['self.inner.y == 1', "compilation failed: undefined field 'y'"],
  ['has(self.inner.y)', "compilation failed: undefined field 'y'"],
  ['self.loose.anything == 1', "compilation failed: undefined field 'anything'"],
  ['self.unknown == 1', "compilation failed: undefined field 'unknown'"],
  ['self.number.x == 1', "compilation failed: type 'int' does not support field selection"],
  ['cel.bind(x, self.number, x > 1)', "compilation failed: undeclared reference to 'cel' (in container '')"],
  [
    "self.text.matches('(')",
    'compilation failed: invalid matches argument: "(" is no regular expression: error parsing regexp: missing closing ): `(`',
  ],
  [
    "self.at > timestamp('yesterday')",
    'compilation failed: invalid timestamp argument: "yesterday" is no time, such as 2026-01-02T03:04:05Z',
  ],
  ['(self.flag ? self.text : 1) == 1', "compilation failed: found no matching overload for '_?_:_' applied to '(bool, string, int)'"],
  [
    "matches(self.text, '(')",
    'compilation failed: invalid matches argument: "(" is no regular expression: error parsing regexp: missing closing ): `(`',
  ],
  ['self.number', 'cel expression must evaluate to a bool'],
  ['self.list[0]', 'cel expression must evaluate to a bool'],
  ['self.either', 'cel expression must evaluate to a bool'],
])('%s is refused', (rule, message) => {
  expect(problem(rule)).toBe(message);
});

test.each([
  ['self.flag'],
  ['self.list.map(i, i > 1)[0]'],
  ["self.either == 1 || self.either == 'a'"],
  ['self.inner == oldSelf.inner && self.inner != null && self.at != null && self.items[0] in self.items'],
  ['self.list == [] && self.map == {} && self.list + [1] == self.list && (self.flag ? self.list : []) == []'],
  ['(self.flag ? self.inner : null) == null'],
  ['format.dns1123Label().validate(self.text) == null'],
  ["matches(self.text, '^a') && cidr(self.text).ip().family() == 4"],
  ['self.flag ? self.inner == null : (self.flag ? self.at : self.at) == self.at'],
  ['self.?inner.?x.orValue(1) == 1 && self.?text == oldSelf.?text && self.list[?0].hasValue()'],
  ['self.inner.__if__ == self.inner.if && self.a__dash__b == self.text'],
  ['self.metadata.name.size() > 0 && self.kind == self.apiVersion'],
  ["self.map.all(k, k in self.map && self.map[k] == 'a') && self.map.transformList(k, v, v).size() == 1"],
  ["double(self.number) < self.ratio && self.raw == b'a' && string(self.at) == 'a' && int(self.at) == self.number"],
  ["self.at + self.wait > self.at && self.at - self.at > self.wait && self.wait > duration('1h')"],
  ["'%s %d'.format([self.text, self.number]) == 'a 1' && sets.contains(self.list, [1]) && self.list.sort().sum() > 1"],
  ['type(self.number) == int && dyn(self.number) == dyn(self.text) && size(self.text) == self.number'],
  ['quantity(self.text).isGreaterThan(quantity("1")) && isURL(self.text) && ip(self.text).isLoopback()'],
])('%s fits', (rule) => {
  expect(problem(rule)).toBeUndefined();
});

describe('a rule that may have no old value', () => {
  test('sees an optional one', () => {
    expect(problem('oldSelf.hasValue() && oldSelf.value().number < self.number', { optionalOldSelf: true })).toBeUndefined();
    expect(problem('oldSelf.optMap(o, o.number < self.number).orValue(true)', { optionalOldSelf: true })).toBeUndefined();
    expect(problem('oldSelf.hasValue()')).toContain('found no matching overload');
    expect(problem('oldSelf.number == self.number')).toBeUndefined();
  });
});

test.each([
  ['self.nome == "a"', 5, 'undefined field'],
  ['(self.text) == (1)', 13, '_==_'],
  ['self.text.startsWith(1)', 21, 'startsWith'],
  ['size( 1 ) == 1', 5, 'size'],
  ['self.flag ? self.text : 1', 11, '_?_:_'],
  ['self.flag && -self.text == "a"', 14, '-_'],
  ['self.flag || nothing', 14, 'undeclared'],
  ['self.list.all(i, self.text + i == "a")', 28, '_+_'],
])('%s is wrong at its column %i', (rule, column, words) => {
  expect(() => types.checkCondition({ rule })).toThrow(`<input>:1:${column}: `);
  expect(() => types.checkCondition({ rule })).toThrow(words);
});

test('a message is a text', () => {
  const message = (messageExpression: string) => () => types.checkMessage({ rule: 'true', messageExpression });
  expect(message("'is ' + self.text")).not.toThrow();
  expect(message('self.number')).toThrow('messageExpression must evaluate to a string');
  expect(message('self.items[0].name + 1')).toThrow(
    "messageExpression compilation failed: ERROR: <input>:1:20: found no matching overload for '_+_' applied to '(string, int)'",
  );
});

test('what no type can be made of is taken as it is', () => {
  const odd = new RuleTypes(
    { type: 'array', items: { 'x-kubernetes-preserve-unknown-fields': true } } as unknown as JSONSchemaProps,
    false,
  );
  expect(() => odd.checkCondition({ rule: 'self[0].anything == 1' })).not.toThrow();
});
