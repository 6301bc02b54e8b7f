// Whether a value lacks defaults is known without filling them in: it does exactly when that would change it.
import { deepClone, deepEqual } from '@berth/machinery';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fillDefaults, lacksDefaults } from './defaulting.ts';
import { pruneNulls } from './pruning.ts';
import { SchemaNode } from './schema-node.ts';
import type { Schema } from './schema-parts.ts';

const inner: Schema = {
  type: 'object',
  properties: { a: { type: 'string', default: 'x' }, b: { type: 'string', nullable: true }, c: { type: 'string' } },
};
const schema: Schema = {
  type: 'object',
  properties: {
    ...inner.properties,
    one: inner,
    given: { ...inner, default: { c: 'y' } },
    list: { type: 'array', items: inner },
    map: { type: 'object', additionalProperties: inner },
    free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
  },
};
const leaf = fc.option(fc.constantFrom('x', 'y'), { nil: null });
const some = fc.record({ a: leaf, b: leaf, c: leaf }, { requiredKeys: [] });
const value = fc.record(
  {
    ...{ a: leaf, b: leaf, c: leaf, one: some, given: fc.option(some, { nil: null }), free: fc.record({ n: leaf }, { requiredKeys: [] }) },
    ...{ list: fc.array(fc.option(some, { nil: null, freq: 4 }), { maxLength: 3 }), map: fc.dictionary(fc.constantFrom('k', 'l'), some) },
  },
  { requiredKeys: [] },
);

test('a value lacks defaults when filling them in changes it', () => {
  let complete = 0;
  const check = (before: unknown) => {
    const filled = deepClone(before);
    pruneNulls(schema, filled);
    fillDefaults(schema, filled);
    expect(lacksDefaults(SchemaNode.of(schema), before)).toBe(!deepEqual(filled, before));
    expect(lacksDefaults(SchemaNode.of(schema), filled)).toBe(false);
    complete++;
  };
  fc.assert(fc.property(value, check), { numRuns: 300 });
  expect(complete).toBe(300);
});
