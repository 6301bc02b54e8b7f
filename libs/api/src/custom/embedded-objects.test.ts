// Objects within custom resources: their metadata is read by its type, before anything else is looked at.
import { expect, test } from 'vitest';
import { readEmbedded } from '../validation/custom-resource-definition/embedded-resource.ts';

const embedded = { type: 'object', 'x-kubernetes-embedded-resource': true, 'x-kubernetes-preserve-unknown-fields': true };
const schema = {
  type: 'object',
  properties: { one: embedded, list: { type: 'array', items: embedded }, map: { additionalProperties: embedded } },
};
const pod = (metadata: unknown) => ({ apiVersion: 'v1', kind: 'Pod', metadata, spec: { a: 1 } });

test('what metadata does not have is named and taken out, wherever the object stands', () => {
  const value = { one: pod({ name: 'a', other: 1 }), list: [pod({ labels: {}, x: {} })], map: { k: pod(null) } };
  expect(readEmbedded(schema, value).unknown).toEqual(['list[0].metadata.x', 'one.metadata.other']);
  expect(value).toEqual({ one: pod({ name: 'a' }), list: [pod({})], map: { k: pod({}) } });
});

test.each([
  [{ one: pod('50%') }, 'one.metadata', 'json: cannot unmarshal string into Go value of type v1.ObjectMeta'],
  [{ list: [{ kind: 1 }] }, 'list[0].kind', 'must be a string'],
  [
    { map: { k: pod({ labels: { a: 1 } }) } },
    'map[k].metadata',
    'json: cannot unmarshal number into Go struct field ObjectMeta.labels of type string',
  ],
])('%j cannot be read', (value, field, detail) => {
  expect(readEmbedded(schema, value).refused).toMatchObject({ type: 'Invalid', field, detail });
});
