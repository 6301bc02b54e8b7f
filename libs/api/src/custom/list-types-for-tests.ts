// A custom kind whose schema has every type of list and map there is, for tests of what holds for all kinds.
import type { KindDefinition } from '@berth/machinery';
import type { CustomResourceDefinition } from '../generated/apiextensions-v1.types.ts';
import { establishedKinds } from './custom-kind.ts';

const text = { type: 'string' };
const keyed = (keys: string[], more: object) => ({
  type: 'array',
  'x-kubernetes-list-type': 'map',
  'x-kubernetes-list-map-keys': keys,
  items: { type: 'object', required: keys, properties: { ...Object.fromEntries(keys.map((key) => [key, text])), ...more } },
});

const spec = {
  type: 'object',
  properties: {
    plain: text,
    count: { type: 'integer' },
    either: { 'x-kubernetes-int-or-string': true },
    set: { type: 'array', 'x-kubernetes-list-type': 'set', items: text },
    atomic: { type: 'array', 'x-kubernetes-list-type': 'atomic', items: { type: 'object', properties: { a: text } } },
    untold: { type: 'array', items: text },
    one: keyed(['name'], { value: text, inner: keyed(['name'], { value: text }) }),
    two: keyed(['name', 'protocol'], { value: { type: 'integer' }, tags: { type: 'array', 'x-kubernetes-list-type': 'set', items: text } }),
    map: { type: 'object', additionalProperties: text },
    mapOfObjects: { type: 'object', additionalProperties: { type: 'object', properties: { a: text, b: { type: 'boolean' } } } },
    whole: { type: 'object', 'x-kubernetes-map-type': 'atomic', properties: { a: text, b: text } },
    granular: { type: 'object', 'x-kubernetes-map-type': 'granular', properties: { a: text, b: text } },
  },
};

export const customListKind: KindDefinition = (() => {
  const definition = {
    metadata: { name: 'lists.example.com' },
    spec: {
      group: 'example.com',
      scope: 'Namespaced',
      names: { plural: 'lists', kind: 'ListTypes' },
      versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object', properties: { spec } } } }],
    },
    status: { conditions: [{ type: 'Established', status: 'True' }] },
  };
  const kind = establishedKinds(definition as unknown as CustomResourceDefinition)?.stored;
  if (!kind) throw new Error('the definition is not established');
  return kind;
})();
