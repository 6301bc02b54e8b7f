// Where a container sees volumes: as files below a path, or as a block device, each path and each volume once.
import type { Container, PodSpec, VolumeMount } from '../generated/core-v1.types.ts';
import { each, type FieldError, forbidden, invalid, notFound, notSupported, optionalOneOfGiven, required } from './errors.ts';
import { descendingPath, withoutBacksteps } from './security-context.ts';

const readOnlyModes = ['Disabled', 'Enabled', 'IfPossible'];

/** Some of what is wrong with one is said of the list, as Kubernetes does. */
export function volumeMounts(container: Container, spec: PodSpec, field: string): FieldError[] {
  const known = new Set((spec.volumes ?? []).map(({ name }) => name));
  const devices = container.volumeDevices ?? [];
  const [deviceNames, devicePaths] = [new Set(devices.map(({ name }) => name)), new Set(devices.map(({ devicePath }) => devicePath))];
  const paths = new Set<string>();
  return each(container.volumeMounts, field, (mount, at) => {
    const { name = '', mountPath = '', subPath, subPathExpr } = mount;
    const errors: FieldError[] = name ? [] : [required(`${at}.name`)];
    if (!known.has(name)) errors.push(notFound(`${at}.name`, name));
    if (!mountPath) errors.push(required(`${at}.mountPath`));
    if (paths.has(mountPath)) errors.push(invalid(`${at}.mountPath`, mountPath, 'must be unique'));
    paths.add(mountPath);
    if (deviceNames.has(name)) errors.push(invalid(`${at}.name`, name, 'must not already exist in volumeDevices'));
    if (devicePaths.has(mountPath)) {
      errors.push(invalid(`${at}.mountPath`, mountPath, 'must not already exist as a path in volumeDevices'));
    }
    if (subPath) errors.push(...descendingPath(subPath, `${field}.subPath`));
    if (subPathExpr) {
      if (subPath) errors.push(invalid(`${at}.subPathExpr`, subPathExpr, 'subPathExpr and subPath are mutually exclusive'));
      errors.push(...descendingPath(subPathExpr, `${field}.subPathExpr`));
    }
    return [...errors, ...propagation(mount, container, `${field}.mountPropagation`), ...recursive(mount, `${field}.recursiveReadOnly`)];
  });
}

function propagation({ mountPropagation: mode }: VolumeMount, container: Container, field: string): FieldError[] {
  const errors = optionalOneOfGiven(field, mode, ['Bidirectional', 'HostToContainer', 'None']);
  if (mode === 'Bidirectional' && !container.securityContext?.privileged) {
    errors.push(forbidden(field, 'Bidirectional mount propagation is available only to privileged containers'));
  }
  return errors;
}

function recursive({ recursiveReadOnly: mode, readOnly, mountPropagation }: VolumeMount, field: string): FieldError[] {
  if (mode === undefined || mode === 'Disabled') return [];
  if (!readOnlyModes.includes(mode)) return [notSupported(field, mode, readOnlyModes)];
  const errors = readOnly ? [] : [forbidden(field, 'may only be specified when readOnly is true')];
  if (mountPropagation !== undefined && mountPropagation !== 'None')
    errors.push(forbidden(field, 'may only be specified when mountPropagation is None or not specified'));
  return errors;
}

export function volumeDevices(container: Container, spec: PodSpec, field: string): FieldError[] {
  const volumes = new Map((spec.volumes ?? []).map((volume) => [volume.name, volume]));
  const mounts = container.volumeMounts ?? [];
  const [mountNames, mountPaths] = [new Set(mounts.map(({ name }) => name)), new Set(mounts.map(({ mountPath }) => mountPath))];
  const [names, paths] = [new Set<string>(), new Set<string>()];
  return each(container.volumeDevices, field, ({ name = '', devicePath = '' }, at) => {
    const volume = volumes.get(name);
    const errors: FieldError[] = name ? [] : [required(`${at}.name`)];
    if (names.has(name)) errors.push(invalid(`${at}.name`, name, 'must be unique'));
    if (!volume) errors.push(notFound(`${at}.name`, name));
    else if (!volume.persistentVolumeClaim && !volume.ephemeral) {
      errors.push(invalid(`${at}.name`, name, 'can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode'));
    }
    if (!devicePath) errors.push(required(`${at}.devicePath`));
    if (paths.has(devicePath)) errors.push(invalid(`${at}.devicePath`, devicePath, 'must be unique'));
    if (withoutBacksteps(devicePath, at).length > 0)
      errors.push(invalid(`${at}.devicePath`, devicePath, "can not contain backsteps ('..')"));
    else paths.add(devicePath);
    if (mountNames.has(name)) errors.push(invalid(`${at}.name`, name, 'must not already exist in volumeMounts'));
    if (mountPaths.has(devicePath)) {
      errors.push(invalid(`${at}.devicePath`, devicePath, 'must not already exist as a path in volumeMounts'));
    }
    if (name) names.add(name);
    return errors;
  });
}
