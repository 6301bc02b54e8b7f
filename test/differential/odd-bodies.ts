// The values that odd-requests.ts puts together: bodies of writes and deletions.
import type { KindDefinition, KubeObject } from '@berth/machinery';

/** Not what the object's own fields are about. */
export function oddBodies(object: KubeObject, kind: KindDefinition): readonly unknown[] {
  return [...oddTexts(object, kind), ...oddTypes(object), ...oddMetadata(object)];
}

function oddTexts(object: KubeObject, { kind }: KindDefinition): unknown[] {
  const { metadata: _metadata, ...rest } = object;
  const text = JSON.stringify(object);
  return [
    '',
    ' ',
    '{',
    '{}',
    '[]',
    '"x"',
    '1',
    'null',
    'true',
    'x',
    '{"a"}',
    '{"a":1,}',
    '\uFEFF{}',
    `${text} `,
    `${text}x`,
    `${text}${text}`,
    `[${text}]`,
    text.replace('"metadata":', '"metadata":null,"metadata":'),
    text.replace('"metadata"', '"Metadata"'),
    text.replace('"kind"', '"Kind"'),
    text.replace(`"${kind}"`, '"Bogus"'),
    text.replace(`"${kind}"`, '7'),
    text.replace(`"${kind}"`, `"${kind}List"`),
    { ...object, unknown: { a: [1] }, other: 2 },
    { ...rest },
    'apiVersion: v1\nkind: Pod\n',
    'a: b\n- c',
    'a: &x [*x]',
    '%YAML 1.2\n---\na: 1',
    '---\n---\n',
    `---\n${text}\n---\n${text}`,
    'kind: yes\napiVersion: 010\n',
    '\tkind: x',
  ];
}

function oddTypes(object: KubeObject): unknown[] {
  return [
    { ...object, apiVersion: undefined },
    { ...object, apiVersion: '' },
    { ...object, apiVersion: 'v9' },
    { ...object, apiVersion: 'a/b/c' },
    { ...object, apiVersion: 7 },
    { ...object, kind: undefined },
    { ...object, apiVersion: undefined, kind: undefined },
    { ...object, metadata: undefined },
    { ...object, metadata: [] },
    { ...object, metadata: 'x' },
  ];
}

function oddMetadata(object: KubeObject): unknown[] {
  const { metadata } = object;
  return [
    { ...object, metadata: { ...metadata, labels: [] } },
    { ...object, metadata: { ...metadata, labels: { a: 1 } } },
    { ...object, metadata: { ...metadata, labels: { 'a b': 'x', 'c d': 'y z' } } },
    { ...object, metadata: { ...metadata, annotations: { A_: null } } },
    { ...object, metadata: { ...metadata, resourceVersion: '99999999999999999999' } },
    { ...object, metadata: { ...metadata, resourceVersion: 'x' } },
    { ...object, metadata: { ...metadata, resourceVersion: 1 } },
    { ...object, metadata: { ...metadata, uid: 'x' } },
    { ...object, metadata: { ...metadata, creationTimestamp: 'x' } },
    { ...object, metadata: { ...metadata, creationTimestamp: null, generation: 7, selfLink: 'x' } },
    { ...object, metadata: { ...metadata, deletionTimestamp: '2020-01-01T00:00:00Z', deletionGracePeriodSeconds: 3 } },
    { ...object, metadata: { ...metadata, managedFields: [{ manager: 'x' }] } },
    {
      ...object,
      metadata: { ...metadata, managedFields: [{ manager: 'x', operation: 'Bogus', fieldsType: 'FieldsV1', apiVersion: 'v1' }] },
    },
    { ...object, metadata: { ...metadata, managedFields: [] } },
    {
      ...object,
      metadata: {
        ...metadata,
        ownerReferences: [
          { apiVersion: 'v1', kind: 'Pod', name: 'a', uid: 'b', controller: true },
          { apiVersion: 'v1', kind: 'Pod', name: 'c', uid: 'd', controller: true },
        ],
      },
    },
    { ...object, metadata: { ...metadata, finalizers: ['a b', 'x/y/z', 'foregroundDeletion', 'orphan'] } },
  ];
}

const preconditions = [{ uid: 'x' }, { uid: '' }, { resourceVersion: '1' }, { resourceVersion: '' }, {}, null, []];

export const deleteBodies: readonly unknown[] = [
  '',
  '{}',
  '[]',
  '[{}]',
  '"x"',
  '1',
  'null',
  'x',
  '{',
  { kind: 'DeleteOptions' },
  { apiVersion: 'v1' },
  { apiVersion: 'v1', kind: 'DeleteOptions', gracePeriodSeconds: 0 },
  { apiVersion: 'meta.k8s.io/v1', kind: 'DeleteOptions' },
  { apiVersion: 'apps/v1', kind: 'DeleteOptions' },
  { apiVersion: 'bogus/v1', kind: 'DeleteOptions' },
  { apiVersion: 'v1', kind: 'Bogus' },
  { apiVersion: 7, kind: 'DeleteOptions' },
  { gracePeriodSeconds: -1 },
  { gracePeriodSeconds: -2 },
  { gracePeriodSeconds: 1.5 },
  { gracePeriodSeconds: 2 ** 53 },
  { gracePeriodSeconds: null },
  { orphanDependents: 'x' },
  { orphanDependents: null, propagationPolicy: 'Orphan' },
  { orphanDependents: false, propagationPolicy: 'Foreground' },
  { propagationPolicy: '' },
  { propagationPolicy: 'Bogus' },
  { propagationPolicy: 7 },
  { dryRun: [] },
  { dryRun: [''] },
  { dryRun: 'All' },
  { dryRun: ['All', 'Bogus'] },
  { unknown: 1, Kind: 'x' },
  { ignoreStoreReadErrorWithClusterBreakingPotential: true },
  {
    ignoreStoreReadErrorWithClusterBreakingPotential: true,
    propagationPolicy: 'Orphan',
    gracePeriodSeconds: 1,
    preconditions: { uid: 'x' },
  },
  ...preconditions.map((precondition) => ({ preconditions: precondition })),
];
