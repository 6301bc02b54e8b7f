import { expect, test } from 'vitest';
import { objectDiff } from './object-diff.ts';

test('items of lists are compared by their names, wherever they stand', () => {
  const container = (name: string, image: string) => ({ name, image });
  const before = { spec: { containers: [container('a', '1'), container('b', '1')], args: ['x'] } };
  const after = { spec: { containers: [container('new', '9'), container('a', '1'), container('b', '2')], args: ['x', 'y'] } };
  expect(objectDiff(before, after)).toEqual([
    { path: 'spec.containers[b].image', before: '"1"', after: '"2"' },
    { path: 'spec.containers[new].name', after: '"new"' },
    { path: 'spec.containers[new].image', after: '"9"' },
    { path: 'spec.args[1]', after: '"y"' },
  ]);
});

test('what the server keeps is no change; what becomes empty or goes is', () => {
  const before = { kind: 'X', metadata: { resourceVersion: '1', labels: { 'a.b/c': '1' } }, status: { x: 1 }, data: { k: 'v' }, list: [1] };
  const after = { metadata: { resourceVersion: '2', labels: {} }, status: { x: 2 }, list: [] };
  expect(objectDiff(before, after)).toEqual([
    { path: 'metadata.labels[a.b/c]', before: '"1"' },
    { path: 'data.k', before: '"v"' },
    { path: 'list[0]', before: '1' },
    { path: 'metadata.labels', after: '{}' },
    { path: 'list', after: '[]' },
  ]);
});

test('items of one name are compared by their places', () => {
  expect(
    objectDiff(
      [
        { name: 'a', v: 1 },
        { name: 'a', v: 2 },
      ],
      [
        { name: 'a', v: 1 },
        { name: 'a', v: 3 },
      ],
    ),
  ).toEqual([{ path: '[1].v', before: '2', after: '3' }]);
});
