// Which files a configMap, secret, downwardAPI or projected volume holds. Pure; the atomic directory writes them.

import type { ConfigMap, DownwardAPIVolumeFile, KeyToPath, Pod, Secret, Volume } from '@berth/api';
import { everyContainer } from '@berth/api';
import { fieldValue, resourceValue } from '../pods/downward.ts';
import type { FileContent } from './atomic-directory.ts';
import { VolumeError, type VolumeSources } from './volume-manager.ts';

type Files = Map<string, FileContent>;

/**
 * The files of a volume, or undefined for a kind of volume that is not made of projections.
 * @param tokens of the volume's service account, by path
 * @throws VolumeError
 */
export function projectedFiles(volume: Volume, pod: Pod, sources: VolumeSources, tokens: Map<string, string>): Files | undefined {
  const files: Files = new Map();
  if (volume.configMap) {
    addConfigMap(files, volume.name, { ...volume.configMap, name: volume.configMap.name ?? '' }, volume.configMap.defaultMode, sources);
    return files;
  }
  if (volume.secret) {
    addSecret(files, volume.name, { ...volume.secret, name: volume.secret.secretName ?? '' }, volume.secret.defaultMode, sources);
    return files;
  }
  if (volume.downwardAPI) {
    addDownward(files, volume.downwardAPI.items ?? [], volume.downwardAPI.defaultMode, pod, sources);
    return files;
  }
  if (!volume.projected) return undefined;
  for (const source of volume.projected.sources ?? []) {
    const mode = volume.projected.defaultMode;
    if (source.configMap) addConfigMap(files, volume.name, { ...source.configMap, name: source.configMap.name ?? '' }, mode, sources);
    if (source.secret) addSecret(files, volume.name, { ...source.secret, name: source.secret.name ?? '' }, mode, sources);
    if (source.downwardAPI) addDownward(files, source.downwardAPI.items ?? [], mode, pod, sources);
    if (source.serviceAccountToken) addToken(files, source.serviceAccountToken.path ?? '', mode, pod, tokens);
  }
  return files;
}

/** Nobody but the pod's user or group may read a token, where the pod names one. */
function addToken(files: Files, path: string, mode = 0o644, pod: Pod, tokens: Map<string, string>): void {
  const userId = onlyUser(pod);
  const isOwned = userId !== undefined || pod.spec.securityContext?.fsGroup !== undefined;
  files.set(path, { data: Buffer.from(tokens.get(path) ?? ''), mode: isOwned ? 0o600 : mode, ...(userId !== undefined && { userId }) });
}

/** Whom every container of the pod runs as, when that is one user. */
function onlyUser({ spec }: Pod): number | undefined {
  const users = everyContainer(spec).map((container) => container.securityContext?.runAsUser ?? spec.securityContext?.runAsUser);
  return users.every((user) => user === users[0]) ? users[0] : undefined;
}

interface Selection {
  name: string;
  items?: KeyToPath[];
  optional?: boolean;
}

function addConfigMap(files: Files, volume: string, selection: Selection, mode: number | undefined, sources: VolumeSources): void {
  const map: ConfigMap | undefined = sources.configMap(selection.name);
  if (!map && !selection.optional) throw new VolumeError(volume, `configmap "${selection.name}" not found`);
  const data = new Map<string, Buffer>();
  for (const [key, value] of Object.entries(map?.data ?? {})) data.set(key, Buffer.from(value));
  for (const [key, value] of Object.entries(map?.binaryData ?? {})) data.set(key, Buffer.from(value, 'base64'));
  addSelected(files, volume, selection, data, mode);
}

function addSecret(files: Files, volume: string, selection: Selection, mode: number | undefined, sources: VolumeSources): void {
  const secret: Secret | undefined = sources.secret(selection.name);
  if (!secret && !selection.optional) throw new VolumeError(volume, `secret "${selection.name}" not found`);
  const data = new Map(Object.entries(secret?.data ?? {}).map(([key, value]) => [key, Buffer.from(value, 'base64')]));
  addSelected(files, volume, selection, data, mode);
}

function addSelected(files: Files, volume: string, selection: Selection, data: Map<string, Buffer>, mode = 0o644): void {
  const items = selection.items ?? [...data.keys()].map((key): KeyToPath => ({ key, path: key }));
  for (const item of items) {
    const content = data.get(item.key);
    if (!content && selection.optional) continue;
    if (!content) throw new VolumeError(volume, `references non-existent config key: ${item.key}`);
    files.set(item.path, { data: content, mode: item.mode ?? mode });
  }
}

function addDownward(files: Files, items: DownwardAPIVolumeFile[], mode = 0o644, pod: Pod, sources: VolumeSources): void {
  const [anyContainer] = pod.spec.containers;
  for (const item of items) {
    const text = item.fieldRef
      ? fieldValue(item.fieldRef.fieldPath, { pod, podIps: sources.podIps, hostIp: sources.hostIp })
      : item.resourceFieldRef && anyContainer
        ? resourceValue(item.resourceFieldRef, anyContainer, pod, sources.allocatable)
        : '';
    files.set(item.path, { data: Buffer.from(text), mode: item.mode ?? mode });
  }
}
