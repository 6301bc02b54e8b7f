// The kinds of snapshots in the controllers' caches: they are custom resources, so they come and go with their definitions, and whoever
// reads them has nothing to read before. Also whether upstream's snapshot controller is at work, to which Berth's yields.
import { Lease, snapshotGroup, type VolumeSnapshot, type VolumeSnapshotClass, type VolumeSnapshotContent } from '@berth/api';
import type { Action, Caches, EventDraft } from '@berth/controller';
import { type KindDefinition, type KubeObject, keyOf } from '@berth/machinery';
import { customKind } from '../../custom-scale.ts';

export type SnapshotKindName = 'VolumeSnapshot' | 'VolumeSnapshotContent' | 'VolumeSnapshotClass';

/** By the name that upstream's controller elects its leader with, in whatever namespace it runs. */
const upstreamLease = 'snapshot-controller-leader';
const leaseIndex = 'upstream-snapshot-controller';

export function isSnapshotKind({ group, kind }: KindDefinition, name: SnapshotKindName): boolean {
  return group === snapshotGroup && kind === name;
}

/** Undefined as long as nobody serves it. */
export function snapshotKind(caches: Caches, name: SnapshotKindName): KindDefinition | undefined {
  return customKind(caches, snapshotGroup, name);
}

export function snapshotsIn(caches: Caches): VolumeSnapshot[] {
  return listOf(caches, 'VolumeSnapshot') as VolumeSnapshot[];
}

export function classesIn(caches: Caches): VolumeSnapshotClass[] {
  return listOf(caches, 'VolumeSnapshotClass') as VolumeSnapshotClass[];
}

export function snapshotIn(caches: Caches, key: string): VolumeSnapshot | undefined {
  return getOf(caches, 'VolumeSnapshot', key) as VolumeSnapshot | undefined;
}

export function contentIn(caches: Caches, name: string): VolumeSnapshotContent | undefined {
  return getOf(caches, 'VolumeSnapshotContent', name) as VolumeSnapshotContent | undefined;
}

function listOf(caches: Caches, name: SnapshotKindName): KubeObject[] {
  const kind = snapshotKind(caches, name);
  return kind ? caches.of(kind).list() : [];
}

function getOf(caches: Caches, name: SnapshotKindName, key: string): KubeObject | undefined {
  const kind = snapshotKind(caches, name);
  return kind && caches.of(kind).get(key);
}

/** The content that is made for a snapshot of a claim. */
export function contentNameOf({ metadata }: VolumeSnapshot): string {
  return `snapcontent-${metadata.uid}`;
}

/** Whether the content says that it is this snapshot's. */
export function isContentOf({ spec: { volumeSnapshotRef: ref } }: VolumeSnapshotContent, { metadata }: VolumeSnapshot): boolean {
  if (ref.name !== metadata.name || ref.namespace !== metadata.namespace) return false;
  return !ref.uid || ref.uid === metadata.uid;
}

export function keyOfReference({ spec: { volumeSnapshotRef: ref } }: VolumeSnapshotContent): string {
  return keyOf({ metadata: { namespace: ref.namespace ?? '', name: ref.name ?? '' } });
}

export function prepareLeases(caches: Caches): void {
  caches.of(Lease).addIndex(leaseIndex, ({ metadata }) => (metadata.name === upstreamLease ? [upstreamLease] : []));
}

export function upstreamLeases(caches: Caches): Lease[] {
  return caches.of(Lease).byIndex(leaseIndex, upstreamLease);
}

/** Whether upstream's controller leads, as one that renews its lease does. */
export function isUpstreamAtWork(leases: readonly Lease[], now: number): boolean {
  return leases.some(({ spec }) => {
    const renewedMs = Date.parse(spec?.renewTime ?? '');
    return Boolean(spec?.holderIdentity) && renewedMs + (spec?.leaseDurationSeconds ?? 0) * 1000 > now;
  });
}

export function patchStatus(kind: KindDefinition, { metadata }: KubeObject, status: object): Action {
  return {
    type: 'patch',
    kind,
    key: metadata,
    patchType: 'merge',
    patch: { metadata: { uid: metadata.uid }, status },
    subresource: 'status',
  };
}

export function patchFinalizers(kind: KindDefinition, { metadata }: KubeObject, finalizers: string[], annotations?: object): Action {
  const { resourceVersion } = metadata;
  const patch = { metadata: { resourceVersion, finalizers, ...(annotations && { annotations }) } };
  return { type: 'patch', kind, key: metadata, patchType: 'merge', patch };
}

export function eventOn(about: KubeObject, eventType: EventDraft['eventType'], reason: string, message: string): Action {
  return { type: 'event', event: { about, eventType, reason, message } };
}

export function instant(now: number): string {
  return `${new Date(now).toISOString().slice(0, 19)}Z`;
}
