// Volumes of a pod: one source each, with paths that stay inside the volume.
import type { DownwardAPIVolumeFile, KeyToPath, ProjectedVolumeSource, Volume, VolumeProjection } from '../generated/core-v1.types.ts';
import { each, type FieldError, forbidden, invalid, invalidAll, optionalOneOf, required } from './errors.ts';
import { objectFieldSelector, resourceFieldSelector, volumeFieldPaths } from './field-path.ts';
import { uniqueNames } from './metadata.ts';
import { dnsLabel } from './names.ts';
import { quantity } from './resources.ts';
import { descendingPath } from './security-context.ts';

const hostPathTypes = ['', 'BlockDevice', 'CharDevice', 'Directory', 'DirectoryOrCreate', 'File', 'FileOrCreate', 'Socket'];
const projectionSources = ['secret', 'configMap', 'downwardAPI', 'serviceAccountToken', 'clusterTrustBundle', 'podCertificate'] as const;

export function volumes(list: Volume[] | undefined, field: string): FieldError[] {
  return [
    ...each(list, field, (volume, path) => [...name(volume.name, `${path}.name`), ...source(volume, path)]),
    ...uniqueNames(list ?? [], (index) => `${field}[${index}]`),
  ];
}

function name(text: string | undefined, field: string): FieldError[] {
  return text ? invalidAll(field, text, dnsLabel(text)) : [required(field)];
}

function source(volume: Volume, field: string): FieldError[] {
  const kinds = Object.entries(volume).filter(([key, value]) => key !== 'name' && value !== undefined && value !== null);
  const errors = kinds.slice(1).map(([key]) => forbidden(`${field}.${key}`, 'may not specify more than 1 volume type'));
  if (kinds.length === 0) errors.push(required(field, 'must specify a volume type'));
  const { emptyDir, hostPath, secret, configMap, persistentVolumeClaim, downwardAPI, projected } = volume;
  if (emptyDir?.sizeLimit !== undefined && quantity(emptyDir.sizeLimit, '').length > 0) {
    errors.push(forbidden(`${field}.emptyDir.sizeLimit`, 'SizeLimit field must be a valid resource quantity'));
  }
  if (hostPath) errors.push(...hostPathSource(hostPath, `${field}.hostPath`));
  if (secret) {
    if (!secret.secretName) errors.push(required(`${field}.secret.secretName`));
    errors.push(...mode(secret.defaultMode, `${field}.secret.defaultMode`), ...keysToPaths(secret.items, `${field}.secret.items`));
  }
  if (configMap) {
    if (!configMap.name) errors.push(required(`${field}.configMap.name`));
    errors.push(
      ...mode(configMap.defaultMode, `${field}.configMap.defaultMode`),
      ...keysToPaths(configMap.items, `${field}.configMap.items`),
    );
  }
  if (persistentVolumeClaim && !persistentVolumeClaim.claimName) errors.push(required(`${field}.persistentVolumeClaim.claimName`));
  if (downwardAPI) {
    errors.push(...mode(downwardAPI.defaultMode, `${field}.downwardAPI.defaultMode`));
    errors.push(...each(downwardAPI.items, `${field}.downwardAPI`, (file) => downwardFile(file, `${field}.downwardAPI`)));
  }
  if (projected) errors.push(...projectedSource(projected, `${field}.projected`));
  return errors;
}

export function hostPathSource(hostPath: { path: string; type?: string }, field: string): FieldError[] {
  if (!hostPath.path) return [required(`${field}.path`)];
  const errors = hostPath.path.split('/').includes('..') ? [invalid(`${field}.path`, hostPath.path, "must not contain '..'")] : [];
  return [...errors, ...optionalOneOf(`${field}.type`, hostPath.type, hostPathTypes)];
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
