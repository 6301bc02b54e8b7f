// Says how much storage each node still offers to classes of local volumes: what its agent says there is for volumes in all, less the
// volumes that there are. So what is promised is counted from the moment a volume's object exists, whatever its agent has measured since.
import {
  CSIStorageCapacity,
  localDisk,
  localProvisioner,
  Node,
  PersistentVolume,
  StorageClass,
  volumesCapacityAnnotation,
} from '@berth/api';
import { type Action, type Caches, type Controller, erased, watches } from '@berth/controller';
import { equalButForEmpty, parseQuantity, Quantity } from '@berth/machinery';
import { hostnameOf } from './local-provisioner.ts';

const namespace = 'kube-system';
/** Of the objects made here: the node that each is about. */
const nodeLabel = 'berth.io/node';
const hostnameLabel = 'kubernetes.io/hostname';
const [nodeIndex, hostIndex, diskIndex] = ['node', 'host', 'disks of a host'];
/** Of the parts of a name. */
const [classCharactersMax, nodeCharactersMax] = [120, 130];

export interface ObservedCapacity {
  node: Node;
  /** Of local volumes. */
  classes: StorageClass[];
  /** On the node. */
  volumes: PersistentVolume[];
  /** What is said of the node now. */
  known: CSIStorageCapacity[];
}

export const storageCapacityController: Controller<ObservedCapacity> = {
  name: 'storage-capacity',
  owns: ['CSIStorageCapacity.capacity'],
  writes: ['csistoragecapacities.storage.k8s.io'],
  watches: [
    watches(Node, ({ metadata }, _caches, old) => {
      const same = old && capacityText(old) === metadata.annotations?.[volumesCapacityAnnotation] && old.metadata.uid === metadata.uid;
      return same ? [] : [metadata.name];
    }),
    watches(StorageClass, ({ provisioner }, caches) => (provisioner === localProvisioner ? nodeNames(caches.of(Node).list()) : [])),
    watches(PersistentVolume, (volume, caches) => {
      const hostname = localDisk(volume) && hostnameOf(volume);
      return hostname === undefined ? [] : nodeNames(caches.of(Node).byIndex(hostIndex, hostname));
    }),
    watches(CSIStorageCapacity, aboutNode),
  ],
  prepare(caches) {
    caches.of(Node).addIndex(hostIndex, (node) => [hostnameOfNode(node)]);
    caches.of(PersistentVolume).addIndex(diskIndex, (volume) => (localDisk(volume) ? [hostnameOf(volume) ?? ''] : []));
    caches.of(CSIStorageCapacity).addIndex(nodeIndex, aboutNode);
  },
  observe(key, caches) {
    const node = caches.of(Node).get(key);
    return node && observedOf(node, caches);
  },
  plan: planCapacity,
};

function observedOf(node: Node, caches: Caches): ObservedCapacity {
  return {
    node,
    classes: caches
      .of(StorageClass)
      .list()
      .filter(({ provisioner }) => provisioner === localProvisioner),
    volumes: caches.of(PersistentVolume).byIndex(diskIndex, hostnameOfNode(node)),
    known: caches.of(CSIStorageCapacity).byIndex(nodeIndex, node.metadata.name),
  };
}

export function planCapacity({ node, classes, volumes, known }: ObservedCapacity): Action[] {
  const total = capacityText(node);
  const wanted = total === undefined ? [] : classes.map(({ metadata }) => capacityOf(node, metadata.name, leftOf(total, volumes)));
  const actions = wanted.flatMap((object): Action[] => {
    const before = known.find(({ metadata }) => metadata.name === object.metadata.name);
    if (!before) return [{ type: 'create', kind: erased(CSIStorageCapacity), object }];
    if (equalButForEmpty(before.capacity, object.capacity)) return [];
    const patch = { metadata: { uid: before.metadata.uid }, capacity: object.capacity };
    return [{ type: 'patch', kind: erased(CSIStorageCapacity), key: before.metadata, patchType: 'merge', patch }];
  });
  const names = new Set(wanted.map(({ metadata }) => metadata.name));
  const gone = known.filter(({ metadata }) => !names.has(metadata.name));
  return [
    ...actions,
    ...gone.map(({ metadata }): Action => ({ type: 'delete', kind: erased(CSIStorageCapacity), key: metadata, uid: metadata.uid ?? '' })),
  ];
}

function leftOf(total: string, volumes: PersistentVolume[]): string {
  const taken = volumes.reduce((sum, volume) => sum + diskBytesOf(volume), 0);
  const left = Math.max(0, parseQuantity(total).value() - taken);
  return new Quantity(BigInt(left) * 1_000_000_000n, 'BinarySI').toString();
}

function diskBytesOf(volume: PersistentVolume): number {
  const disk = localDisk(volume);
  return disk && disk.state !== 'refused' ? (disk.growsTo ?? disk.bytes) : 0;
}

function capacityOf(node: Node, storageClassName: string, capacity: string): CSIStorageCapacity {
  const { name, uid = '' } = node.metadata;
  return {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'CSIStorageCapacity',
    metadata: {
      name: `${storageClassName.slice(0, classCharactersMax)}.${name.slice(0, nodeCharactersMax)}`,
      namespace,
      labels: { [nodeLabel]: name },
      ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name, uid }],
    },
    storageClassName,
    nodeTopology: { matchLabels: { [hostnameLabel]: hostnameOfNode(node) } },
    capacity,
  };
}

function aboutNode({ metadata }: CSIStorageCapacity): string[] {
  const name = metadata.namespace === namespace ? metadata.labels?.[nodeLabel] : undefined;
  return name === undefined ? [] : [name];
}

function capacityText({ metadata }: Node): string | undefined {
  return metadata.annotations?.[volumesCapacityAnnotation];
}

function hostnameOfNode({ metadata }: Node): string {
  return metadata.labels?.[hostnameLabel] ?? metadata.name;
}

function nodeNames(nodes: Node[]): string[] {
  return nodes.map(({ metadata }) => metadata.name);
}
