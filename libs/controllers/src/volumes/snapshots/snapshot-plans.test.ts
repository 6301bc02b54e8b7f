// Plans of snapshots that depend on the time: whether upstream's controller leads, and when a node is asked again.
import {
  contentFinalizer,
  establishedKinds,
  type Lease,
  snapshotApiVersion,
  snapshotDefinitions,
  type VolumeSnapshot,
  type VolumeSnapshotContent,
} from '@berth/api';
import type { KindDefinition } from '@berth/machinery';
import { expect, test } from 'vitest';
import { planContent } from './content.ts';
import { planSnapshot } from './snapshot.ts';
import { secretAnnotations } from './snapshot-secret.ts';

const [, contentKind, kind] = snapshotDefinitions().map((definition) => {
  const status = { acceptedNames: definition.spec.names, conditions: [{ type: 'Established', status: 'True' }], storedVersions: ['v1'] };
  return establishedKinds({ ...definition, status })?.stored;
}) as [KindDefinition, KindDefinition, KindDefinition];
const theirs: VolumeSnapshot = {
  apiVersion: snapshotApiVersion,
  kind: 'VolumeSnapshot',
  metadata: { name: 'theirs', namespace: 'default' },
  spec: { source: { volumeSnapshotContentName: 'nowhere' } },
};

test('while upstream’s controller leads, only contents of local volumes are made; when its lease has run out, all is done again', () => {
  const now = Date.parse('2026-01-01T00:00:00Z');
  const spec = { holderIdentity: 'upstream', leaseDurationSeconds: 15, renewTime: '2026-01-01T00:00:00.000000Z' };
  const lease: Lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name: 'snapshot-controller-leader' }, spec };
  const observed = {
    ...{ kind, contentKind, snapshot: theirs, content: undefined, classes: [] },
    ...{ claim: undefined, volume: undefined, isBeingRestored: false, upstream: [lease] },
  };
  const actions = (atMs: number) => planSnapshot(observed, atMs).map(({ type }) => type);
  expect([actions(now + 14_000), actions(now + 16_000)]).toEqual([['requeue'], ['patch']]);
});

test('a node that failed is asked again ever later, once for each failure', () => {
  const failedAtMs = Date.parse('2026-01-01T00:00:00Z');
  const error = { message: 'no room', time: '2026-01-01T00:00:00Z' };
  const asked = (attempt: string | undefined, atMs: number) => {
    const annotations = {
      'berth.io/snapshot-node': 'n1',
      'berth.io/snapshot-volume': 'ext4:/v/a.img',
      ...(attempt !== undefined && { 'berth.io/snapshot-attempt': attempt }),
    };
    const object: VolumeSnapshotContent = {
      apiVersion: snapshotApiVersion,
      kind: 'VolumeSnapshotContent',
      metadata: { name: 'c', uid: 'u', annotations, finalizers: [contentFinalizer] },
      spec: {
        deletionPolicy: 'Delete',
        driver: 'berth.io/local',
        source: { volumeHandle: 'pv' },
        volumeSnapshotRef: { namespace: 'default', name: 's' },
      },
      status: { readyToUse: false, error },
    };
    const observed = {
      ...{ kind: contentKind, snapshotKind: kind, content: object, snapshot: undefined },
      ...{ volume: undefined, hasNode: true, upstream: [] },
    };
    return planContent(observed, atMs).map((action) => (action.type === 'patch' ? action.patch : action));
  };
  expect(asked(undefined, failedAtMs + 2_000)).toEqual([{ type: 'requeue', afterMs: 3_000 }]);
  const again = { metadata: { uid: 'u', annotations: { 'berth.io/snapshot-attempt': `1 after ${error.time}` } } };
  expect(asked(undefined, failedAtMs + 5_000)).toEqual([again]);
  expect(asked(`1 after ${error.time}`, failedAtMs + 50_000)).toEqual([]);
  expect(asked('4 after 2025-12-31T23:00:00Z', failedAtMs + 1_000)).toEqual([{ type: 'requeue', afterMs: 79_000 }]);
});

test('a content says which secret its driver needs, by the templates of the class', () => {
  const named = (parameters?: Record<string, string>) =>
    secretAnnotations(
      {
        apiVersion: snapshotApiVersion,
        kind: 'VolumeSnapshotClass',
        metadata: { name: 'c' },
        deletionPolicy: 'Delete',
        driver: 'd',
        ...(parameters && { parameters }),
      },
      { ...theirs, metadata: { ...theirs.metadata, uid: 'u' } },
    );
  const secret = 'csi.storage.k8s.io/snapshotter-secret';
  expect(named()).toEqual({});
  expect(named({ [`${secret}-name`]: 'only' })).toEqual({});
  const templates = {
    [`${secret}-name`]: `\${volumesnapshotcontent.name}-\${volumesnapshot.name}`,
    [`${secret}-namespace`]: `\${volumesnapshot.namespace}`,
  };
  expect(named(templates)).toEqual({
    'snapshot.storage.kubernetes.io/deletion-secret-name': 'snapcontent-u-theirs',
    'snapshot.storage.kubernetes.io/deletion-secret-namespace': 'default',
  });
});
