// Volumes of a pod: one source each, with paths that stay inside the volume.
import type { DownwardAPIVolumeFile, KeyToPath, ProjectedVolumeSource, Volume, VolumeProjection } from '../generated/core-v1.types.ts';
import { duplicate, each, type FieldError, forbidden, invalid, invalidAll, oneOf, required } from './errors.ts';
import { objectFieldSelector, resourceFieldSelector, volumeFieldPaths } from './field-path.ts';
import { dnsLabel } from './names.ts';
import { quantity } from './resources.ts';
import { descendingPath } from './security-context.ts';
import { iscsiVolumeName, sharedSource } from './volume-sources.ts';

const projectionSources = ['secret', 'configMap', 'downwardAPI', 'serviceAccountToken', 'clusterTrustBundle', 'podCertificate'] as const;

/** @returns with the volumes that can be mounted: of one with whose source or name something is wrong, containers know nothing */
export function volumes(list: Volume[] | undefined, field: string): { errors: FieldError[]; usable: Volume[] } {
  const usable: Volume[] = [];
  const names = new Set<string>();
  const errors = each(list, field, (volume, path) => {
    const own = [...name(volume.name, `${path}.name`), ...source(volume, path)];
    if (names.has(volume.name)) own.push(duplicate(`${path}.name`, volume.name));
    if (own.length > 0) return own;
    names.add(volume.name);
    usable.push(volume);
    return [];
  });
  return { errors, usable };
}

function name(text: string | undefined, field: string): FieldError[] {
  return text ? invalidAll(field, text, dnsLabel(text)) : [required(field)];
}

/** In the order in which Kubernetes looks at them: into the first only, of the others it says that they are too many. */
const sources = [
  ...['hostPath', 'gitRepo', 'gcePersistentDisk', 'awsElasticBlockStore', 'secret', 'nfs', 'iscsi', 'glusterfs', 'flocker'],
  ...['persistentVolumeClaim', 'rbd', 'cinder', 'cephfs', 'quobyte', 'downwardAPI', 'fc', 'flexVolume', 'configMap', 'azureFile'],
  ...['vsphereVolume', 'photonPersistentDisk', 'portworxVolume', 'azureDisk', 'storageos', 'projected', 'scaleIO', 'csi', 'ephemeral'],
  'image',
] as (keyof Volume)[];
/** Names that Kubernetes gives them when they are too many. */
const surplusNames: { [key in keyof Volume]?: string } = { cephfs: 'cephFS', downwardAPI: 'downwarAPI' };

function source(volume: Volume, field: string): FieldError[] {
  const given = sources.filter((key) => volume[key] !== undefined && volume[key] !== null);
  const { emptyDir } = volume;
  if (given.length === 0 && !emptyDir) return [required(field, 'must specify a volume type')];
  const isTooLarge = emptyDir?.sizeLimit !== undefined && quantity(emptyDir.sizeLimit, '').length > 0;
  const errors = isTooLarge ? [forbidden(`${field}.emptyDir.sizeLimit`, 'SizeLimit field must be a valid resource quantity')] : [];
  const [first, ...more] = emptyDir ? [undefined, ...given] : given;
  if (first) errors.push(...sourceOf(first, volume, field));
  const surplus = more.filter((key) => key !== undefined);
  return [
    ...errors,
    ...iscsiVolumeName(volume.iscsi, field, volume.name),
    ...surplus.map((key) => forbidden(`${field}.${surplusNames[key] ?? key}`, 'may not specify more than 1 volume type')),
  ];
}

function sourceOf(kind: keyof Volume, volume: Volume, field: string): FieldError[] {
  const { secret, configMap, persistentVolumeClaim, downwardAPI, projected, gitRepo, image } = volume;
  const path = `${field}.${kind}`;
  if (kind === 'secret' && secret) {
    const errors = secret.secretName ? [] : [required(`${path}.secretName`)];
    return [...errors, ...mode(secret.defaultMode, `${path}.defaultMode`), ...keysToPaths(secret.items, `${path}.items`)];
  }
  if (kind === 'configMap' && configMap) {
    const errors = configMap.name ? [] : [required(`${path}.name`)];
    return [...errors, ...mode(configMap.defaultMode, `${path}.defaultMode`), ...keysToPaths(configMap.items, `${path}.items`)];
  }
  if (kind === 'persistentVolumeClaim' && persistentVolumeClaim)
    return persistentVolumeClaim.claimName ? [] : [required(`${path}.claimName`)];
  if (kind === 'downwardAPI' && downwardAPI) {
    return [...mode(downwardAPI.defaultMode, `${path}.defaultMode`), ...each(downwardAPI.items, path, (file) => downwardFile(file, path))];
  }
  if (kind === 'gitRepo' && gitRepo) {
    const errors = gitRepo.repository ? [] : [required(`${path}.repository`)];
    return [...errors, ...descendingPath(gitRepo.directory ?? '', `${path}.directory`)];
  }
  if (kind === 'image' && image) {
    // Templates may leave it out, for those who fill it in.
    const errors = image.reference || !field.startsWith('spec.volumes[') ? [] : [required(`${path}.reference`)];
    return [...errors, ...oneOf(`${path}.pullPolicy`, image.pullPolicy, ['Always', 'IfNotPresent', 'Never'])];
  }
  if (kind === 'projected' && projected) return projectedSource(projected, path);
  return sharedSource(kind, volume, field);
}

function mode(bits: number | undefined, field: string): FieldError[] {
  if (bits === undefined || (bits >= 0 && bits <= 0o777)) return [];
  return [invalid(field, bits, 'must be a number between 0 and 0777 (octal), both inclusive')];
}

function keysToPaths(items: KeyToPath[] | undefined, field: string): FieldError[] {
  return each(items, field, (item, path) => [
    ...(item.key ? [] : [required(`${path}.key`)]),
    ...(item.path ? fileInVolume(item.path, `${path}.path`) : [required(`${path}.path`)]),
    ...mode(item.mode, `${path}.mode`),
  ]);
}

/** Volumes keep their own bookkeeping in names that start with two dots. */
function fileInVolume(path: string, field: string): FieldError[] {
  const errors = descendingPath(path, field);
  if (path.startsWith('..') && !path.startsWith('../')) errors.push(invalid(field, path, "must not start with '..'"));
  return errors;
}

function downwardFile(file: DownwardAPIVolumeFile, field: string): FieldError[] {
  const errors = file.path ? fileInVolume(file.path, `${field}.path`) : [required(`${field}.path`)];
  if (file.fieldRef) {
    errors.push(...objectFieldSelector(file.fieldRef, volumeFieldPaths, `${field}.fieldRef`));
    if (file.resourceFieldRef) errors.push(invalid(field, 'resource', 'fieldRef and resourceFieldRef can not be specified simultaneously'));
  } else if (file.resourceFieldRef) {
    errors.push(...resourceFieldSelector(file.resourceFieldRef, true, `${field}.resourceFieldRef`));
  } else {
    errors.push(required(field, 'one of fieldRef and resourceFieldRef is required'));
  }
  return [...errors, ...mode(file.mode, `${field}.mode`)];
}

function projectedSource(projected: ProjectedVolumeSource, field: string): FieldError[] {
  const paths = new Set<string>();
  const conflicts: FieldError[] = [];
  const errors = each(projected.sources, `${field}.sources`, (projection, path) => {
    for (const file of pathsOf(projection)) {
      if (paths.has(file)) conflicts.push(invalid(path, file, 'conflicting duplicate paths'));
      paths.add(file);
    }
    return projectionErrors(projection, path);
  });
  return [...mode(projected.defaultMode, `${field}.defaultMode`), ...errors, ...conflicts];
}

function pathsOf(projection: VolumeProjection): string[] {
  const items = [...(projection.secret?.items ?? []), ...(projection.configMap?.items ?? []), ...(projection.downwardAPI?.items ?? [])];
  const paths = items.map((item) => item.path).filter(Boolean);
  if (projection.serviceAccountToken?.path) paths.push(projection.serviceAccountToken.path);
  return paths;
}

function projectionErrors(projection: VolumeProjection, path: string): FieldError[] {
  const present = projectionSources.filter((kind) => projection[kind]);
  const errors = present.slice(1).map((kind) => forbidden(`${path}.${kind}`, 'may not specify more than 1 volume type per source'));
  if (present.length === 0) errors.push(required(path, 'must specify one source'));
  const { secret, configMap, downwardAPI, serviceAccountToken: token } = projection;
  if (secret && !secret.name) errors.push(required(`${path}.secret.name`));
  if (configMap && !configMap.name) errors.push(required(`${path}.configMap.name`));
  errors.push(...keysToPaths(secret?.items, `${path}.secret.items`), ...keysToPaths(configMap?.items, `${path}.configMap.items`));
  errors.push(...each(downwardAPI?.items, `${path}.downwardAPI`, (file) => downwardFile(file, `${path}.downwardAPI`)));
  if (token) {
    const seconds = token.expirationSeconds;
    if (seconds !== undefined && seconds < 600) {
      errors.push(invalid(`${path}.serviceAccountToken.expirationSeconds`, seconds, 'may not specify a duration less than 10 minutes'));
    }
    errors.push(
      ...(token.path ? fileInVolume(token.path, `${path}.serviceAccountToken.path`) : [required(`${path}.serviceAccountToken.path`)]),
    );
  }
  return errors;
}
