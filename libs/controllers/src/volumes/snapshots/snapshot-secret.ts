// The secret that a driver needs for a snapshot, as its class names it: said on the content, where the driver's sidecar looks for it when the
// class may be gone.
import type { VolumeSnapshot, VolumeSnapshotClass } from '@berth/api';
import { contentNameOf } from './snapshot-caches.ts';

const parameter = 'csi.storage.k8s.io/snapshotter-secret';
const annotation = 'snapshot.storage.kubernetes.io/deletion-secret';

export function secretAnnotations({ parameters = {} }: VolumeSnapshotClass, snapshot: VolumeSnapshot): Record<string, string> {
  const { name = '', namespace = '' } = snapshot.metadata;
  const values: Record<string, string> = {
    'volumesnapshotcontent.name': contentNameOf(snapshot),
    'volumesnapshot.namespace': namespace,
    'volumesnapshot.name': name,
  };
  const fill = (template: string) => template.replaceAll(/\$\{([a-z.]+)\}/g, (all, key: string) => values[key] ?? all);
  const [secretName, secretNamespace] = [parameters[`${parameter}-name`], parameters[`${parameter}-namespace`]];
  if (!secretName || !secretNamespace) return {};
  return { [`${annotation}-name`]: fill(secretName), [`${annotation}-namespace`]: fill(secretNamespace) };
}
