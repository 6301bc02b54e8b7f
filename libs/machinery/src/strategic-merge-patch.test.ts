// Strategic merge over a pod-like schema: each directive, and the order of lists, as Kubernetes' own server leaves them.
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { type FieldDeclaration, SchemaRegistry } from './schema.ts';
import { applyStrategicMergePatch } from './strategic-merge-patch.ts';

const text = (name: string): FieldDeclaration => ({ name, type: 'string' });
const merged = (name: string, type: string, patchMergeKey?: string): FieldDeclaration => ({
  name,
  type: `[]${type}`,
  patchStrategy: ['merge'],
  ...(patchMergeKey !== undefined && { patchMergeKey }),
});
const registry = new SchemaRegistry();
registry.add('test.v1', {
  Spec: {
    fields: [
      merged('containers', 'test.v1.Container', 'name'),
      { ...merged('volumes', 'test.v1.Volume', 'name'), patchStrategy: ['merge', 'retainKeys'] },
      merged('finalizers', 'string'),
      { name: 'tolerations', type: '[]test.v1.Toleration' },
      { name: 'nodeSelector', type: 'map:string' },
      { name: 'strategy', type: 'test.v1.Strategy', patchStrategy: ['retainKeys'] },
    ],
  },
  Container: {
    fields: [text('name'), text('image'), merged('ports', 'test.v1.Port', 'containerPort'), merged('env', 'test.v1.Env', 'name')],
  },
  Port: { fields: [{ name: 'containerPort', type: 'int32' }, text('protocol'), text('name')] },
  Env: { fields: [text('name'), text('value')] },
  Volume: { fields: [text('name'), { name: 'emptyDir', type: 'test.v1.Empty' }, { name: 'hostPath', type: 'test.v1.Host' }] },
  Empty: { fields: [text('medium')] },
  Host: { fields: [text('path')] },
  Toleration: { fields: [text('key')] },
  Strategy: { fields: [text('type'), { name: 'rollingUpdate', type: 'test.v1.Empty' }] },
});
const spec = registry.message('test.v1.Spec');
const apply = (target: object, patch: object) => applyStrategicMergePatch(spec, target, patch);
const named = (...names: string[]) => names.map((name) => ({ name }));

describe('lists with a merge key', () => {
  it.each<[string, object, object, object]>([
    [
      'change one element and leave the others',
      {
        containers: [
          { name: 'a', image: '1' },
          { name: 'b', image: '1' },
        ],
      },
      { containers: [{ name: 'b', image: '2' }] },
      {
        containers: [
          { name: 'a', image: '1' },
          { name: 'b', image: '2' },
        ],
      },
    ],
    [
      'put a new element first, as Kubernetes does without an order',
      { containers: named('a', 'b') },
      { containers: named('c') },
      { containers: named('c', 'a', 'b') },
    ],
    [
      'take the order of the patch',
      { containers: named('a', 'b', 'c') },
      { containers: named('c', 'a') },
      { containers: named('b', 'c', 'a') },
    ],
    ['delete', { containers: named('a', 'b') }, { containers: [{ name: 'a', $patch: 'delete' }] }, { containers: named('b') }],
    ['delete what is not there', {}, { containers: [{ name: 'a', $patch: 'delete' }] }, { containers: [] }],
    [
      'replace the list',
      { containers: named('a', 'b') },
      { containers: [...named('c'), { $patch: 'replace' }] },
      { containers: named('c') },
    ],
    [
      'change the first port of a number, whatever its protocol',
      {
        containers: [
          {
            name: 'a',
            ports: [
              { containerPort: 53, protocol: 'TCP' },
              { containerPort: 53, protocol: 'UDP' },
            ],
          },
        ],
      },
      { containers: [{ name: 'a', ports: [{ containerPort: 53, name: 'dns' }] }] },
      {
        containers: [
          {
            name: 'a',
            ports: [
              { containerPort: 53, protocol: 'TCP', name: 'dns' },
              { containerPort: 53, protocol: 'UDP' },
            ],
          },
        ],
      },
    ],
    [
      'drop what is null within an element',
      { containers: [{ name: 'a', image: '1', env: [{ name: 'X', value: '1' }] }] },
      { containers: [{ name: 'a', image: null, env: [{ name: 'X', value: null }] }] },
      { containers: [{ name: 'a', env: [{ name: 'X' }] }] },
    ],
  ])('%s', (_, target, patch, expected) => {
    const before = structuredClone(target);
    expect(apply(target, patch)).toEqual(expected);
    expect(target).toEqual(before);
  });
});

describe('$setElementOrder', () => {
  const order = (...names: string[]) => ({ '$setElementOrder/containers': named(...names) });

  it.each<[string, string[], object, string[]]>([
    ['orders without a change', ['a', 'b', 'c'], order('c', 'b', 'a'), ['c', 'b', 'a']],
    ['puts a new element where the order has it', ['a', 'b'], { ...order('a', 'c', 'b'), containers: named('c') }, ['a', 'c', 'b']],
    [
      'keeps what only the server has in front of its successor',
      ['a', 's', 'b'],
      { ...order('b', 'a', 'c'), containers: named('c') },
      ['s', 'b', 'a', 'c'],
    ],
    ['keeps what only the server has at the end', ['a', 'b', 's'], order('b', 'a'), ['b', 'a', 's']],
    ['goes with deletions', ['a', 'b', 'c'], { ...order('c', 'a'), containers: [{ name: 'b', $patch: 'delete' }] }, ['c', 'a']],
  ])('%s', (_, before, patch, expected) => {
    expect(apply({ containers: named(...before) }, patch)).toEqual({ containers: named(...expected) });
  });

  it('must name what the patch names, in the same order', () => {
    expect(() => apply({}, { ...order('a'), containers: named('b') })).toThrow(
      "The order in patch list:\n[map[name:b]]\n doesn't match $setElementOrder list:\n[map[name:a]]\n",
    );
    expect(() => apply({}, { ...order('a', 'b'), containers: named('b', 'a') })).toThrow("doesn't match $setElementOrder list");
    expect(() => apply({}, { '$setElementOrder/containers': 1, containers: [] })).toThrow(
      'expected a []interface {}, but received a int64',
    );
  });

  test('any order holds among the elements it names, and nothing is lost', () => {
    const names = fc.uniqueArray(fc.constantFrom<string[]>('a', 'b', 'c', 'd', 'e', 'f'));
    fc.assert(
      fc.property(names, names, (before, wanted) => {
        const after = apply({ containers: named(...before) }, { ...order(...wanted), containers: named(...wanted) }) as {
          containers: { name: string }[];
        };
        const result = after.containers.map(({ name }) => name);
        expect([...result].sort()).toEqual([...new Set([...before, ...wanted])].sort());
        expect(result.filter((name) => wanted.includes(name))).toEqual(wanted);
        expect(result.filter((name) => !wanted.includes(name))).toEqual(before.filter((name) => !wanted.includes(name)));
      }),
    );
  });
});

it.each<[string, object, object, object]>([
  ['lists of texts are sets', { finalizers: ['x', 'y'] }, { finalizers: ['z', 'y'] }, { finalizers: ['z', 'x', 'y'] }],
  ['texts are deleted by name', { finalizers: ['x', 'y'] }, { '$deleteFromPrimitiveList/finalizers': ['x', 'q'] }, { finalizers: ['y'] }],
  [
    'texts are ordered',
    { finalizers: ['x', 'y'] },
    { '$setElementOrder/finalizers': ['y', 'z'], '$deleteFromPrimitiveList/finalizers': ['x'], finalizers: ['z'] },
    { finalizers: ['y', 'z'] },
  ],
  [
    'a list without a strategy is replaced',
    { tolerations: [{ key: 'a' }] },
    { tolerations: [{ key: 'b' }] },
    { tolerations: [{ key: 'b' }] },
  ],
  ['a map merges', { nodeSelector: { a: '1', b: '2' } }, { nodeSelector: { b: null, c: '3' } }, { nodeSelector: { a: '1', c: '3' } }],
  ['a map is replaced', { nodeSelector: { a: '1' } }, { nodeSelector: { $patch: 'replace', c: '3' } }, { nodeSelector: { c: '3' } }],
  ['a map is emptied', { nodeSelector: { a: '1' } }, { nodeSelector: { $patch: 'delete' } }, { nodeSelector: {} }],
  ['null removes', { nodeSelector: { a: '1' } }, { nodeSelector: null, strategy: null }, {}],
  [
    'what is not retained goes',
    { strategy: { type: 'RollingUpdate', rollingUpdate: {} } },
    { strategy: { $retainKeys: ['type'], type: 'Recreate' } },
    { strategy: { type: 'Recreate' } },
  ],
  [
    'a volume changes its source',
    { volumes: [{ name: 'v', emptyDir: {} }] },
    { volumes: [{ name: 'v', $retainKeys: ['name', 'hostPath'], hostPath: { path: '/x' } }] },
    { volumes: [{ name: 'v', hostPath: { path: '/x' } }] },
  ],
  [
    'what was not there is taken as it is: unmerged, with directives that then are unknown fields, but without nulls and what is to be deleted',
    {},
    {
      strategy: { $retainKeys: ['type'], type: 'Recreate', rollingUpdate: null },
      containers: [{ image: 'without a key' }, { name: 'a', image: null }, { name: 'b', $patch: 'delete' }],
      volumes: [],
    },
    {
      strategy: { $retainKeys: ['type'], type: 'Recreate' },
      containers: [{ image: 'without a key' }, { name: 'a' }],
      volumes: [],
    },
  ],
  ['an object that is to be deleted is not added', {}, { strategy: { $patch: 'delete', type: 'Recreate' } }, {}],
  [
    'what is deleted from a list goes first, wherever it stands',
    { containers: [{ name: 'a', image: 'old', args: ['x'] }] },
    {
      containers: [
        { name: 'a', image: 'new' },
        { name: 'a', $patch: 'delete' },
      ],
    },
    { containers: [{ name: 'a', image: 'new' }] },
  ],
  ['inherited names are no members', {}, { nodeSelector: { constructor: 'x' } }, { nodeSelector: { constructor: 'x' } }],
])('%s', (_, target, patch, expected) => {
  expect(apply(target, patch)).toEqual(expected);
});

it.each<[object, string]>([
  [{ containers: [{ image: 'x' }] }, 'map: map[image:x] does not contain declared merge key: name'],
  [{ containers: ['x'] }, 'expected a map[string]interface {}, but received a string'],
  [{ strategy: { $patch: 'upend' } }, 'unknown patch type: upend in map: map[$patch:upend]'],
  [{ strategy: { $retainKeys: ['type'], rollingUpdate: {} } }, 'invalid patch format of retainKeys'],
  [{ strategy: { $retainKeys: 7 } }, 'invalid patch format of retainKeys'],
  [{ '$deleteFromPrimitiveList/finalizers': 'x' }, 'invalid patch format of primitive list'],
  [[], 'invalid JSON document'],
])('%j is refused', (patch, message) => {
  const target = { containers: [{ name: 'a' }], strategy: { type: 'RollingUpdate' } };
  expect(() => apply(target, patch)).toThrow(message);
  expect(() => apply(target, patch)).toThrow(expect.objectContaining({ code: 400 }));
});
