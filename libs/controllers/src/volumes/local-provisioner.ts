// Volumes of the class `local`: a file system of its own on one node, or a directory where the node's agent cannot make one. The object
// is made here; the agent makes the file when it is wanted, and removes it when the volume was released and is being deleted.
import {
  type CSIStorageCapacity,
  type DiskFileSystem,
  diskBytes,
  diskFileSystems,
  diskStateAnnotation,
  localProvisioner,
  localVolumeFinalizer,
  mountOptionProblem,
  type Node,
  type PersistentVolume,
  type PersistentVolumeClaim,
  provisionedByAnnotation,
  type StorageClass,
  volumeFileSystemsAnnotation,
} from '@berth/api';
import { parseQuantity, Quantity } from '@berth/machinery';
import { volumeProtection } from './matching.ts';

const volumesDirectoryAnnotation = 'berth.io/volumes-directory';
const hostnameLabel = 'kubernetes.io/hostname';
/** Of a StorageClass, in the words of Kubernetes' own volumes and of its drivers. */
const fileSystemParameters = ['csi.storage.k8s.io/fstype', 'fstype'];
/** What a file system takes as a name, less what the agent adds. */
const nameBytesMax = 240;

/** Why no volume can be made on the node; undefined when one can. */
export function provisioningProblem(
  claim: PersistentVolumeClaim,
  storageClass: StorageClass,
  nodeName: string,
  node: Node | undefined,
): string | undefined {
  if (!node) return `node "${nodeName}" does not exist`;
  if (!node.metadata.annotations?.[volumesDirectoryAnnotation]) {
    return `node "${nodeName}" does not say where its volumes are: it has no annotation ${volumesDirectoryAnnotation}`;
  }
  if (claim.spec.volumeMode === 'Block') return `${localProvisioner} has no block devices: use volumeMode Filesystem`;
  if (claim.spec.selector) return 'claim.Spec.Selector is not supported';
  return classProblem(storageClass) ?? fileSystemProblem(fileSystemOf(storageClass), node);
}

function classProblem({ parameters = {}, mountOptions = [] }: StorageClass): string | undefined {
  const unknown = Object.keys(parameters).find((name) => !fileSystemParameters.includes(name.toLowerCase()));
  if (unknown !== undefined)
    return `${localProvisioner} knows no parameter ${JSON.stringify(unknown)}: it takes ${fileSystemParameters[0]}`;
  return mountOptionProblem(mountOptions);
}

function fileSystemProblem(name: string, node: Node): string | undefined {
  const known: readonly string[] = diskFileSystems;
  if (!known.includes(name)) return `file system ${JSON.stringify(name)} is not supported: use ${known.join(' or ')}`;
  const offered = fileSystemsOf(node);
  if (offered.length === 0 || offered.includes(name)) return undefined;
  const tools = name === 'xfs' ? 'xfsprogs' : 'e2fsprogs';
  return `node "${node.metadata.name}" cannot make ${name}: install the Debian package ${tools} there and start its agent again`;
}

function fileSystemsOf({ metadata }: Node): string[] {
  return (metadata.annotations?.[volumeFileSystemsAnnotation] ?? '').split(',').filter((name) => name !== '');
}

function fileSystemOf({ parameters = {} }: StorageClass): string {
  const given = Object.entries(parameters).find(([name]) => fileSystemParameters.includes(name.toLowerCase()));
  return given?.[1] || 'ext4';
}

/** Of a claim and a class without problems. */
export function localVolume(claim: PersistentVolumeClaim, storageClass: StorageClass, node: Node): PersistentVolume {
  const { name, namespace, uid, resourceVersion } = claim.metadata;
  const volumeName = `pvc-${uid}`;
  const hostname = node.metadata.labels?.[hostnameLabel] ?? node.metadata.name;
  const fileName = `${volumeName}_${namespace}_${name}`.slice(0, nameBytesMax);
  const path = `${node.metadata.annotations?.[volumesDirectoryAnnotation]}/${fileName}`;
  const isDisk = fileSystemsOf(node).length > 0;
  const fileSystem = fileSystemOf(storageClass) as DiskFileSystem;
  const asked = claim.spec.resources?.requests?.storage ?? '0';
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: {
      name: volumeName,
      annotations: { [provisionedByAnnotation]: localProvisioner, ...(isDisk && { [diskStateAnnotation]: 'wanted' }) },
      finalizers: [volumeProtection, localVolumeFinalizer],
    },
    spec: {
      capacity: { storage: isDisk ? capacityOf(asked, fileSystem) : asked },
      accessModes: claim.spec.accessModes ?? [],
      volumeMode: 'Filesystem',
      storageClassName: storageClass.metadata.name,
      persistentVolumeReclaimPolicy: storageClass.reclaimPolicy ?? 'Delete',
      ...(storageClass.mountOptions && { mountOptions: storageClass.mountOptions }),
      claimRef: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name, uid, resourceVersion },
      local: isDisk ? { path: `${path}.img`, fsType: fileSystem } : { path },
      nodeAffinity: {
        required: { nodeSelectorTerms: [{ matchExpressions: [{ key: hostnameLabel, operator: 'In', values: [hostname] }] }] },
      },
    },
  };
}

/** What the claim says where that is what it gets. */
export function capacityOf(asked: string, fileSystem: DiskFileSystem): string {
  const quantity = parseQuantity(asked);
  const bytes = diskBytes(quantity.value(), fileSystem);
  return bytes === quantity.value() ? asked : new Quantity(BigInt(bytes) * 1_000_000_000n, 'BinarySI').toString();
}

/** As far as is known. */
export function hasRoom(claim: PersistentVolumeClaim, { metadata }: Node, capacities: CSIStorageCapacity[]): boolean {
  const hostname = metadata.labels?.[hostnameLabel] ?? metadata.name;
  const own = capacities.find(({ nodeTopology }) => nodeTopology?.matchLabels?.[hostnameLabel] === hostname);
  const asked = parseQuantity(claim.spec.resources?.requests?.storage ?? '0');
  return own?.capacity === undefined || parseQuantity(own.capacity).compare(asked) >= 0;
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
