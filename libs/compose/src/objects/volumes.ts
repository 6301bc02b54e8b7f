// Volumes: a claim for each that has a name, which starts out with what the image holds there as Docker's do; folders and files of the
// node for bind mounts; memory for tmpfs.
import { type PersistentVolumeClaim, populateAnnotation, type Volume, type VolumeMount } from '@berth/api';
import { ComposeError } from '../compose-error.ts';
import { absolutePath } from '../compose-files.ts';
import type { Mount, Service, VolumeDefinition } from '../project/service.ts';
import type { Conversion } from './conversion.ts';
import { sizeQuantity } from './units.ts';

/** Of a claim whose volume states none: Docker's volumes have no size. */
const claimSizeDefault = '1Gi';
const shmPath = '/dev/shm';

const propagations: Record<string, VolumeMount['mountPropagation']> = {
  shared: 'Bidirectional',
  rshared: 'Bidirectional',
  slave: 'HostToContainer',
  rslave: 'HostToContainer',
  private: 'None',
  rprivate: 'None',
};

export interface MountedVolumes {
  volumes: Volume[];
  mounts: VolumeMount[];
  /** Whether a volume without a name starts out with the image's data. */
  populates: boolean;
  /** Whether it writes what another copy of the pod would write as well. */
  isShared: boolean;
}

/** Claims for the named volumes that services use. @throws ComposeError */
export function claims(conversion: Conversion): PersistentVolumeClaim[] {
  const { project } = conversion;
  const mounts = Object.values(project.services).flatMap(({ volumes = {} }) => Object.values(volumes));
  const used = new Set(mounts.flatMap(({ type, source }) => (type === 'volume' && source !== undefined ? [source] : [])));
  return [...used].flatMap((name): PersistentVolumeClaim[] => {
    const definition = project.volumes[name] ?? {};
    if (definition.external || (definition.driver_opts && localType(definition) !== undefined)) return [];
    const path = `volumes.${name}`;
    if (definition.driver !== undefined && definition.driver !== 'local')
      conversion.warn(`${path}.driver does not act: the default StorageClass of the cluster makes the volume`);
    const storage = definition.driver_opts?.size ? sizeQuantity(definition.driver_opts.size, `${path}.driver_opts.size`) : claimSizeDefault;
    const populates = mounts.some(({ source, noCopy }) => source === name && !noCopy);
    const metadata = conversion.metadata(conversion.volumes.of(definition.name ?? name));
    return [
      {
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        metadata: { ...metadata, ...(populates && { annotations: { [populateAnnotation]: 'image' } }) },
        spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage } } },
      },
    ];
  });
}

/** @throws ComposeError */
export function mountedVolumes(name: string, service: Service, conversion: Conversion): MountedVolumes {
  const result: MountedVolumes = { volumes: [], mounts: [], populates: false, isShared: false };
  const path = `services.${name}`;
  const isPrivileged = service.privileged === true;
  for (const mount of Object.values(service.volumes ?? {})) addMount(mount, result, conversion, path, isPrivileged);
  for (const text of service.tmpfs ?? []) {
    const [target = '', options = ''] = text.split(':');
    const size = /(?:^|,)size=([^,]+)/.exec(options)?.[1];
    if (!target.startsWith('/')) throw new ComposeError(`${path}.tmpfs: ${JSON.stringify(target)} is no absolute path in the container`);
    addMount({ type: 'tmpfs', target, ...(size && { size }) }, result, conversion, path, isPrivileged);
  }
  if (service.shm_size) addMount({ type: 'tmpfs', target: shmPath, size: service.shm_size }, result, conversion, path, isPrivileged);
  return result;
}

function addMount(mount: Mount, result: MountedVolumes, conversion: Conversion, path: string, isPrivileged: boolean): void {
  const { target, readOnly, subpath, propagation } = mount;
  const name = `volume-${result.mounts.length}`;
  const source = sourceOf(mount, conversion, path);
  const isBothWays = propagation !== undefined && propagations[propagation] === 'Bidirectional';
  if (isBothWays && !isPrivileged)
    conversion.warn(`${path}.volumes: mounts made at ${target} stay in the container: only privileged ones share them`);
  result.volumes.push({ name, ...source });
  result.mounts.push({
    name,
    mountPath: target,
    ...((readOnly || mount.type === 'image') && { readOnly: true }),
    ...(subpath && { subPath: subpath }),
    ...(propagation && { mountPropagation: isBothWays && !isPrivileged ? 'HostToContainer' : propagations[propagation] }),
  });
  if (source.emptyDir && source.emptyDir.medium === undefined && !mount.noCopy) result.populates = true;
  if (!readOnly && (source.persistentVolumeClaim || source.hostPath)) result.isShared = true;
}

function sourceOf(mount: Mount, conversion: Conversion, path: string): Omit<Volume, 'name'> {
  const { type, source, target, size } = mount;
  if (type === 'tmpfs')
    return { emptyDir: { medium: 'Memory', ...(size && { sizeLimit: sizeQuantity(size, `${path}: the size of ${target}`) }) } };
  if (type === 'image') return { image: { reference: source ?? '' } };
  if (type === 'bind') return hostPath(source ?? '', mount, conversion, path);
  // One without a name is new with each pod.
  if (source === undefined) return { emptyDir: {} };
  const definition = conversion.project.volumes[source];
  if (!definition) throw new ComposeError(`${path}.volumes: there is no ${source} under volumes; a path begins with ./ or /`);
  const { device = '', size: limit } = definition.driver_opts ?? {};
  const local = localType(definition);
  if (local === 'tmpfs')
    return { emptyDir: { medium: 'Memory', ...(limit && { sizeLimit: sizeQuantity(limit, `volumes.${source}.driver_opts.size`) }) } };
  if (local === 'bind') return hostPath(absolutePath(device ?? '', '/', undefined), mount, conversion, path);
  if (local !== undefined)
    throw new ComposeError(
      `volumes.${source}.driver_opts: file systems of type ${local} are not mounted: make a claim and name it with external: true`,
    );
  if (definition.external) return { persistentVolumeClaim: { claimName: definition.name ?? source } };
  return { persistentVolumeClaim: { claimName: conversion.volumes.of(definition.name ?? source) } };
}

/** What the options of Docker's own driver mount: undefined when they mount nothing. */
function localType({ driver_opts: options }: VolumeDefinition): string | undefined {
  if (!options?.type && !options?.device) return undefined;
  if (/(^|,)r?bind(,|$)/.test(options.o ?? '')) return 'bind';
  return options.type ?? 'none';
}

function hostPath(source: string, { createHostPath }: Mount, conversion: Conversion, path: string): Omit<Volume, 'name'> {
  const kind = conversion.files.kindOf(source);
  conversion.warn(`${path}.volumes: ${source} is ${kind === 'file' ? 'a file' : 'a folder'} of whichever node the pod runs on`);
  if (kind === 'file') return { hostPath: { path: source, type: '' } };
  return { hostPath: { path: source, type: createHostPath === false ? 'Directory' : 'DirectoryOrCreate' } };
}
