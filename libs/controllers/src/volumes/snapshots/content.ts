// A VolumeSnapshotContent of Berth's own driver: its node takes the snapshot, is asked again ever later when it failed, and removes it when
// the content goes; and of any driver, as upstream's controller does: a content whose snapshot is gone goes too, if it is to be deleted.
import {
  attemptAnnotation,
  beingDeletedAnnotation,
  contentFinalizer,
  Lease,
  localDisk,
  localProvisioner,
  mayLetGo,
  Node,
  PersistentVolume,
  placeOfContent,
  snapshotDue,
  snapshotNodeAnnotation,
  snapshotVolumeAnnotation,
  type VolumeSnapshot,
  type VolumeSnapshotContent,
} from '@berth/api';
import { type Action, type Caches, type Controller, erased, watches } from '@berth/controller';
import { type KindDefinition, keyOf } from '@berth/machinery';
import { hostnameOf as hostnameOfVolume } from '../local-provisioner.ts';
import {
  contentIn,
  contentNameOf,
  instant,
  isSnapshotKind,
  isUpstreamAtWork,
  keyOfReference,
  patchFinalizers,
  patchStatus,
  prepareLeases,
  snapshotIn,
  snapshotKind,
  upstreamLeases,
} from './snapshot-caches.ts';

const [retryMsMin, retryMsMax] = [5_000, 300_000];
const hostIndex = 'host-of-snapshots';

export interface ObservedContent {
  kind: KindDefinition;
  snapshotKind: KindDefinition;
  content: VolumeSnapshotContent;
  /** Of the name that it says it is bound to. */
  snapshot: VolumeSnapshot | undefined;
  /** Of Berth's driver: the volume that it is taken of, while that is there. */
  volume: PersistentVolume | undefined;
  /** Whether the node that holds it is known. */
  hasNode: boolean;
  upstream: Lease[];
}

export const snapshotContentController: Controller<ObservedContent> = {
  name: 'snapshot-content-controller',
  owns: ['VolumeSnapshotContent.metadata.finalizers', 'VolumeSnapshotContent.metadata.annotations'],
  writes: ['volumesnapshotcontents.snapshot.storage.k8s.io', 'volumesnapshotcontents.snapshot.storage.k8s.io/status'],
  reads: [erased(Lease), erased(PersistentVolume)],
  watches: [
    // What was on a node that is gone cannot be removed any more.
    watches(Node, (node, caches) => {
      const kind = caches.of(Node).get(node.metadata.name) ? undefined : snapshotKind(caches, 'VolumeSnapshotContent');
      if (!kind) return [];
      const gone = hostnameOf(node);
      return (caches.of(kind).list() as VolumeSnapshotContent[]).filter((each) => placeOfContent(each)?.hostname === gone).map(keyOf);
    }),
  ],
  prepare(caches) {
    prepareLeases(caches);
    caches.of(Node).addIndex(hostIndex, (node) => [hostnameOf(node)]);
  },
  watchesCustom: (kind) =>
    watches(kind, (object) => {
      if (isSnapshotKind(kind, 'VolumeSnapshotContent')) return [keyOf(object)];
      if (!isSnapshotKind(kind, 'VolumeSnapshot')) return [];
      const { spec } = object as VolumeSnapshot;
      return [spec.source.volumeSnapshotContentName ?? contentNameOf(object as VolumeSnapshot)];
    }),
  observe: observeContent,
  plan: planContent,
};

function observeContent(key: string, caches: Caches): ObservedContent | undefined {
  const [kind, ofSnapshots] = [snapshotKind(caches, 'VolumeSnapshotContent'), snapshotKind(caches, 'VolumeSnapshot')];
  const content = contentIn(caches, key);
  if (!kind || !ofSnapshots || !content) return undefined;
  const hostname = placeOfContent(content)?.hostname;
  return {
    ...{ kind, snapshotKind: ofSnapshots, content },
    snapshot: snapshotIn(caches, keyOfReference(content)),
    volume: caches.of(PersistentVolume).get(content.spec.source.volumeHandle ?? ''),
    hasNode: hostname !== undefined && caches.of(Node).byIndex(hostIndex, hostname).length > 0,
    upstream: upstreamLeases(caches),
  };
}

export function planContent(observed: ObservedContent, now: number): Action[] {
  const { kind, content, upstream } = observed;
  const { finalizers = [], deletionTimestamp } = content.metadata;
  const isOurs = content.spec.driver === localProvisioner;
  if (!isUpstreamAtWork(upstream, now)) {
    if (!deletionTimestamp && !finalizers.includes(contentFinalizer))
      return [patchFinalizers(kind, content, [...finalizers, contentFinalizer])];
    const orphaned = planOrphan(observed);
    if (orphaned.length > 0) return orphaned;
  }
  if (!isOurs) return [];
  return deletionTimestamp ? planRemoval(observed, now) : planTaking(observed, now);
}

/** Its snapshot is gone, as the server itself says. */
function planOrphan({ kind, snapshotKind: ofSnapshots, content, snapshot }: ObservedContent): Action[] {
  const { uid, name = '', namespace } = content.spec.volumeSnapshotRef;
  if (!uid || snapshot?.metadata.uid === uid || content.metadata.annotations?.[beingDeletedAnnotation] !== undefined) return [];
  const patch = { metadata: { uid: content.metadata.uid, annotations: { [beingDeletedAnnotation]: 'yes' } } };
  const actions: Action[] = [{ type: 'patch', kind, key: content.metadata, patchType: 'merge', patch }];
  if (content.spec.deletionPolicy === 'Delete' && !content.metadata.deletionTimestamp)
    actions.push({ type: 'delete', kind, key: content.metadata, uid: content.metadata.uid ?? '' });
  return [{ type: 'ifAbsent', kind: ofSnapshots, key: { name, ...(namespace !== undefined && { namespace }) }, uid, actions }];
}

function planTaking({ kind, content, volume, hasNode }: ObservedContent, now: number): Action[] {
  const { metadata, spec, status } = content;
  if (status?.readyToUse) return [];
  const place = placeOfContent(content);
  if (!place) {
    const [disk, hostname] = [volume && localDisk(volume), volume && hostnameOfVolume(volume)];
    if (disk && hostname !== undefined && spec.source.volumeHandle) {
      const annotations = { [snapshotNodeAnnotation]: hostname, [snapshotVolumeAnnotation]: `${disk.fileSystem}:${disk.path}` };
      return [{ type: 'patch', kind, key: metadata, patchType: 'merge', patch: { metadata: { uid: metadata.uid, annotations } } }];
    }
    const { snapshotHandle, volumeHandle = '' } = spec.source;
    return snapshotHandle
      ? fail(
          kind,
          content,
          now,
          `snapshotHandle ${JSON.stringify(snapshotHandle)} is none of ${localProvisioner}: it is NODE/FILE, as another content's status says`,
        )
      : fail(kind, content, now, `there is no volume "${volumeHandle}" of ${localProvisioner}`);
  }
  if (!hasNode) return fail(kind, content, now, `node "${place.hostname}" does not exist`);
  return retry(kind, content, now);
}

/** After a failure that its node reported. What was asked again says after which failure, so that it is asked once. */
function retry(kind: KindDefinition, { metadata, status }: VolumeSnapshotContent, now: number): Action[] {
  const { time = '' } = status?.error ?? {};
  const [attempt = '0', after] = (metadata.annotations?.[attemptAnnotation] ?? '0').split(' after ');
  if (time === '' || after === time) return [];
  const leftMs = Date.parse(time) + Math.min(retryMsMin * 2 ** Math.min(Number(attempt), 10), retryMsMax) - now;
  if (leftMs > 0) return [{ type: 'requeue', afterMs: leftMs }];
  const annotations = { [attemptAnnotation]: `${Number(attempt) + 1} after ${time}` };
  return [{ type: 'patch', kind, key: metadata, patchType: 'merge', patch: { metadata: { uid: metadata.uid, annotations } } }];
}

function planRemoval({ kind, content, hasNode }: ObservedContent, now: number): Action[] {
  const { finalizers = [] } = content.metadata;
  if (!finalizers.includes(contentFinalizer) || !mayLetGo(content)) return [];
  const place = placeOfContent(content);
  if (snapshotDue(content) === 'remove' && place) {
    if (hasNode) return retry(kind, content, now);
    const letGo = patchFinalizers(
      kind,
      content,
      finalizers.filter((name) => name !== contentFinalizer),
    );
    return [{ type: 'ifAbsent', kind: erased(Node), key: { name: place.hostname }, actions: [letGo] }];
  }
  return [
    patchFinalizers(
      kind,
      content,
      finalizers.filter((name) => name !== contentFinalizer),
    ),
  ];
}

function fail(kind: KindDefinition, content: VolumeSnapshotContent, now: number, message: string): Action[] {
  if (content.status?.error?.message === message) return [];
  return [patchStatus(kind, content, { readyToUse: false, error: { message, time: instant(now) } })];
}

function hostnameOf({ metadata }: Node): string {
  return metadata.labels?.['kubernetes.io/hostname'] ?? metadata.name;
}
