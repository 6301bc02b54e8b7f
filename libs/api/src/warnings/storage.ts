// What Kubernetes warns of in volumes, claims and classes, and fields that are accepted and do not act yet.
import type { PersistentVolume, PersistentVolumeClaim } from '../generated/core-v1.types.ts';
import type { CSIDriver, CSIStorageCapacity, StorageClass } from '../generated/storage-v1.types.ts';
import { localDisk } from '../local-disks.ts';
import { populateWarnings } from '../populate-annotation.ts';
import { betaStorageClassAnnotation } from '../storage-class-name.ts';
import { isEqual } from '../validation/changes.ts';
import { betaMountOptionsAnnotation } from '../volume-mount-options.ts';
import { claimSpecWarnings } from './claim-spec.ts';
import { deprecatedNodeLabel, nodeSelectorTermWarnings, nodeSelectorWarnings } from './node-labels.ts';
import { idle } from './pod-spec.ts';

/** Everything in a volume's spec that acts; the rest are sources that no agent can mount. */
const actingVolumeFields = [
  'hostPath',
  'local',
  'csi',
  'nfs',
  'capacity',
  'accessModes',
  'claimRef',
  'persistentVolumeReclaimPolicy',
  'storageClassName',
  'volumeMode',
  'nodeAffinity',
];

const deprecatedSources: [keyof PersistentVolume['spec'], string][] = [
  ['cephfs', 'deprecated in v1.28, non-functional in v1.31+'],
  ['photonPersistentDisk', 'deprecated in v1.11, non-functional in v1.16+'],
  ['scaleIO', 'deprecated in v1.16, non-functional in v1.22+'],
  ['storageos', 'deprecated in v1.22, non-functional in v1.25+'],
  ['glusterfs', 'deprecated in v1.25, non-functional in v1.26+'],
  ['rbd', 'deprecated in v1.28, non-functional in v1.31+'],
];
const classAdvice = `metadata.annotations[${betaStorageClassAnnotation}]: deprecated since v1.8; use "storageClassName" attribute instead`;
const mountOptionsAdvice = `metadata.annotations[${betaMountOptionsAnnotation}]: deprecated since v1.31; use "mountOptions" attribute instead`;
const recycleAdvice = 'The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning.';

/** As Kubernetes warns. */
function volumeDeprecations({ metadata, spec }: PersistentVolume): string[] {
  const { annotations } = metadata;
  const terms = spec.nodeAffinity?.required?.nodeSelectorTerms ?? [];
  return [
    ...(annotations?.[betaStorageClassAnnotation] === undefined ? [] : [classAdvice]),
    ...(annotations?.[betaMountOptionsAnnotation] === undefined ? [] : [mountOptionsAdvice]),
    ...(spec.persistentVolumeReclaimPolicy === 'Recycle' ? [`spec.persistentVolumeReclaimPolicy: ${recycleAdvice}`] : []),
    ...terms.flatMap((term, index) => nodeSelectorTermWarnings(term, false, `spec.nodeAffinity.required.nodeSelectorTerms[${index}]`)),
    ...deprecatedSources.flatMap(([key, message]) => (spec[key] ? [`spec.${key}: ${message}`] : [])),
  ];
}

export function volumeWarnings(volume: PersistentVolume): string[] {
  const { spec } = volume;
  const warnings = Object.keys(spec)
    .filter((key) => !actingVolumeFields.includes(key) && !(key === 'mountOptions' && (localDisk(volume) ?? spec.csi ?? spec.nfs)))
    .map((key) => idle(`spec.${key}`));
  return [...volumeDeprecations(volume), ...warnings];
}

export function claimWarnings({ metadata, spec }: PersistentVolumeClaim): string[] {
  const warnings: string[] = [];
  if (spec.resources?.limits) warnings.push(idle('spec.resources.limits'));
  const annotated = metadata.annotations?.[betaStorageClassAnnotation] === undefined ? [] : [classAdvice];
  return [...annotated, ...claimSpecWarnings(spec, 'spec'), ...warnings, ...populateWarnings(metadata.annotations)];
}

export function storageClassWarnings(storageClass: StorageClass): string[] {
  return (storageClass.allowedTopologies ?? []).flatMap(({ matchLabelExpressions }, at) =>
    (matchLabelExpressions ?? []).flatMap(({ key }, index) => {
      const message = deprecatedNodeLabel(key);
      return message ? [`allowedTopologies[${at}].matchLabelExpressions[${index}].key: ${message}`] : [];
    }),
  );
}

/** What no node does for a driver. */
export function idleDriverFields({ spec }: CSIDriver): string[] {
  const selinux = "Berth's nodes mount nothing with an SELinux context: drivers are given no such option, and volumes are not relabelled";
  const period = 'a node counts how many volumes its driver takes when the driver registers';
  return [
    ...(spec.seLinuxMount ? [idle('spec.seLinuxMount', selinux)] : []),
    ...(spec.nodeAllocatableUpdatePeriodSeconds ? [idle('spec.nodeAllocatableUpdatePeriodSeconds', period)] : []),
  ];
}

export function csiDriverWarnings({ spec }: CSIDriver, old?: CSIDriver): string[] {
  const isChanged = !old || !isEqual(spec.tokenRequests, old.spec.tokenRequests);
  if (!isChanged || !spec.tokenRequests?.length || spec.serviceAccountTokenInSecrets !== undefined) return [];
  const advice = 'if supported by this CSI driver, set to true to prevent possible logging of tokens in volume attributes';
  return [`spec.serviceAccountTokenInSecrets is unset; ${advice}`];
}

export function storageCapacityWarnings({ nodeTopology }: CSIStorageCapacity): string[] {
  return nodeSelectorWarnings(nodeTopology, 'nodeTopology');
}
