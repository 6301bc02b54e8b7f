// Claims that ask for more than their volume has. The volume's object says how large it is to be, its node makes it so, and the claim shows
// how far that is, in the words of Kubernetes' resizer; one that the node refused is not tried again until the claim asks for another size.
import {
  diskRefusalAnnotation,
  diskSizeAnnotation,
  localDisk,
  localProvisioner,
  PersistentVolume,
  PersistentVolumeClaim,
  provisionedByAnnotation,
} from '@berth/api';
import { type Action, erased } from '@berth/controller';
import { equalButForEmpty, parseQuantity } from '@berth/machinery';
import { capacityOf } from './local-provisioner.ts';

type Status = NonNullable<PersistentVolumeClaim['status']>;
const inProgress = 'ControllerResizeInProgress';
const infeasible = 'ControllerResizeInfeasible';

/** Of a claim that is bound to the volume. */
export function planExpansion(claim: PersistentVolumeClaim, volume: PersistentVolume, now: number): Action[] {
  if (volume.metadata.annotations?.[provisionedByAnnotation] !== localProvisioner || volume.metadata.deletionTimestamp) return [];
  const disk = localDisk(volume);
  const request = claim.spec.resources?.requests?.storage ?? '0';
  const target = disk ? capacityOf(request, disk.fileSystem) : request;
  const isLarger = parseQuantity(target).compare(parseQuantity(volume.spec.capacity?.storage ?? '0')) > 0;
  if (!isLarger) return finished(claim, volume);
  // A folder takes whatever is written to it.
  if (!disk) return [patchVolume(volume, { spec: { capacity: { storage: target } } })];
  const { [diskSizeAnnotation]: wanted, [diskRefusalAnnotation]: refusal } = volume.metadata.annotations ?? {};
  if (wanted !== target) {
    const message = `External resizer is resizing volume ${volume.metadata.name}`;
    return [
      ...show(claim, target, inProgress, now),
      event(claim, 'Normal', 'Resizing', message),
      patchVolume(volume, { metadata: { annotations: { [diskSizeAnnotation]: target, [diskRefusalAnnotation]: null } } }),
    ];
  }
  if (refusal === undefined || disk.growsTo !== undefined) return show(claim, target, inProgress, now);
  if (claim.status?.allocatedResourceStatuses?.storage === infeasible) return [];
  const message = `resize volume "${volume.metadata.name}" by resizer "${localProvisioner}" failed: ${refusal}`;
  return [...show(claim, target, infeasible, now), event(claim, 'Warning', 'VolumeResizeFailed', message)];
}

function finished(claim: PersistentVolumeClaim, volume: PersistentVolume): Action[] {
  const { conditions = [], allocatedResourceStatuses } = claim.status ?? {};
  const left = conditions.filter(({ type }) => type !== 'Resizing');
  const asked = volume.metadata.annotations?.[diskSizeAnnotation] !== undefined;
  const actions: Action[] = [];
  // One that was refused, and is not asked for any more.
  if (asked)
    actions.push(patchVolume(volume, { metadata: { annotations: { [diskSizeAnnotation]: null, [diskRefusalAnnotation]: null } } }));
  if (left.length === conditions.length && !allocatedResourceStatuses?.storage) return actions;
  const storage = volume.spec.capacity?.storage ?? '0';
  const patch = { conditions: left, allocatedResources: { storage }, allocatedResourceStatuses: null };
  const done =
    allocatedResourceStatuses?.storage === infeasible ? [] : [event(claim, 'Normal', 'VolumeResizeSuccessful', 'Resize volume succeeded')];
  return [...actions, patchStatus(claim, patch), ...done];
}

function show(claim: PersistentVolumeClaim, storage: string, state: string, now: number): Action[] {
  const { conditions = [], allocatedResources, allocatedResourceStatuses } = claim.status ?? {};
  const others = conditions.filter(({ type }) => type !== 'Resizing');
  const known = conditions.find(({ type }) => type === 'Resizing');
  const condition = known ?? { type: 'Resizing', status: 'True', lastTransitionTime: `${new Date(now).toISOString().slice(0, 19)}Z` };
  const wanted: Partial<Status> = {
    conditions: state === inProgress ? [...others, condition] : others,
    allocatedResources: { storage },
    allocatedResourceStatuses: { storage: state },
  };
  return equalButForEmpty({ conditions, allocatedResources, allocatedResourceStatuses }, wanted) ? [] : [patchStatus(claim, wanted)];
}

function patchVolume({ metadata }: PersistentVolume, change: { metadata?: object; spec?: object }): Action {
  const { uid, resourceVersion } = metadata;
  const patch = { ...change, metadata: { uid, resourceVersion, ...change.metadata } };
  return { type: 'patch', kind: erased(PersistentVolume), key: metadata, patchType: 'merge', patch };
}

function patchStatus({ metadata }: PersistentVolumeClaim, status: object): Action {
  const patch = { metadata: { uid: metadata.uid }, status };
  return { type: 'patch', kind: erased(PersistentVolumeClaim), key: metadata, patchType: 'merge', patch, subresource: 'status' };
}

function event(about: PersistentVolumeClaim, eventType: 'Normal' | 'Warning', reason: string, message: string): Action {
  return { type: 'event', event: { about, eventType, reason, message } };
}
