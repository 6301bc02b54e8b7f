// Volumes of the class `local`: a directory on one node. The object is made here; the node's agent makes the directory when
// a pod first uses it, and removes it when the volume was released and is being deleted.
import type { Node, PersistentVolume, PersistentVolumeClaim, StorageClass } from '@berth/api';
import { localVolumeFinalizer, provisionedBy, volumeProtection } from './matching.ts';

export const localProvisioner = 'berth.io/local';
const volumesDirectoryAnnotation = 'berth.io/volumes-directory';
const hostnameLabel = 'kubernetes.io/hostname';

/** Why no volume can be made on the node; undefined when one can. */
export function provisioningProblem(claim: PersistentVolumeClaim, nodeName: string, node: Node | undefined): string | undefined {
  if (!node) return `node "${nodeName}" does not exist`;
  if (!node.metadata.annotations?.[volumesDirectoryAnnotation]) {
    return `node "${nodeName}" does not say where its volumes are: it has no annotation ${volumesDirectoryAnnotation}`;
  }
  if (claim.spec.volumeMode === 'Block') return `${localProvisioner} has no block devices: use volumeMode Filesystem`;
  if (claim.spec.selector) return 'claim.Spec.Selector is not supported';
  return undefined;
}

export function localVolume(claim: PersistentVolumeClaim, storageClass: StorageClass, node: Node): PersistentVolume {
  const { name, namespace, uid, resourceVersion } = claim.metadata;
  const volumeName = `pvc-${uid}`;
  const hostname = node.metadata.labels?.[hostnameLabel] ?? node.metadata.name;
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: {
      name: volumeName,
      annotations: { [provisionedBy]: localProvisioner },
      finalizers: [volumeProtection, localVolumeFinalizer],
    },
    spec: {
      capacity: { storage: claim.spec.resources?.requests?.storage ?? '0' },
      accessModes: claim.spec.accessModes ?? [],
      volumeMode: 'Filesystem',
      storageClassName: storageClass.metadata.name,
      persistentVolumeReclaimPolicy: storageClass.reclaimPolicy ?? 'Delete',
      ...(storageClass.mountOptions && { mountOptions: storageClass.mountOptions }),
      claimRef: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name, uid, resourceVersion },
      local: { path: `${node.metadata.annotations?.[volumesDirectoryAnnotation]}/${volumeName}_${namespace}_${name}` },
      nodeAffinity: {
        required: { nodeSelectorTerms: [{ matchExpressions: [{ key: hostnameLabel, operator: 'In', values: [hostname] }] }] },
      },
    },
  };
}

/** A class that does not wait for a pod gets the node with the fewest volumes. */
export function nodeForImmediate(nodes: Node[], volumes: PersistentVolume[]): Node | undefined {
  const used = new Map<string, number>();
  for (const { spec } of volumes) {
    const hostname = spec.nodeAffinity?.required?.nodeSelectorTerms?.[0]?.matchExpressions?.[0]?.values?.[0] ?? '';
    used.set(hostname, (used.get(hostname) ?? 0) + 1);
  }
  const count = ({ metadata }: Node) => used.get(metadata.labels?.[hostnameLabel] ?? metadata.name) ?? 0;
  return nodes
    .filter(({ metadata, spec }) => metadata.annotations?.[volumesDirectoryAnnotation] && !spec.unschedulable)
    .sort((a, b) => count(a) - count(b) || (a.metadata.name < b.metadata.name ? -1 : 1))[0];
}

/** The node that has to clean up after the volume. */
export function hostnameOf({ spec }: PersistentVolume): string | undefined {
  const expressions = spec.nodeAffinity?.required?.nodeSelectorTerms?.[0]?.matchExpressions ?? [];
  return expressions.find(({ key }) => key === hostnameLabel)?.values?.[0];
}
