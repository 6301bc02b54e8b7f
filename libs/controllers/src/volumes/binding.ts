// Ties a claim and a volume together: the volume first, so that no two claims think they have the same one. What the claim shows of the
// volume's size is the size that its file system has: once bound, whoever makes it larger says so.
import { localProvisioner, PersistentVolume, PersistentVolumeClaim, provisionedByAnnotation } from '@berth/api';
import { type Action, erased } from '@berth/controller';
import { equalButForEmpty } from '@berth/machinery';
import { bindCompleted, boundByController } from './matching.ts';

/** Of a volume that was enlarged before its file system: the size from before. */
export const preResizeAnnotation = 'volume.alpha.kubernetes.io/pre-resize-capacity';

type Status = NonNullable<PersistentVolumeClaim['status']>;

export function isBound({ metadata, spec }: PersistentVolumeClaim): boolean {
  return metadata.annotations?.[bindCompleted] !== undefined && Boolean(spec.volumeName);
}

/** Whatever of a binding is missing; nothing once it is complete. */
export function bind(claim: PersistentVolumeClaim, volume: PersistentVolume): Action[] {
  return [...bindVolume(claim, volume), ...bindClaim(claim, volume), ...phase(claim, boundStatus(claim, volume))];
}

function boundStatus({ status }: PersistentVolumeClaim, { metadata, spec }: PersistentVolume): Status {
  const bound: Status = { phase: 'Bound', accessModes: spec.accessModes ?? [] };
  const isBefore = status?.phase !== 'Bound';
  const isLocal = metadata.annotations?.[provisionedByAnnotation] === localProvisioner;
  if (!isBefore && !isLocal) return bound;
  const before = metadata.annotations?.[preResizeAnnotation];
  const capacity = before === undefined ? (spec.capacity ?? {}) : { storage: before };
  const current = spec.volumeAttributesClassName;
  return { ...bound, capacity, ...(isBefore && current && { currentVolumeAttributesClassName: current }) };
}

function bindVolume(
  { metadata: { name, namespace, uid, resourceVersion: version } }: PersistentVolumeClaim,
  volume: PersistentVolume,
): Action[] {
  const { claimRef } = volume.spec;
  if (claimRef?.uid === uid) return [];
  const isOurChoice = claimRef === undefined;
  const reference = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name, uid, resourceVersion: version };
  const { resourceVersion } = volume.metadata;
  const metadata = { resourceVersion, ...(isOurChoice && { annotations: { [boundByController]: 'yes' } }) };
  const patch = { metadata, spec: { claimRef: reference } };
  return [{ type: 'patch', kind: erased(PersistentVolume), key: volume.metadata, patchType: 'merge', patch }];
}

function bindClaim(claim: PersistentVolumeClaim, { metadata: { name } }: PersistentVolume): Action[] {
  if (isBound(claim)) return [];
  const isOurChoice = !claim.spec.volumeName;
  const annotations = { [bindCompleted]: 'yes', ...(isOurChoice && { [boundByController]: 'yes' }) };
  const patch = { metadata: { uid: claim.metadata.uid, annotations }, spec: { volumeName: name } };
  return [{ type: 'patch', kind: erased(PersistentVolumeClaim), key: claim.metadata, patchType: 'merge', patch }];
}

export function phase(claim: PersistentVolumeClaim, wanted: NonNullable<PersistentVolumeClaim['status']>): Action[] {
  const status = { ...claim.status, ...wanted };
  if (equalButForEmpty(status, claim.status)) return [];
  const patch = { metadata: { uid: claim.metadata.uid }, status: wanted };
  return [{ type: 'patch', kind: erased(PersistentVolumeClaim), key: claim.metadata, patchType: 'merge', patch, subresource: 'status' }];
}
