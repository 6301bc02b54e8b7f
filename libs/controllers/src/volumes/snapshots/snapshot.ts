// A VolumeSnapshot from its creation to its end: a content is made for it or bound to it, its status follows the content's, and it goes once
// no claim is being made from it. Upstream's snapshot controller does the same; while that is at work, only what it cannot do is done here:
// contents of Berth's own volumes, which are no CSI volumes.
import {
  beingDeletedAnnotation,
  claimSourceFinalizer,
  defaultSnapshotClassAnnotation,
  Lease,
  localDisk,
  localProvisioner,
  PersistentVolume,
  PersistentVolumeClaim,
  snapshotApiVersion,
  snapshotBoundFinalizer,
  snapshotGroup,
  snapshotNodeAnnotation,
  snapshotSourceFinalizer,
  snapshotVolumeAnnotation,
  type VolumeSnapshot,
  type VolumeSnapshotClass,
  type VolumeSnapshotContent,
} from '@berth/api';
import { type Action, type Caches, type Controller, erased, watches } from '@berth/controller';
import { equalButForEmpty, type KindDefinition, keyOf, Quantity } from '@berth/machinery';
import { snapshotSourceOf } from '../claim-source.ts';
import { hostnameOf as hostnameOfVolume } from '../local-provisioner.ts';
import {
  classesIn,
  contentIn,
  contentNameOf,
  eventOn,
  instant,
  isContentOf,
  isSnapshotKind,
  isUpstreamAtWork,
  keyOfReference,
  patchFinalizers,
  patchStatus,
  prepareLeases,
  snapshotIn,
  snapshotKind,
  snapshotsIn,
  upstreamLeases,
} from './snapshot-caches.ts';
import { secretAnnotations } from './snapshot-secret.ts';

/** After which it is looked whether upstream's controller still is at work. */
const yieldedMs = 60_000;
const usersIndex = 'snapshots-that-claims-begin-with';

export interface ObservedSnapshot {
  kind: KindDefinition;
  contentKind: KindDefinition;
  snapshot: VolumeSnapshot;
  /** The one that it names, or that was made for it. */
  content: VolumeSnapshotContent | undefined;
  classes: VolumeSnapshotClass[];
  /** What it is to be taken of. */
  claim: PersistentVolumeClaim | undefined;
  volume: PersistentVolume | undefined;
  /** Whether a claim is being made from it. */
  isBeingRestored: boolean;
  upstream: Lease[];
}

export const snapshotController: Controller<ObservedSnapshot> = {
  name: 'snapshot-controller',
  owns: ['VolumeSnapshot.status', 'VolumeSnapshot.metadata.finalizers', 'VolumeSnapshotContent.spec.volumeSnapshotRef'],
  writes: ['', '/status'].map((of) => `volumesnapshots.${snapshotGroup}${of}`).concat(`volumesnapshotcontents.${snapshotGroup}`),
  reads: [erased(Lease), erased(PersistentVolume)],
  watches: [
    watches(PersistentVolumeClaim, (claim, caches) => {
      const beginsWith = snapshotSourceOf(claim);
      const own = snapshotsIn(caches).filter((snapshot) => isOfClaim(snapshot, claim));
      return [...own.map(keyOf), ...(beginsWith === undefined ? [] : [`${claim.metadata.namespace}/${beginsWith}`])];
    }),
  ],
  prepare(caches) {
    prepareLeases(caches);
    caches.of(PersistentVolumeClaim).addIndex(usersIndex, (claim) => {
      const name = snapshotSourceOf(claim);
      return name === undefined || !isPending(claim) ? [] : [`${claim.metadata.namespace}/${name}`];
    });
  },
  watchesCustom: (kind) =>
    watches(kind, (object, caches) => {
      if (isSnapshotKind(kind, 'VolumeSnapshot')) return [keyOf(object)];
      if (isSnapshotKind(kind, 'VolumeSnapshotContent')) return [keyOfReference(object as VolumeSnapshotContent)];
      return isSnapshotKind(kind, 'VolumeSnapshotClass') ? snapshotsIn(caches).filter(isUnbound).map(keyOf) : [];
    }),
  observe: observeSnapshot,
  plan: planSnapshot,
};

function observeSnapshot(key: string, caches: Caches): ObservedSnapshot | undefined {
  const [kind, contentKind] = [snapshotKind(caches, 'VolumeSnapshot'), snapshotKind(caches, 'VolumeSnapshotContent')];
  const snapshot = snapshotIn(caches, key);
  if (!kind || !contentKind || !snapshot) return undefined;
  const { persistentVolumeClaimName: claimName, volumeSnapshotContentName } = snapshot.spec.source;
  const claim = claimName === undefined ? undefined : caches.of(PersistentVolumeClaim).get(`${snapshot.metadata.namespace}/${claimName}`);
  return {
    ...{ kind, contentKind, snapshot, claim },
    content: contentIn(caches, volumeSnapshotContentName ?? contentNameOf(snapshot)),
    classes: classesIn(caches),
    volume: claim?.spec.volumeName ? caches.of(PersistentVolume).get(claim.spec.volumeName) : undefined,
    isBeingRestored: caches.of(PersistentVolumeClaim).byIndex(usersIndex, key).length > 0,
    upstream: upstreamLeases(caches),
  };
}

export function planSnapshot(observed: ObservedSnapshot, now: number): Action[] {
  const { snapshot, content, volume, upstream } = observed;
  if (isUpstreamAtWork(upstream, now)) {
    const isSettled = !snapshot.metadata.deletionTimestamp && snapshot.status?.readyToUse === true;
    if (isSettled) return [];
    const again: Action = { type: 'requeue', afterMs: yieldedMs };
    const isOurs = volume !== undefined && localDisk(volume) !== undefined && !snapshot.metadata.deletionTimestamp;
    return isOurs && !content ? [...createContent(observed, now), again] : [again];
  }
  if (snapshot.metadata.deletionTimestamp) return planDeletion(observed);
  const finalizers = wantedFinalizers(observed);
  if (finalizers) return [finalizers];
  const { volumeSnapshotContentName: named } = snapshot.spec.source;
  if (content) {
    const problem = contentProblem(content, snapshot, named);
    return problem ? fail(observed, now, ...problem) : [...bindContent(observed, content), ...follow(observed, content)];
  }
  if (named !== undefined || snapshot.status?.boundVolumeSnapshotContentName)
    return fail(observed, now, 'SnapshotContentMissing', 'VolumeSnapshotContent is missing');
  return createContent(observed, now);
}

function wantedFinalizers({ kind, snapshot }: ObservedSnapshot): Action | undefined {
  const { finalizers = [] } = snapshot.metadata;
  const isBound = Boolean(snapshot.status?.boundVolumeSnapshotContentName);
  const wanted = [snapshotSourceFinalizer, ...(isBound ? [snapshotBoundFinalizer] : [])].filter((name) => !finalizers.includes(name));
  return wanted.length === 0 ? undefined : patchFinalizers(kind, snapshot, [...finalizers, ...wanted]);
}

/** Reason and message. */
function contentProblem(
  content: VolumeSnapshotContent,
  snapshot: VolumeSnapshot,
  named: string | undefined,
): [reason: string, message: string] | undefined {
  const { name } = content.metadata;
  const wasThere = content.spec.source.snapshotHandle !== undefined;
  if (named !== undefined && !wasThere)
    return ['SnapshotContentMismatch', 'VolumeSnapshotContent is dynamically provisioned while expecting a pre-provisioned one'];
  if (named === undefined && wasThere)
    return ['SnapshotContentMismatch', `VolumeSnapshotContent ${name} is pre-provisioned while expecting a dynamically provisioned one`];
  return isContentOf(content, snapshot)
    ? undefined
    : ['SnapshotContentMisbound', `VolumeSnapshotContent [${name}] is bound to a different snapshot`];
}

/** A content that was there before learns which snapshot it is bound to. */
function bindContent({ contentKind, snapshot }: ObservedSnapshot, { metadata, spec }: VolumeSnapshotContent): Action[] {
  const { uid, name, namespace } = snapshot.metadata;
  if (spec.volumeSnapshotRef.uid === uid) return [];
  const { volumeSnapshotClassName } = snapshot.spec;
  const change = {
    volumeSnapshotRef: { ...spec.volumeSnapshotRef, apiVersion: snapshotApiVersion, kind: 'VolumeSnapshot', name, namespace, uid },
    ...(volumeSnapshotClassName && { volumeSnapshotClassName }),
  };
  const patch = { metadata: { resourceVersion: metadata.resourceVersion }, spec: change };
  return [{ type: 'patch', kind: contentKind, key: metadata, patchType: 'merge', patch }];
}

function follow({ kind, snapshot }: ObservedSnapshot, { metadata, status }: VolumeSnapshotContent): Action[] {
  const before = snapshot.status ?? {};
  const bytes = status?.restoreSize;
  const wanted = {
    boundVolumeSnapshotContentName: metadata.name,
    readyToUse: status?.readyToUse ?? false,
    ...(status?.creationTime !== undefined && { creationTime: instant(Number(BigInt(status.creationTime) / 1_000_000n)) }),
    ...(bytes !== undefined && { restoreSize: new Quantity(BigInt(bytes) * 1_000_000_000n, 'BinarySI').toString() }),
    ...(status?.error && { error: status.error }),
  };
  if (equalButForEmpty(before, wanted)) return [];
  const actions = [patchStatus(kind, snapshot, { ...wanted, error: status?.error ?? null })];
  const { namespace, name } = snapshot.metadata;
  if (before.creationTime === undefined && wanted.creationTime !== undefined)
    actions.push(
      eventOn(snapshot, 'Normal', 'SnapshotCreated', `Snapshot ${namespace}/${name} was successfully created by the CSI driver.`),
    );
  if (!before.readyToUse && wanted.readyToUse)
    actions.push(eventOn(snapshot, 'Normal', 'SnapshotReady', `Snapshot ${namespace}/${name} is ready to use.`));
  if (status?.error?.message !== undefined && status.error.message !== before.error?.message)
    actions.push(eventOn(snapshot, 'Warning', 'SnapshotCreationFailed', `Failed to create snapshot: ${status.error.message}`));
  return actions;
}

function createContent(observed: ObservedSnapshot, now: number): Action[] {
  const { contentKind, snapshot, claim, volume } = observed;
  const failed = (detail: string) =>
    fail(observed, now, 'SnapshotContentCreationFailed', `Failed to create snapshot content with error ${detail}`);
  const claimName = snapshot.spec.source.persistentVolumeClaimName ?? '';
  if (!claim) return failed(`snapshot controller failed to update ${snapshot.metadata.name} on API server: cannot get claim from snapshot`);
  if (claim.status?.phase !== 'Bound' || !claim.spec.volumeName)
    return failed(`the PVC ${claimName} is not yet bound to a PV, will not attempt to take a snapshot`);
  if (!volume) return failed(`failed to retrieve PV ${claim.spec.volumeName} from the API server`);
  const source = sourceOf(volume);
  if (!source) return failed(`cannot find CSI PersistentVolumeSource for volume ${volume.metadata.name}`);
  const found = classFor(observed, source.driver);
  if (typeof found === 'string') return failed(found);
  // Which its finalizer keeps from being removed until the snapshot is there.
  if (!claim.metadata.finalizers?.includes(claimSourceFinalizer)) {
    return claim.metadata.deletionTimestamp
      ? failed(`cannot add finalizer on claim [${claimName}] for snapshot [${keyOf(snapshot)}]: claim is being deleted`)
      : [];
  }
  const { name, namespace, uid } = snapshot.metadata;
  const content: VolumeSnapshotContent = {
    apiVersion: snapshotApiVersion,
    kind: 'VolumeSnapshotContent',
    metadata: { name: contentNameOf(snapshot), annotations: { ...source.annotations, ...secretAnnotations(found, snapshot) } },
    spec: {
      ...{ deletionPolicy: found.deletionPolicy, driver: source.driver, source: { volumeHandle: source.handle } },
      ...{ sourceVolumeMode: volume.spec.volumeMode ?? 'Filesystem', volumeSnapshotClassName: found.metadata.name },
      volumeSnapshotRef: { apiVersion: snapshotApiVersion, kind: 'VolumeSnapshot', namespace, name, uid },
    },
  };
  return [
    eventOn(snapshot, 'Normal', 'CreatingSnapshot', `Waiting for a snapshot ${keyOf(snapshot)} to be created by the CSI driver.`),
    { type: 'create', kind: contentKind, object: content },
  ];
}

function sourceOf(volume: PersistentVolume): { driver: string; handle: string; annotations: Record<string, string> } | undefined {
  const { csi } = volume.spec;
  if (csi) return { driver: csi.driver, handle: csi.volumeHandle, annotations: {} };
  const [disk, hostname] = [localDisk(volume), hostnameOfVolume(volume)];
  if (!disk || hostname === undefined) return undefined;
  const annotations = { [snapshotNodeAnnotation]: hostname, [snapshotVolumeAnnotation]: `${disk.fileSystem}:${disk.path}` };
  return { driver: localProvisioner, handle: volume.metadata.name, annotations };
}

/** @returns why there is none */
function classFor({ snapshot, classes }: ObservedSnapshot, driver: string): VolumeSnapshotClass | string {
  const { volumeSnapshotClassName: name } = snapshot.spec;
  if (name !== undefined) {
    const named = classes.find(({ metadata }) => metadata.name === name);
    if (!named)
      return `failed to get input parameters to create snapshot ${snapshot.metadata.name}: "volumesnapshotclass.snapshot.storage.k8s.io "${name}" not found"`;
    return named.driver === driver ? named : `the class ${name} is of the driver ${named.driver}, and the volume is of ${driver}`;
  }
  const defaults = classes.filter(
    (each) => each.driver === driver && each.metadata.annotations?.[defaultSnapshotClassAnnotation] === 'true',
  );
  if (defaults.length > 1) return `${defaults.length} default snapshot classes were found`;
  return defaults[0] ?? 'cannot find default snapshot class';
}

function planDeletion({ kind, contentKind, snapshot, content, isBeingRestored }: ObservedSnapshot): Action[] {
  const { finalizers = [] } = snapshot.metadata;
  const ours = new Set([snapshotSourceFinalizer, snapshotBoundFinalizer]);
  if (!finalizers.some((name) => ours.has(name))) return [];
  if (isBeingRestored) return [eventOn(snapshot, 'Warning', 'SnapshotDeletePending', 'Snapshot is being used to restore a PVC')];
  const bound = content?.spec.volumeSnapshotRef.uid === snapshot.metadata.uid ? content : undefined;
  const actions: Action[] = [];
  if (bound && bound.metadata.annotations?.[beingDeletedAnnotation] === undefined) {
    const patch = { metadata: { uid: bound.metadata.uid, annotations: { [beingDeletedAnnotation]: 'yes' } } };
    actions.push({ type: 'patch', kind: contentKind, key: bound.metadata, patchType: 'merge', patch });
  }
  if (bound?.spec.deletionPolicy === 'Delete') {
    if (!bound.metadata.deletionTimestamp)
      actions.push({ type: 'delete', kind: contentKind, key: bound.metadata, uid: bound.metadata.uid ?? '' });
    // It stays until its content is gone.
    return actions;
  }
  return [
    ...actions,
    patchFinalizers(
      kind,
      snapshot,
      finalizers.filter((name) => !ours.has(name)),
    ),
  ];
}

function fail({ kind, snapshot }: ObservedSnapshot, now: number, reason: string, message: string): Action[] {
  if (snapshot.status?.error?.message === message) return [];
  return [
    patchStatus(kind, snapshot, { readyToUse: false, error: { message, time: instant(now) } }),
    eventOn(snapshot, 'Warning', reason, message),
  ];
}

function isOfClaim({ metadata, spec }: VolumeSnapshot, claim: PersistentVolumeClaim): boolean {
  return metadata.namespace === claim.metadata.namespace && spec.source.persistentVolumeClaimName === claim.metadata.name;
}

function isUnbound({ status }: VolumeSnapshot): boolean {
  return !status?.boundVolumeSnapshotContentName;
}

function isPending({ status }: PersistentVolumeClaim): boolean {
  return (status?.phase ?? 'Pending') === 'Pending';
}
