// Rules of definitions as they are written: which are refused, where, and what is said of defaults and of what is wrong otherwise.
import type { CustomResourceDefinition, JSONSchemaProps } from '@berth/api';
import { describe, expect, test } from 'vitest';
import { ruleErrors } from './rule-checks.ts';

const integer = { type: 'integer' };
const rule = (text: string, rest: object = {}) => ({ 'x-kubernetes-validations': [{ rule: text, ...rest }] });
const keyed = {
  type: 'array',
  'x-kubernetes-list-type': 'map',
  'x-kubernetes-list-map-keys': ['name'],
  items: { type: 'object', properties: { name: { type: 'string' }, n: integer } },
};
const spec = (schema: object): JSONSchemaProps => ({ type: 'object', properties: { spec: { type: 'object', ...schema } } });

test.each([
  ['self.z > 1', "undefined field 'z'"],
  ['has(self.z)', "undefined field 'z'"],
  ['self.x > ', 'Syntax error'],
  ["'text'", 'must evaluate to a bool'],
])('%s is refused with its definition', (text, message) => {
  const versions = [{ name: 'v1', schema: { openAPIV3Schema: spec({ properties: { x: integer }, ...rule(text) }) } }];
  const [error] = ruleErrors({ spec: { versions } } as unknown as CustomResourceDefinition);
  expect(error?.field).toBe('spec.validation.openAPIV3Schema.properties[spec].x-kubernetes-validations[0].rule');
  expect(error?.detail).toContain(message);
});

describe('a definition is refused', () => {
  const problems = (root: JSONSchemaProps) =>
    ruleErrors({ spec: { versions: [{ name: 'v1', schema: { openAPIV3Schema: root } }] } } as unknown as CustomResourceDefinition).map(
      ({ field, detail }) => [field.replace('spec.validation.openAPIV3Schema.', ''), detail],
    );
  const at = 'properties[spec]';

  test('whose default fails a rule', () => {
    const small = { type: 'object', default: { x: 0 }, properties: { x: integer }, ...rule('self.x > 0', { message: 'small' }) };
    expect(problems({ type: 'object', properties: { spec: small } })).toEqual([[`${at}.default`, 'small']]);
    // What it would cost is not asked then, and a rule that does not compile counts as one that fails.
    const broken = { ...small, ...rule('self.z > 0', { optionalOldSelf: true }) };
    expect(problems({ type: 'object', properties: { spec: broken } })).toEqual([
      [`${at}.default`, "rule compile error: compilation failed: ERROR: <input>:1:5: undefined field 'z'\n | self.z > 0\n | ....^"],
    ]);
    const both = { ...small, ...rule('self.x == oldSelf.x + 1', { message: 'not one more' }) };
    expect(problems({ type: 'object', properties: { spec: both } })).toEqual([[`${at}.default`, 'not one more']]);
    const changing = { ...small, default: { x: 1 }, ...rule('self.x > oldSelf.x', { message: 'only up' }) };
    expect(problems({ type: 'object', properties: { spec: changing } })).toEqual([[`${at}.default`, 'only up']]);
  });

  test('that compares what has no counterpart', () => {
    const grows = { type: 'object', properties: { x: integer }, ...rule('self.x > oldSelf.x') };
    const list = spec({ properties: { l: { type: 'array', maxItems: 5, items: grows } } });
    const path = `spec.validation.openAPIV3Schema.${at}.properties[l]`;
    expect(problems(list)).toEqual([
      [
        `${at}.properties[l].items.x-kubernetes-validations[0].rule`,
        `oldSelf cannot be used on the uncorrelatable portion of the schema within ${path}`,
      ],
    ]);
    const keyedList = { ...keyed, maxItems: 5, items: { ...keyed.items, ...rule('self.n > oldSelf.n') } };
    expect(problems(spec({ properties: { l: keyedList } }))).toEqual([]);
  });

  test('whose rules are wrong before they are compiled: nothing else is said of those, and all of the defaults', () => {
    const known = (at: string) => [{ type: 'Invalid' as const, field: `${at}.x-kubernetes-validations[0].reason`, detail: '' }];
    const root = spec({ properties: { x: integer }, ...rule('self.z'), default: { x: 0 } });
    const place = 'spec.validation.openAPIV3Schema.properties[spec]';
    const fields = (schema: JSONSchemaProps, at: string) =>
      ruleErrors(
        { spec: { versions: [{ name: 'v1', schema: { openAPIV3Schema: schema } }] } } as unknown as CustomResourceDefinition,
        undefined,
        known(at),
      ).map(({ field }) => field);
    expect(fields(root, place)).toEqual([`${place}.default`]);
    const bare = spec({ properties: { x: integer }, ...rule('self.z') });
    expect(fields(bare, place)).toEqual([]);
    expect(fields(bare, `${place}.properties[x]`)).toEqual([]);
    expect(fields(bare, 'spec.validation.openAPIV3Schema.properties[other]')).toEqual([`${place}.x-kubernetes-validations[0].rule`]);
  });

  test('whose message is none, or that asks for what it does not use', () => {
    const rules = { 'x-kubernetes-validations': [{ rule: 'self.x > 0', messageExpression: '1', optionalOldSelf: true }] };
    expect(problems(spec({ properties: { x: integer }, ...rules }))).toEqual([
      [`${at}.x-kubernetes-validations[0].messageExpression`, 'messageExpression must evaluate to a string'],
      [`${at}.x-kubernetes-validations[0].optionalOldSelf`, 'may not be set if oldSelf is not used in rule'],
    ]);
  });

  test('whose message is no text of the schema: a default that fails them is told of without their field', () => {
    const failing = { rule: 'self.x > 0', messageExpression: 'self.l.reverse()[0]', fieldPath: '.x' };
    const properties = { x: integer, l: { type: 'array', items: integer, maxItems: 3 } };
    const root = spec({ properties, 'x-kubernetes-validations': [failing], default: { x: 0, l: [1] } });
    expect(problems(root)).toEqual([[expect.stringMatching(/default$/), 'failed rule: self.x > 0']]);
  });
});
