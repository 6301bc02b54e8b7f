// Claims of storage, and objects that others name.
import type { Descriptions } from './descriptions.ts';

export const claimDescriptions: Descriptions = {
  'core.v1.PersistentVolumeClaimSpec': {
    '': 'What storage is asked for.',
    accessModes: 'How it is to be mounted: ReadWriteOnce by one node, ReadOnlyMany, ReadWriteMany, or ReadWriteOncePod by one pod.',
    selector: 'Which volumes may be bound, by labels.',
    resources: 'How much storage.',
    volumeName: 'The volume that the claim is bound to.',
    storageClassName: 'The class of storage; by default that of the cluster, and none when it is empty.',
    volumeMode: 'Filesystem, which is the default, or Block for a bare device.',
    dataSource: 'What the volume begins with: a snapshot or another claim.',
    dataSourceRef: 'What the volume begins with, of any kind.',
    volumeAttributesClassName: 'The class of properties that the volume should have.',
  },
  'core.v1.VolumeResourceRequirements': {
    '': 'Bounds for an amount of storage.',
    limits: 'At most this much.',
    requests: 'At least this much, under the name storage.',
  },
  'core.v1.TypedLocalObjectReference': {
    '': 'Names an object in the same namespace.',
    apiGroup: 'The group of its kind; empty for the core.',
    kind: 'The kind of the object.',
    name: 'The name of the object.',
  },
  'core.v1.TypedObjectReference': {
    '': 'Names an object.',
    apiGroup: 'The group of its kind; empty for the core.',
    kind: 'The kind of the object.',
    name: 'The name of the object.',
    namespace: 'Its namespace; by default the same.',
  },
  'core.v1.PersistentVolumeClaimStatus': {
    '': 'What has come of a claim.',
    phase: 'Pending, Bound, or Lost when its volume is gone.',
    accessModes: 'How the volume can be mounted.',
    capacity: 'How large the volume is.',
    conditions: 'Whether it is being resized or changed, and since when.',
    allocatedResources: 'How large it is being made.',
    allocatedResourceStatuses: 'How far that is.',
    currentVolumeAttributesClassName: 'The class of properties that the volume has.',
    modifyVolumeStatus: 'How far a change of its properties is.',
  },
  'core.v1.ModifyVolumeStatus': {
    '': 'How far a change of properties is.',
    targetVolumeAttributesClassName: 'The class that the volume is to have.',
    status: 'Pending, InProgress or Infeasible.',
  },
  'core.v1.ObjectReference': {
    '': 'Names an object, or a part of one.',
    kind: 'The kind of the object.',
    namespace: 'Its namespace.',
    name: 'The name of the object.',
    uid: 'The UID of the object.',
    apiVersion: 'The group and version of its kind.',
    resourceVersion: 'The version of it that is meant.',
    fieldPath: 'The part of it that is meant, such as spec.containers{main}.',
  },
};
