import { expect, test } from 'vitest';
import { findKind, servedKinds } from './discovery.ts';

const resource = (name: string, kind: string, scope = 'Namespaced') => ({
  resource: name,
  responseKind: { kind },
  scope,
  verbs: ['list'],
  subresources: [{ subresource: 'scale' }],
});

test('each resource is listed once, in the version that its group prefers', () => {
  const kinds = servedKinds([
    { items: [{ versions: [{ version: 'v1', resources: [resource('nodes', 'Node', 'Cluster')] }] }] },
    {
      items: [
        {
          metadata: { name: 'example.com' },
          versions: [
            { version: 'v2', resources: [resource('websites', 'Website')] },
            { version: 'v1', resources: [resource('websites', 'Website'), resource('olds', 'Old')] },
            // A server that does not answer has none.
            { version: 'v0', freshness: 'Stale' },
          ],
        },
      ],
    },
  ]);
  expect(kinds.map(({ group, version, resource: name, isNamespaced }) => [group, version, name, isNamespaced])).toEqual([
    ['', 'v1', 'nodes', false],
    ['example.com', 'v1', 'olds', true],
    ['example.com', 'v2', 'websites', true],
  ]);
  expect(findKind(kinds, 'example.com', 'Website')?.subresources).toEqual(['scale']);
  expect(findKind(kinds, '', 'Website')).toBeUndefined();
});
