// What differs is found without making anything of what is the same; here it is held against the plain definition, which names every
// element of both objects first. fast-check prints the seed of a failure.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { deepEqual, isRecord } from '../json.ts';
import { SchemaRegistry } from '../schema.ts';
import { changedFields, type FieldChanges } from './changed-fields.ts';
import { orderedText } from './element-order.ts';
import { type FieldSet, isEmpty, leaf } from './field-set.ts';
import { ordered } from './known-sets.ts';
import { everything, itemShape, rootShape } from './object-fields.ts';
import { itemElement, memberShape, type Shape } from './shape.ts';

const registry = new SchemaRegistry();
registry.add('t.v1', {
  Port: {
    fields: [
      { name: 'port', type: 'int32' },
      { name: 'protocol', type: 'string', default: 'TCP' },
      { name: 'host', type: 'string' },
    ],
  },
  Item: {
    fields: [
      { name: 'name', type: 'string' },
      { name: 'args', type: '[]string', listType: 'atomic' },
      { name: 'ports', type: '[]t.v1.Port', listType: 'map', listMapKeys: ['port', 'protocol'] },
      { name: 'labels', type: 'map:string' },
      { name: 'selector', type: 'map:string', atomic: true },
    ],
  },
  Thing: {
    fields: [
      { name: 'replicas', type: 'int32', pointer: true },
      { name: 'finalizers', type: '[]string', listType: 'set' },
      { name: 'items', type: '[]t.v1.Item', listType: 'map', listMapKeys: ['name'] },
      { name: 'item', type: 't.v1.Item' },
      { name: 'labels', type: 'map:string' },
    ],
  },
});
const shape = rootShape(registry.message('t.v1.Thing'));

function elementsOf(of: Shape, value: unknown): Map<string, { value: unknown; inner: Shape | undefined }> {
  const parts: [string, unknown, Shape | undefined][] = Array.isArray(value)
    ? value.map((item) => [itemElement(of, item), item, itemShape(of)])
    : Object.entries(isRecord(value) ? value : {})
        .filter(([, inner]) => inner !== undefined)
        .map(([name, inner]) => [`f:${name}`, inner, memberShape(of, name)]);
  // Of items with the same key, the first counts.
  return new Map(parts.reverse().map(([element, inner, its]) => [element, { value: inner, inner: its }]));
}

function plainly(of: Shape, old: unknown, next: unknown): FieldChanges {
  const changes: { [part in keyof FieldChanges]: Record<string, FieldSet> } = { added: {}, modified: {}, removed: {} };
  const [before, after] = [elementsOf(of, old), elementsOf(of, next)];
  for (const [element, { value, inner }] of after) {
    const was = before.get(element);
    if (!inner) continue;
    if (!was) changes.added[element] = everything(inner, value);
    else if (inner.kind === 'leaf' || [was.value, value].some((one) => one === null || typeof one !== 'object')) {
      if (!deepEqual(was.value, value)) changes.modified[element] = leaf;
    } else {
      const within = plainly(inner, was.value, value);
      for (const part of ['added', 'modified', 'removed'] as const) if (!isEmpty(within[part])) changes[part][element] = within[part];
    }
  }
  for (const [element, { value, inner }] of before) if (inner && !after.has(element)) changes.removed[element] = everything(inner, value);
  return changes;
}

const text = fc.constantFrom('a', 'b', '<c>');
/** Names that every object inherits among them. */
const labels = fc.dictionary(fc.constantFrom('a', 'b/c', 'constructor', 'toString'), text, { maxKeys: 3 });
const port = fc.record({ port: fc.constantFrom(1, 2), protocol: fc.constantFrom('TCP', 'UDP'), host: text }, { requiredKeys: [] });
const item = fc.record(
  {
    name: fc.oneof(text, fc.constant(null)),
    args: fc.array(text, { maxLength: 2 }),
    ports: fc.array(port, { maxLength: 3 }),
    labels,
    selector: labels,
    unknown: text,
  },
  { requiredKeys: [] },
);
const thing = fc.record(
  {
    replicas: fc.constantFrom(0, 1, null, undefined),
    finalizers: fc.array(text, { maxLength: 3 }),
    items: fc.array(item, { maxLength: 4 }),
    // Lists and maps where none should be, as objects from another version may have them.
    item: fc.oneof({ weight: 5, arbitrary: item }, { weight: 1, arbitrary: fc.array(item, { maxLength: 2 }) }),
    labels: fc.oneof({ weight: 5, arbitrary: labels }, { weight: 1, arbitrary: fc.constant(null) }),
  },
  { requiredKeys: [] },
);
/** Mostly small changes: lists that keep their elements' places, and lists that do not. */
const pairs = fc.oneof(
  fc.tuple(thing, thing),
  fc
    .tuple(thing, fc.array(item, { maxLength: 2 }))
    .map(([old, more]) => [old, { ...structuredClone(old), items: [...(old.items ?? []), ...more] }]),
  fc.tuple(thing, item, fc.nat(3)).map(([old, changed, at]) => {
    const next = structuredClone(old);
    const known = next.items?.[at];
    if (known) next.items?.splice(at, 1, { ...changed, name: known.name ?? null });
    return [old, next];
  }),
);

test('the same changes are found as by naming every element of both', () => {
  fc.assert(
    fc.property(pairs, ([old, next]) => {
      expect(changedFields(shape, old, next)).toEqual(plainly(shape, old, next));
      expect(changedFields(shape, old, structuredClone(old))).toEqual({ added: {}, modified: {}, removed: {} });
    }),
    { numRuns: 500 },
  );
});

test('a set is written alike whether its parts were written before or not', () => {
  fc.assert(
    fc.property(pairs, ([old, next]) => {
      for (const set of Object.values(changedFields(shape, old, next))) expect(JSON.stringify(ordered(set))).toBe(orderedText(set));
    }),
  );
});
