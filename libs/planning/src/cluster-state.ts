// What deciding about new pods takes, read once from the API, and the scheduler's snapshot made of it.
import {
  CSINode,
  DeviceClass,
  hasEnded,
  Namespace,
  Node,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  PodDisruptionBudget,
  ReplicaSet,
  ResourceClaim,
  ResourceQuota,
  Service,
  StorageClass,
  VolumeAttachment,
} from '@berth/api';
import type { Client } from '@berth/client';
import { isReason, type KindDefinition, type KubeObject } from '@berth/machinery';
import { podFacts, Snapshot } from '@berth/scheduling';

export interface ClusterState {
  pods: Pod[];
  nodes: Node[];
  replicaSets: ReplicaSet[];
  quotas: ResourceQuota[];
  classes: StorageClass[];
  /** Resources that whoever asks may not list, by their plural. */
  unread: string[];
}

export async function readState(client: Client): Promise<{ state: ClusterState; snapshot: Snapshot }> {
  const unread: string[] = [];
  const read = async <T extends KubeObject>(kind: KindDefinition<T>): Promise<T[]> => {
    try {
      return (await client.list(kind)).items;
    } catch (error) {
      if (!isReason(error, 'Forbidden')) throw error;
      unread.push(kind.plural);
      return [];
    }
  };
  const [nodes, pods, replicaSets, quotas] = await Promise.all([read(Node), read(Pod), read(ReplicaSet), read(ResourceQuota)]);
  const snapshot = new Snapshot();
  for (const node of nodes) snapshot.updateNode(node);
  for (const { metadata } of await read(Namespace)) snapshot.setNamespace(metadata.name, metadata.labels ?? {});
  for (const { metadata, spec } of await read(Service)) {
    if (Object.keys(spec.selector ?? {}).length > 0) snapshot.setService(metadata.namespace ?? '', metadata.name, spec.selector);
  }
  for (const budget of await read(PodDisruptionBudget)) snapshot.budgets.set(budget);
  const classes = await readVolumes(read, snapshot);
  for (const claim of await read(ResourceClaim)) snapshot.devices.setClaim(claim);
  for (const { metadata } of await read(DeviceClass)) snapshot.devices.addClass(metadata.name);
  for (const pod of pods) placeExisting(pod, snapshot);
  return { state: { pods, nodes, replicaSets, quotas, classes, unread }, snapshot };
}

type Read = <T extends KubeObject>(kind: KindDefinition<T>) => Promise<T[]>;

async function readVolumes(read: Read, { volumes }: Snapshot): Promise<StorageClass[]> {
  for (const claim of await read(PersistentVolumeClaim)) volumes.setClaim(claim);
  for (const volume of await read(PersistentVolume)) volumes.setVolume(volume);
  for (const csiNode of await read(CSINode)) volumes.setNodeLimits(csiNode);
  for (const attachment of await read(VolumeAttachment)) volumes.setAttachment(attachment);
  const classes = await read(StorageClass);
  for (const storageClass of classes) volumes.setClass(storageClass);
  return classes;
}

function placeExisting(pod: Pod, snapshot: Snapshot): void {
  if (hasEnded(pod)) return;
  const { nominatedNodeName } = pod.status ?? {};
  if (pod.spec.nodeName) snapshot.addPod(podFacts(pod), pod.spec.nodeName);
  else if (nominatedNodeName) snapshot.nominations.set(podFacts(pod), nominatedNodeName);
}
