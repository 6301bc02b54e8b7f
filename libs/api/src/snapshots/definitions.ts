// The definitions of snapshot.storage.k8s.io/v1 that Berth installs where a cluster has none: fields, rules, columns and names are those of
// upstream's, so that what is written for one is valid for the other, and installing upstream's replaces these.
import type { CustomResourceDefinition } from '../kinds/custom-resource-definition.ts';
import { snapshotGroup } from './volume-snapshots.ts';

type Schema = Record<string, unknown>;
type Rule = { rule: string; message: string };
type Column = { name: string; type: string; jsonPath: string; description?: string };

const text: Schema = { type: 'string' };
const time: Schema = { type: 'string', format: 'date-time' };
const policies = { type: 'string', enum: ['Delete', 'Retain'] };
const quantityPattern =
  '^(\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))))?$';
const age: Column = { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' };
const isReady: Column = {
  name: 'ReadyToUse',
  type: 'boolean',
  jsonPath: '.status.readyToUse',
  description: 'Whether volumes can be made from the snapshot.',
};
const errorSchema = object('What went wrong last; absent once it went well.', {
  message: described(text, 'What went wrong.'),
  time: described(time, 'When.'),
});

function described(schema: Schema, description: string): Schema {
  return { ...schema, description };
}

function object(description: string, properties: Record<string, Schema>, more: Schema = {}): Schema {
  return { type: 'object', description, properties, ...more };
}

function rules(schema: Schema, ...all: Rule[]): Schema {
  return { ...schema, 'x-kubernetes-validations': all };
}

function fixed(name: string): Schema {
  return rules(text, { rule: 'self == oldSelf', message: `${name} is immutable` });
}

function keptOnceSet(name: string): Rule {
  return { rule: `!has(oldSelf.${name}) || has(self.${name})`, message: `${name} is required once set` };
}

function exactlyOne(first: string, second: string): Rule {
  return {
    rule: `(has(self.${first}) && !has(self.${second})) || (!has(self.${first}) && has(self.${second}))`,
    message: `exactly one of ${first} and ${second} must be set`,
  };
}

interface Names {
  kind: string;
  scope: 'Namespaced' | 'Cluster';
  shortNames: string[];
  hasStatus: boolean;
  /** Where upstream's API was approved, which its group asks for. */
  approval: string;
}

function definition(names: Names, schema: Schema, columns: Column[]): CustomResourceDefinition {
  const { kind, scope, shortNames, hasStatus, approval } = names;
  const singular = kind.toLowerCase();
  const plural = singular.endsWith('ss') ? `${singular}es` : `${singular}s`;
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: {
      name: `${plural}.${snapshotGroup}`,
      annotations: { 'api-approved.kubernetes.io': `https://github.com/kubernetes-csi/external-snapshotter/pull/${approval}` },
      labels: { 'app.kubernetes.io/managed-by': 'berth' },
    },
    spec: {
      group: snapshotGroup,
      names: { kind, listKind: `${kind}List`, plural, singular, shortNames },
      scope,
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          schema: { openAPIV3Schema: schema },
          ...(hasStatus && { subresources: { status: {} } }),
          additionalPrinterColumns: columns,
        },
      ],
    },
  };
}

const typeMeta = { apiVersion: text, kind: text, metadata: { type: 'object' } };

function snapshotDefinition(): CustomResourceDefinition {
  const source = rules(
    object('What the snapshot is of: a claim, or a content that there is already. It cannot be changed.', {
      persistentVolumeClaimName: described(
        fixed('persistentVolumeClaimName'),
        'A claim of the same namespace, of which a snapshot is taken.',
      ),
      volumeSnapshotContentName: described(fixed('volumeSnapshotContentName'), 'A content whose snapshot there is already.'),
    }),
    keptOnceSet('persistentVolumeClaimName'),
    keptOnceSet('volumeSnapshotContentName'),
    exactlyOne('volumeSnapshotContentName', 'persistentVolumeClaimName'),
  );
  const named = { rule: 'size(self) > 0', message: 'volumeSnapshotClassName must not be the empty string when set' };
  const spec = object(
    'What is asked for.',
    {
      source,
      volumeSnapshotClassName: described(rules(text, named), 'How it is taken; absent: the default class of the volume’s driver.'),
    },
    { required: ['source'] },
  );
  const quantity = { type: 'string', pattern: quantityPattern, 'x-kubernetes-int-or-string': true };
  const status = object('What has become of it.', {
    boundVolumeSnapshotContentName: described(text, 'The content that it is bound to, when that names it too.'),
    creationTime: described(time, 'The moment that it shows.'),
    readyToUse: { type: 'boolean', description: 'Whether volumes can be made from it.' },
    restoreSize: described(quantity, 'The least size of a volume that is made from it.'),
    error: errorSchema,
    volumeGroupSnapshotName: described(text, 'The group snapshot that it is part of.'),
  });
  return definition(
    { kind: 'VolumeSnapshot', scope: 'Namespaced', shortNames: ['vs'], hasStatus: true, approval: '814' },
    object('A snapshot of a volume, as a user asks for it.', { ...typeMeta, spec, status }, { required: ['spec'] }),
    [
      isReady,
      { name: 'SourcePVC', type: 'string', jsonPath: '.spec.source.persistentVolumeClaimName', description: 'The claim that it is of.' },
      {
        ...{ name: 'SourceSnapshotContent', type: 'string', jsonPath: '.spec.source.volumeSnapshotContentName' },
        description: 'The content that was there before.',
      },
      { name: 'RestoreSize', type: 'string', jsonPath: '.status.restoreSize', description: 'The least size of a volume made from it.' },
      { name: 'SnapshotClass', type: 'string', jsonPath: '.spec.volumeSnapshotClassName', description: 'Its class.' },
      {
        ...{ name: 'SnapshotContent', type: 'string', jsonPath: '.status.boundVolumeSnapshotContentName' },
        description: 'The content that it is bound to.',
      },
      { name: 'CreationTime', type: 'date', jsonPath: '.status.creationTime', description: 'The moment that it shows.' },
      age,
    ],
  );
}

function contentDefinition(): CustomResourceDefinition {
  const source = rules(
    object('Which volume it is of, or which snapshot it stands for. It cannot be changed.', {
      snapshotHandle: described(fixed('snapshotHandle'), 'What the driver calls a snapshot that there is already.'),
      volumeHandle: described(fixed('volumeHandle'), 'What the driver calls the volume of which a snapshot is taken.'),
    }),
    keptOnceSet('volumeHandle'),
    keptOnceSet('snapshotHandle'),
    exactlyOne('volumeHandle', 'snapshotHandle'),
  );
  const reference = rules(
    object(
      'The snapshot that it is bound to.',
      Object.fromEntries(['apiVersion', 'fieldPath', 'kind', 'name', 'namespace', 'resourceVersion', 'uid'].map((name) => [name, text])),
      { 'x-kubernetes-map-type': 'atomic' },
    ),
    {
      rule: 'has(self.name) && has(self.__namespace__)',
      message: 'both spec.volumeSnapshotRef.name and spec.volumeSnapshotRef.namespace must be set',
    },
  );
  const spec = rules(
    object(
      'What it is.',
      {
        deletionPolicy: described(policies, 'What becomes of the snapshot when its object goes: Delete removes it, Retain keeps it.'),
        driver: described(text, 'Who takes and keeps it.'),
        source,
        sourceVolumeMode: described(fixed('sourceVolumeMode'), 'Filesystem or Block: what the volume is that it is of.'),
        volumeSnapshotClassName: described(text, 'The class that it was made with.'),
        volumeSnapshotRef: reference,
      },
      { required: ['deletionPolicy', 'driver', 'source', 'volumeSnapshotRef'] },
    ),
    keptOnceSet('sourceVolumeMode'),
  );
  const status = object('What has become of it.', {
    creationTime: { type: 'integer', format: 'int64', description: 'The moment that it shows, in nanoseconds since 1970.' },
    error: errorSchema,
    readyToUse: { type: 'boolean', description: 'Whether volumes can be made from it.' },
    restoreSize: { type: 'integer', format: 'int64', minimum: 0, description: 'In bytes.' },
    snapshotHandle: described(text, 'What the driver calls it.'),
    volumeGroupSnapshotHandle: described(text, 'What the driver calls the group that it is part of.'),
  });
  const column = (name: string, type: string, jsonPath: string, description: string): Column => ({ name, type, jsonPath, description });
  return definition(
    { kind: 'VolumeSnapshotContent', scope: 'Cluster', shortNames: ['vsc', 'vscs'], hasStatus: true, approval: '955' },
    object('A snapshot as its driver keeps it.', { ...typeMeta, spec, status }, { required: ['spec'] }),
    [
      isReady,
      column('RestoreSize', 'integer', '.status.restoreSize', 'In bytes.'),
      column('DeletionPolicy', 'string', '.spec.deletionPolicy', 'What becomes of it when its VolumeSnapshot goes.'),
      column('Driver', 'string', '.spec.driver', 'Who keeps it.'),
      column('VolumeSnapshotClass', 'string', '.spec.volumeSnapshotClassName', 'Its class.'),
      column('VolumeSnapshot', 'string', '.spec.volumeSnapshotRef.name', 'The snapshot that it is bound to.'),
      column('VolumeSnapshotNamespace', 'string', '.spec.volumeSnapshotRef.namespace', 'The namespace of that.'),
      age,
    ],
  );
}

function classDefinition(): CustomResourceDefinition {
  const schema = object(
    'How snapshots are taken, and what becomes of them.',
    {
      ...typeMeta,
      deletionPolicy: described(policies, 'What becomes of a snapshot when its object goes.'),
      driver: described(text, 'Who takes them.'),
      parameters: { type: 'object', additionalProperties: text, description: 'What the driver wants to know.' },
    },
    { required: ['deletionPolicy', 'driver'] },
  );
  return definition(
    { kind: 'VolumeSnapshotClass', scope: 'Cluster', shortNames: ['vsclass', 'vsclasses'], hasStatus: false, approval: '814' },
    schema,
    [
      { name: 'Driver', type: 'string', jsonPath: '.driver' },
      {
        ...{ name: 'DeletionPolicy', type: 'string', jsonPath: '.deletionPolicy' },
        description: 'What becomes of a snapshot when its VolumeSnapshot goes.',
      },
      age,
    ],
  );
}

/** In the order in which they are installed. */
export function snapshotDefinitions(): CustomResourceDefinition[] {
  return [classDefinition(), contentDefinition(), snapshotDefinition()];
}
