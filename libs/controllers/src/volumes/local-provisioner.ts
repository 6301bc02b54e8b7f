// Volumes of the class `local`: a file system of its own on one node, or a directory where the node's agent cannot make one. The object
// is made here; the agent makes the file when it is wanted, and removes it when the volume was released and is being deleted.
import {
  type CSIStorageCapacity,
  type DiskContent,
  type DiskFileSystem,
  diskBytes,
  diskFileSystems,
  diskSourceAnnotation,
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
import type { ClaimSource } from './claim-source.ts';
import { volumeProtection } from './matching.ts';

export { hostnameOf } from './volume-hostname.ts';

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
  source?: ClaimSource,
): string | undefined {
  if (!node) return `node "${nodeName}" does not exist`;
  if (!node.metadata.annotations?.[volumesDirectoryAnnotation]) {
    return `node "${nodeName}" does not say where its volumes are: it has no annotation ${volumesDirectoryAnnotation}`;
  }
  const isBlock = claim.spec.volumeMode === 'Block';
  if ((source || isBlock) && fileSystemsOf(node).length === 0)
    return `node "${nodeName}" makes no volumes with a file of their own, which ${isBlock ? 'block volumes' : 'copies'} are`;
  if (claim.spec.selector) return 'claim.Spec.Selector is not supported';
  if (claim.spec.volumeAttributesClassName)
    return `${localProvisioner} makes no volumes with attributes, as spec.volumeAttributesClassName asks`;
  const problem = classProblem(storageClass);
  if (problem) return problem;
  if (isBlock) return undefined;
  const asked = askedFileSystem(storageClass);
  if (source && asked && asked !== source.content)
    return `the class asks for the file system ${asked}, and what the volume begins with is ${source.content}`;
  return fileSystemProblem(source?.content ?? asked ?? 'ext4', node);
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

function askedFileSystem({ parameters = {} }: StorageClass): string | undefined {
  const given = Object.entries(parameters).find(([name]) => fileSystemParameters.includes(name.toLowerCase()));
  return given?.[1] || undefined;
}

/** Of a claim and a class without problems. */
export function localVolume(claim: PersistentVolumeClaim, storageClass: StorageClass, node: Node, source?: ClaimSource): PersistentVolume {
  const { name, namespace, uid, resourceVersion } = claim.metadata;
  const volumeName = `pvc-${uid}`;
  const hostname = hostnameOfNode(node);
  const fileName = `${volumeName}_${namespace}_${name}`.slice(0, nameBytesMax);
  const path = `${node.metadata.annotations?.[volumesDirectoryAnnotation]}/${fileName}`;
  const isDisk = fileSystemsOf(node).length > 0;
  const isBlock = claim.spec.volumeMode === 'Block';
  const fileSystem = isBlock ? 'raw' : (source?.content ?? ((askedFileSystem(storageClass) ?? 'ext4') as DiskFileSystem));
  const asked = claim.spec.resources?.requests?.storage ?? '0';
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: {
      name: volumeName,
      annotations: {
        [provisionedByAnnotation]: localProvisioner,
        ...(isDisk && { [diskStateAnnotation]: 'wanted' }),
        ...(source && { [diskSourceAnnotation]: source.annotation }),
      },
      finalizers: [volumeProtection, localVolumeFinalizer],
    },
    spec: {
      capacity: { storage: isDisk ? capacityOf(asked, fileSystem) : asked },
      accessModes: claim.spec.accessModes ?? [],
      volumeMode: isBlock ? 'Block' : 'Filesystem',
      storageClassName: storageClass.metadata.name,
      persistentVolumeReclaimPolicy: storageClass.reclaimPolicy ?? 'Delete',
      ...(storageClass.mountOptions && { mountOptions: storageClass.mountOptions }),
      claimRef: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name, uid, resourceVersion },
      local: isDisk ? { path: `${path}.img`, ...(!isBlock && { fsType: fileSystem }) } : { path },
      nodeAffinity: {
        required: { nodeSelectorTerms: [{ matchExpressions: [{ key: hostnameLabel, operator: 'In', values: [hostname] }] }] },
      },
    },
  };
}

/** What the claim says where that is what it gets. */
export function capacityOf(asked: string, fileSystem: DiskContent): string {
  const quantity = parseQuantity(asked);
  const bytes = diskBytes(quantity.value(), fileSystem);
  return bytes === quantity.value() ? asked : new Quantity(BigInt(bytes) * 1_000_000_000n, 'BinarySI').toString();
}

/** As far as is known. */
export function hasRoom(claim: PersistentVolumeClaim, node: Node, capacities: CSIStorageCapacity[]): boolean {
  const hostname = hostnameOfNode(node);
  const own = capacities.find(({ nodeTopology }) => nodeTopology?.matchLabels?.[hostnameLabel] === hostname);
  const asked = parseQuantity(claim.spec.resources?.requests?.storage ?? '0');
  return own?.capacity === undefined || parseQuantity(own.capacity).compare(asked) >= 0;
}

/** A class that does not wait for a pod gets the node with the fewest volumes. @param isOnlyChoice also one where no pods are put any more */
export function nodeForImmediate(nodes: Node[], volumes: PersistentVolume[], isOnlyChoice = false): Node | undefined {
  const used = new Map<string, number>();
  for (const { spec } of volumes) {
    const hostname = spec.nodeAffinity?.required?.nodeSelectorTerms?.[0]?.matchExpressions?.[0]?.values?.[0] ?? '';
    used.set(hostname, (used.get(hostname) ?? 0) + 1);
  }
  const count = (node: Node) => used.get(hostnameOfNode(node)) ?? 0;
  return nodes
    .filter(({ metadata, spec }) => metadata.annotations?.[volumesDirectoryAnnotation] && (isOnlyChoice || !spec.unschedulable))
    .sort((a, b) => count(a) - count(b) || (a.metadata.name < b.metadata.name ? -1 : 1))[0];
}

export function hostnameOfNode({ metadata }: Node): string {
  return metadata.labels?.[hostnameLabel] ?? metadata.name;
}
