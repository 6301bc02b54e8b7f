// Configurations that are put into objects without being owned, in the words of structured-merge-diff where they do not fit.
import { expect, test } from 'vitest';
import { SchemaRegistry } from '../schema.ts';
import { mergeConfiguration } from './configuration.ts';
import { ForeignValue } from './typed-problems.ts';

const registry = new SchemaRegistry();
registry.add('test.v1', {
  Thing: {
    fields: [
      { name: 'name', type: 'string' },
      { name: 'count', type: 'int32' },
      { name: 'isOn', type: 'bool' },
      { name: 'size', type: 'Quantity' },
      { name: 'any', type: 'JSON' },
      { name: 'labels', type: 'map:string' },
      { name: 'whole', type: 'map:string', atomic: true },
      { name: 'args', type: '[]string' },
      { name: 'tags', type: '[]string', listType: 'set' },
      { name: 'parts', type: '[]test.v1.Part', listType: 'map', listMapKeys: ['name'] },
      { name: 'list', type: '[]test.v1.Part' },
      { name: 'part', type: 'test.v1.Part' },
    ],
  },
  Part: {
    fields: [
      { name: 'name', type: 'string', omitempty: true },
      { name: 'args', type: '[]string' },
      { name: 'value', type: 'string' },
    ],
  },
});
const thing = registry.message('test.v1.Thing');
const live = { name: 'a', labels: { a: 'b' }, tags: ['x'], parts: [{ name: 'p', value: '1' }, { name: 'q' }], args: ['z'] };

test.each([
  [{}, {}],
  [{ count: 3 }, { count: 3 }],
  [{ labels: { c: 'd' } }, { labels: { a: 'b', c: 'd' } }],
  [{ labels: null, parts: null, part: null }, { part: null }],
  [{ tags: ['y', 'x'] }, { tags: ['y', 'x'] }],
  [
    { parts: [{ name: 'q', value: '2' }] },
    {
      parts: [
        { name: 'p', value: '1' },
        { name: 'q', value: '2' },
      ],
    },
  ],
  [{ parts: [{ name: 'r' }] }, { parts: [{ name: 'p', value: '1' }, { name: 'q' }, { name: 'r' }] }],
  [
    { size: 1, any: { x: [1] } },
    { size: 1, any: { x: [1] } },
  ],
])('%j changes %j', (configuration, changed) => {
  const before = structuredClone(live);
  expect(mergeConfiguration(thing, live, configuration)).toEqual({ ...live, ...changed });
  expect(live).toEqual(before);
});

test.each([
  [{ nope: 1 }, '.nope: field not declared in schema'],
  [{ count: '3' }, '.count: expected numeric (int or float), got string'],
  [{ name: 5 }, '.name: expected string, got &value.valueUnstructured{Value:5}'],
  [{ name: { a: ['b'] } }, '.name: expected string, got &value.valueUnstructured{Value:map[string]interface {}{"a":[]interface {}{"b"}}}'],
  [{ isOn: 'x' }, '.isOn: expected boolean, got &{x}'],
  [{ size: [1] }, '.size: expected any scalar, got &{[1]}'],
  [{ labels: 'x' }, '.labels: expected map, got &{x}'],
  [{ labels: { a: 1 } }, '.labels.a: expected string, got &value.valueUnstructured{Value:1}'],
  [{ part: [] }, '.part: expected map, got &{[]}'],
  [{ parts: { a: 1 } }, '.parts: expected list, got &{map[a:1]}'],
  [{ parts: ['x'] }, '.parts: element 0: associative list with keys may not have non-map elements'],
  [{ parts: [null] }, '.parts: element 0: associative list with keys may not have a null element'],
  [
    { parts: [{ value: 'x' }] },
    `.parts: element 0: associative list with keys has an element that omits all key fields ["name"] (and doesn't have default values for any key fields)`,
  ],
  [{ parts: [{ name: 'a' }, { name: 'a' }] }, '.parts: duplicate entries for key [name="a"]'],
  [{ parts: [{ name: 'a', value: 1 }] }, '.parts[name="a"].value: expected string, got &value.valueUnstructured{Value:1}'],
  [{ tags: ['a', 'a'] }, '.tags: duplicate entries for key ["a"]'],
  [{ tags: [null] }, ".tags: element 0: associative list without keys has an element that's an explicit null"],
  [{ isOn: new ForeignValue('NULL_VALUE', '0', 'structpb.NullValue') }, '.isOn: expected boolean, got &{NULL_VALUE}'],
  [
    { name: 5, count: '3' },
    'errors:\n  .name: expected string, got &value.valueUnstructured{Value:5}\n  .count: expected numeric (int or float), got string',
  ],
])('%j does not fit', (configuration, problem) => {
  expect(() => mergeConfiguration(thing, live, configuration)).toThrow(`failed to convert patch object to typed object: ${problem}`);
});

test.each([
  [{ args: ['x'] }, '.args'],
  [{ whole: { a: 'b' } }, '.whole'],
  [{ parts: [{ name: 'p', args: ['x'] }] }, '.parts[0].args'],
  [{ list: [{ name: 'p', args: [] }], part: { args: ['x'] } }, '.list, .list[0].args, .part.args'],
])('%j would replace a whole', (configuration, paths) => {
  const refused = `invalid ApplyConfiguration: may not mutate atomic arrays, maps or structs: ${paths}`;
  expect(() => mergeConfiguration(thing, live, configuration)).toThrow(refused);
});
