// Estimated costs of rules: the numbers are those that kube-apiserver 1.35 comes to for the same schemas and rules.
import type { JSONSchemaProps } from '@berth/api';
import { fieldMessage } from '@berth/machinery';
import { describe, expect, test } from 'vitest';
import { estimateCost } from '../../cel/cost-estimate.ts';
import { declaredType } from './declared-schema.ts';
import { ruleCostErrors } from './rule-costs.ts';

type Schema = JSONSchemaProps;

const item = (type: string): Schema =>
  type === 'int-or-string'
    ? ({ 'x-kubernetes-int-or-string': true } as Schema)
    : ['duration', 'date', 'date-time'].includes(type)
      ? { type: 'string', format: type }
      : { type };
const array = (of: Schema, maxItems?: number): Schema =>
  ({ type: 'array', items: of, ...(maxItems !== undefined && { maxItems }) }) as Schema;
const map = (of: Schema, maxProperties?: number): Schema =>
  ({ type: 'object', additionalProperties: of, ...(maxProperties !== undefined && { maxProperties }) }) as Schema;
const string = (maxLength?: number): Schema => ({ type: 'string', ...(maxLength !== undefined && { maxLength }) });
const object = (properties: Record<string, Schema>, required: string[] = []): Schema =>
  ({ type: 'object', properties, required }) as Schema;
const parts = object({ required: string(), optional: string() }, ['required']);
const nested = (inner: Schema, max?: number) => array(map(inner, max), max);

function cost(schema: Schema, rule: string): number | undefined {
  const self = declaredType(schema);
  if (!self) throw new Error('rules cannot look at such values');
  return estimateCost(rule, { self, oldSelf: self });
}

type Case = [rule: string, schema: (max?: number) => Schema, unbounded: number, max: number, bounded: number];

test.each<Case>([
  ['self.all(x, true)', (max) => array(item('number'), max), 4718591, 10, 32],
  ['self.all(x, true)', (max) => array(item('string'), max), 3145727, 20, 62],
  ['self.all(x, true)', (max) => array(item('boolean'), max), 1887437, 5, 17],
  ['self.all(x, true)', (max) => array(array(item('number')), max), 3145727, 100, 302],
  ['self.all(x, true)', (max) => array(parts, max), 555128, 50, 152],
  ['self.all(x, true)', (max) => map(item('number'), max), 1348169, 10, 32],
  ['self.all(x, true)', (max) => map(item('string'), max), 1179647, 3, 11],
  ['self.all(x, true)', (max) => map(item('boolean'), max), 943718, 100, 302],
  ['self.all(x, true)', (max) => array(item('int-or-string'), max), 4718591, 10, 32],
  ['self.all(x, true)', (max) => array(item('duration'), max), 2359295, 5, 17],
  ['self.all(x, true)', (max) => array(item('date'), max), 725936, 15, 47],
  ['self.all(x, true)', (max) => array(item('date-time'), max), 428963, 25, 77],
  ['self.all(x, true)', (max) => map(item('date-time'), max), 349526, 25, 77],
  ['self.all(x, true)', (max) => map(parts, max), 428963, 20, 62],
  ["self.contains('test')", string, 314574, 10, 5],
  ["self.startsWith('test')", string, 2, 15, 2],
  ['size(self + "hello") > size("hello")', string, 314578, 4, 7],
  ['self[1] == 0.0', (max) => array(item('number'), max), 2, 5000, 2],
  ['self[1] == self[1]', (max) => array(item('string'), max), 314577, 8, 314577],
  ['self.matches("x")', string, 314574, 50, 22],
  ['"".matches("(((((((((())))))))))[0-9]")', string, 7, 10, 7],
  ['self.matches("")', string, 1, 100, 1],
  ['self.all(x, x.contains(self[x]))', (max) => map(string(max), max), 2752507, 10, 72],
  ['self["x"] == 0.0', (max) => map(item('number'), max), 2, 0, 2],
  ['self == "x"', string, 2, 0, 1],
  ['cidr(self).ip().family() == 4', string, 314577, 10, 8],
  ['type(self.a) == string', (max) => object({ a: string(max) }), 4, 10, 4],
  ['self == b"x"', (max) => ({ ...string(max), format: 'byte' }), 2, 0, 1],
  ['self.all(x, x == 0.0)', (max) => array(item('number'), max), 6291454, 3 * 1024 * 2048, 25165826],
  ['self.all(x, x["y"].required == "z")', (max) => nested({ ...parts, ...(max && { maxProperties: max }) }, max), 7340027, 10, 72],
  ['self[0] == 5', (max) => array(item('int-or-string'), max), 3, 10, 3],
  ['self[0] == false', (max) => array(item('boolean'), max), 2, 25, 2],
  ['self[0] == null', (max) => array(parts, max), 2, 422, 2],
  ['self[0][0] == -1.0', (max) => array(array(item('number')), max), 3, 51, 3],
  ['self.all(x, x.y == 25.2)', (max) => array(map(item('number')), max), 6291452, 12, 74],
  ['self[0].x > 2.0', (max) => array(map(item('number')), max), 4, 3000, 4],
  ['self[0].getHours() == 2', (max) => array(item('duration'), max), 4, 525, 4],
  ['self[2].getDayOfMonth() == 13', (max) => array(item('date'), max), 4, 42, 4],
  ["self.find('[0-9]+') == ''", string, 629147, 10, 11],
  ["self.join(' ') == 'aa bb'", (max) => array(string(max), max), 329853068905, 10, 43],
  ['self.isSorted() == true', (max) => array(string(max), max), 329854432052, 10, 52],
  [
    "self.str.replace(self.before, self.after) == 'does not matter'",
    (max) => object({ str: string(max), before: string(2), after: string(4) }),
    629154,
    4,
    12,
  ],
  ['self.str.split(self.separator) == []', (max) => object({ str: string(max), separator: string(max) }), 629160, 10, 22],
  ["self.lowerAscii() == 'lower!'", string, 314575, 10, 6],
  ['oldSelf.size() == self.size()', (max) => map(item('integer'), max), 5, 10, 5],
  ['self["a"] == self["b"]', (max) => map(item('date-time'), max), 8, 7, 8],
  ['self["c"] == self["d"]', (max) => map(item('duration'), max), 8, 42, 8],
  ["self.contains('A')", (max) => ({ ...string(max), enum: ['A', 'B', 'C', 'LongValue'] }) as Schema, 2, 1000, 401],
  ['isQuantity(self)', (max) => ({ ...string(max), type: '', 'x-kubernetes-int-or-string': true }) as Schema, 314574, 20, 9],
])('%s', (rule, schema, unbounded, max, bounded) => {
  expect([cost(schema(), rule), cost(schema(max), rule)]).toEqual([unbounded, bounded]);
});

describe('a definition is refused', () => {
  const checked = (schema: Schema, ...rules: object[]) => {
    const root = object({ f: { ...schema, 'x-kubernetes-validations': rules } as Schema });
    return ruleCostErrors(root, 'schema').map((error) => `${error.field}: ${fieldMessage(error)}`);
  };
  const advice =
    '(try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)';
  const at = 'schema.properties[f].x-kubernetes-validations[0]';

  test('for a rule that costs too much, by how much', () => {
    expect(checked(array(item('number')), { rule: 'self.all(x, self.all(y, true))' })).toEqual([
      `${at}.rule: Forbidden: estimated rule cost exceeds budget by factor of more than 100x ${advice}`,
      `${at}.rule: Forbidden: contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema`,
      `schema: Forbidden: x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema exceeds budget by factor of more than 100x ${advice}`,
    ]);
    const message = { rule: 'true', messageExpression: 'self[0] + self[1] + self[2] + self[3] + self[4] + self[5] + self[6] + self[7]' };
    expect(checked(array(item('string')), message)).toEqual([
      `${at}.messageExpression: Forbidden: estimated messageExpression cost exceeds budget by factor of 1.101006x ${advice}`,
    ]);
    const unbounded = { rule: 'true', messageExpression: 'string(self[0]) + string(self[1]) + string(self[2])' };
    expect(checked(array(item('string')), unbounded)).toHaveLength(3);
  });

  test('and not for what is bounded', () => {
    const rule = { rule: 'self.all(x, self.exists_one(y, x.lowerAscii() == y.lowerAscii()))' };
    expect(checked(array(string(5), 5), rule)).toEqual([]);
  });

  test('as often as the place may be there', () => {
    const inner = { ...string(), 'x-kubernetes-validations': [{ rule: "self.contains('test')" }] } as Schema;
    expect(checked(array(inner, 10))).toEqual([]);
    expect(checked(array(inner, 100))[0]).toContain('estimated rule cost exceeds budget by factor of 3.1x');
    expect(checked(array(inner))[0]).toContain('more than 100x');
  });
});
