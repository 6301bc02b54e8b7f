// Paths as people would name them, and that applying what is said makes one object of the other.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { changedFields } from './object-diff.ts';

const paths = (before: unknown, after: unknown) => changedFields(before, after).map(({ path }) => path);

test('items are told apart by what identifies them, else by their place', () => {
  const pod = (image: string, args: string[]) => ({ spec: { containers: [{ name: 'side' }, { name: 'web', image, args }] } });
  expect(changedFields(pod('a', ['x']), pod('b', ['x', 'y']))).toEqual([
    { path: 'spec.containers[web].image', before: 'a', after: 'b' },
    { path: 'spec.containers[web].args', before: ['x'], after: ['x', 'y'] },
  ]);
  expect(paths({ list: [{ name: 'a' }, { name: 'b' }] }, { list: [{ name: 'b' }, { name: 'a' }] })).toEqual([]);
  expect(paths({ list: [{ name: 'a' }, { name: 'a', x: 1 }] }, { list: [{ name: 'a' }, { name: 'a', x: 2 }] })).toEqual(['list[1].x']);
  expect(paths({ ports: [{ port: 80 }] }, { ports: [{ port: 80 }, { port: 443 }] })).toEqual(['ports[443]']);
});

test('keys of maps are fields, also where the whole map comes or goes; what is left out is not looked into', () => {
  expect(paths({ metadata: {} }, { metadata: { annotations: { 'a.b/c': '1', d: '2' } } })).toEqual([
    'metadata.annotations["a.b/c"]',
    'metadata.annotations.d',
  ]);
  expect(paths({ data: { a: '1' } }, {})).toEqual(['data.a']);
  expect(changedFields({ a: { b: 1 } }, { a: { b: 2 } }, (path) => path === 'a')).toEqual([]);
  expect(paths({ constructor: 1 }, { toString: 2 })).toEqual(['constructor', 'toString']);
});

test('nothing is said of equal objects, something of others, and it does not depend on the order of keys', () => {
  fc.assert(
    fc.property(fc.object({ maxDepth: 4 }), fc.object({ maxDepth: 4 }), (a, b) => {
      const plain = (value: object) => JSON.parse(JSON.stringify(value));
      const reversed = (value: object) => Object.fromEntries(Object.entries(value).reverse());
      expect(changedFields(plain(a), reversed(plain(a)))).toEqual([]);
      const isDifferent = JSON.stringify(sorted(plain(a))) !== JSON.stringify(sorted(plain(b)));
      const found = changedFields(plain(a), plain(b));
      if (found.length > 0) expect(isDifferent).toBe(true);
      expect(found.every(({ path }) => path !== '')).toBe(true);
    }),
  );
});

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, sorted(inner)]),
  );
}
