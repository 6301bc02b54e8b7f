// What fields objects have and in which they differ is found without making anything of what is the same as before; here it is held
// against the plain definitions, which name every element. fast-check prints the seed of a failure.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { deepEqual, isRecord } from '../json.ts';
import { SchemaRegistry, shownAsNull, shownWhenEmpty } from '../schema.ts';
import { changedFields, type FieldChanges } from './changed-fields.ts';
import { orderedText } from './element-order.ts';
import { type FieldSet, isEmpty, leaf } from './field-set.ts';
import { ordered } from './known-sets.ts';
import { everything, fieldsOfNew } from './object-fields.ts';
import { itemElement, itemShape, memberShape, rootShape, type Shape } from './shape.ts';

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
const message = registry.message('t.v1.Thing');
const shape = rootShape(message);

/** What Go shows as null when it is not there. */
function nullsOf(of: Shape): Record<string, null> {
  return of.kind === 'struct' ? Object.fromEntries(shownAsNull(of.message).map((name) => [name, null])) : {};
}

interface Part {
  value: unknown;
  inner: Shape | undefined;
  /** Whether these are several items with the same key, which are one thing without parts. */
  isRepeated?: true;
}

function elementsOf(of: Shape, value: unknown): Map<string, Part> {
  const parts: [string, unknown, Shape | undefined][] = Array.isArray(value)
    ? value.map((item) => [itemElement(of, item), item, itemShape(of)])
    : Object.entries(isRecord(value) ? { ...nullsOf(of), ...value } : {})
        .map(([name, inner]): [string, unknown] => [name, inner === undefined ? nullsOf(of)[name] : inner])
        .filter(([, inner]) => inner !== undefined)
        .map(([name, inner]) => [`f:${name}`, inner, memberShape(of, name)]);
  return new Map(
    [...Map.groupBy(parts, ([element]) => element)].map(([element, [first, ...others]]): [string, Part] => {
      if (others.length === 0) return [element, { value: first?.[1], inner: first?.[2] }];
      return [element, { value: [first, ...others].map((part) => part?.[1]), inner: { kind: 'leaf' }, isRepeated: true }];
    }),
  );
}

function isScalar(value: unknown): boolean {
  return value !== null && typeof value !== 'object';
}

/** Of which nothing can be gone through: the one is null, and the other has no parts. */
function isNullOrEmpty(...values: unknown[]): boolean {
  return values.includes(null) && values.every((value) => value === null || Object.keys(value as object).length === 0);
}

function plainly(of: Shape, old: unknown, next: unknown): FieldChanges {
  const changes: { [part in keyof FieldChanges]: Record<string, FieldSet> } = { added: {}, modified: {}, removed: {} };
  const [before, after] = [elementsOf(of, old), elementsOf(of, next)];
  for (const [element, { value, inner, isRepeated }] of after) {
    const was = before.get(element);
    if (!inner) continue;
    if (was?.inner && was.isRepeated !== isRepeated) {
      changes.added[element] = everything(inner, value);
      changes.removed[element] = everything(was.inner, was.value);
    } else if (!was) changes.added[element] = everything(inner, value);
    else if (inner.kind === 'leaf' || [was.value, value].some(isScalar) || isNullOrEmpty(was.value, value)) {
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
    labels: fc.oneof(labels, fc.constant(null)),
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

function plainlyEverything(of: Shape, value: unknown): FieldSet {
  if (of.kind === 'leaf' || value === null || typeof value !== 'object') return {};
  const parts = [...elementsOf(of, value)].flatMap(([element, { value: inner, inner: its }]) =>
    its ? [[element, plainlyEverything(its, inner)]] : [],
  );
  return parts.length === 0 ? {} : { '.': {}, ...(Object.fromEntries(parts) as FieldSet) };
}

/** Undefined when the value is the empty one. */
function plainlyNew(of: Shape, empty: unknown, value: unknown): FieldSet | undefined {
  if (empty === undefined) return plainlyEverything(of, value);
  if (of.kind === 'leaf' || value === null || typeof value !== 'object') return deepEqual(value, empty) ? undefined : {};
  const parts = [...elementsOf(of, value)].flatMap(([element, { value: inner, inner: its }]) => {
    const emptyPart =
      Array.isArray(value) || !isRecord(empty) ? undefined : Object.entries(empty).find(([name]) => `f:${name}` === element)?.[1];
    const found = its && plainlyNew(its, emptyPart, inner);
    return found ? [[element, found]] : [];
  });
  if (parts.length > 0) return Object.fromEntries(parts) as FieldSet;
  return empty === null ? {} : undefined;
}

/** Built alike, with what an empty object shows where there was a text, and something where there was null. */
function blank(value: unknown): unknown {
  if (typeof value === 'string') return '';
  if (value === null) return { a: '' };
  if (Array.isArray(value)) return value.map(blank);
  return isRecord(value) ? Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, blank(inner)])) : value;
}

test('the fields of a value are the same whether one like it was met before or not', () => {
  fc.assert(
    fc.property(fc.array(thing, { minLength: 1, maxLength: 3 }), (things) => {
      for (const [round, whole] of things.flatMap((one) => [...[one, one, one, blank(one)].entries()])) {
        const expected = { all: plainlyEverything(shape, whole), new: plainlyNew(shape, shownWhenEmpty(message), whole) ?? {} };
        expect({ all: everything(shape, whole), new: fieldsOfNew(message, whole) }, `round ${round}`).toEqual(expected);
        expect(JSON.stringify(everything(shape, whole))).toBe(orderedText(expected.all));
      }
    }),
    { numRuns: 150 },
  );
});

test('a value like one before has that one’s set itself, and one that differs in a name has its own', () => {
  const made = (name: string, more: object = {}) => ({ items: [{ name, ports: [{ port: 1, host: name }], ...more }] });
  for (let n = 0; n < 3; n++) fieldsOfNew(message, made('a'));
  const first = fieldsOfNew(message, made('a'));
  expect(fieldsOfNew(message, { items: [{ name: 'a', ports: [{ port: 1, host: 'other' }] }] })).toBe(first);
  expect(fieldsOfNew(message, made('b'))).toEqual(plainlyNew(shape, shownWhenEmpty(message), made('b')));
  expect(fieldsOfNew(message, made('a', { args: [] }))).toEqual(plainlyNew(shape, shownWhenEmpty(message), made('a', { args: [] })));
  expect(fieldsOfNew(message, made('a'))).toBe(first);
});

test('a set is written alike whether its parts were written before or not', () => {
  fc.assert(
    fc.property(pairs, ([old, next]) => {
      for (const set of Object.values(changedFields(shape, old, next))) expect(JSON.stringify(ordered(set))).toBe(orderedText(set));
    }),
  );
});
