// Turns what informers report into the scheduler's snapshot and into events for its queue.
import {
  CSIDriver,
  CSINode,
  CSIStorageCapacity,
  DeviceClass,
  hasEnded,
  Namespace,
  Node,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  PodDisruptionBudget,
  ResourceClaim,
  Service,
  StorageClass,
  VolumeAttachment,
} from '@berth/api';
import type { ChangeType, InformerSet } from '@berth/client';
import { keyOf } from '@berth/machinery';
import { awaitsVictims, podFacts, type Snapshot } from '@berth/scheduling';
import type { SchedulingQueue } from './scheduling-queue.ts';

export interface ClusterFeedParts {
  informers: InformerSet;
  snapshot: Snapshot;
  queue: SchedulingQueue;
  /** Called for each pod that needs no node any more. */
  onSettled(uid: string): void;
  /** Called for each pod that there is no more. */
  onGone(uid: string): void;
}

export function feedCluster(parts: ClusterFeedParts): void {
  const { informers, snapshot, queue } = parts;
  informers.of(Pod).onChange((type, pod, old) => podChanged(parts, type, pod, old));
  informers.of(Node).onChange((type, node) => {
    if (type === 'DELETED') snapshot.removeNode(node.metadata.name);
    else if (snapshot.updateNode(node)) queue.happened('node');
  });
  informers.of(Namespace).onChange((type, { metadata }, old) => {
    const labels = type === 'DELETED' ? undefined : (metadata.labels ?? {});
    if (type === 'MODIFIED' && JSON.stringify(old?.metadata.labels) === JSON.stringify(labels)) return;
    snapshot.setNamespace(metadata.name, labels);
    queue.happened('namespace');
  });
  informers.of(Service).onChange((type, { metadata, spec }, old) => {
    const selector = type === 'DELETED' || Object.keys(spec.selector ?? {}).length === 0 ? undefined : spec.selector;
    if (type === 'MODIFIED' && JSON.stringify(old?.spec.selector) === JSON.stringify(selector)) return;
    snapshot.setService(metadata.namespace ?? '', metadata.name, selector);
  });
  informers.of(PodDisruptionBudget).onChange((type, budget) => {
    if (type === 'DELETED') snapshot.budgets.remove(keyOf(budget));
    else snapshot.budgets.set(budget);
  });
  feedVolumes(parts);
  feedDevices(parts);
}

function feedDevices({ informers, snapshot: { devices }, queue }: ClusterFeedParts): void {
  informers.of(ResourceClaim).onChange((type, claim) => {
    if (type === 'DELETED') devices.removeClaim(keyOf(claim));
    else devices.setClaim(claim);
    queue.happened('device');
  });
  informers.of(DeviceClass).onChange((type, { metadata }) => {
    if (type === 'DELETED') devices.removeClass(metadata.name);
    else devices.addClass(metadata.name);
    queue.happened('device');
  });
}

function feedVolumes({ informers, snapshot: { volumes }, queue }: ClusterFeedParts): void {
  informers.of(PersistentVolumeClaim).onChange((type, claim) => {
    if (type === 'DELETED') volumes.removeClaim(keyOf(claim));
    else volumes.setClaim(claim);
    queue.happened('volume');
  });
  informers.of(PersistentVolume).onChange((type, volume) => {
    if (type === 'DELETED') volumes.removeVolume(volume.metadata.name);
    else volumes.setVolume(volume);
    queue.happened('volume');
  });
  informers.of(StorageClass).onChange((type, storageClass) => {
    if (type === 'DELETED') volumes.removeClass(storageClass.metadata.name);
    else volumes.setClass(storageClass);
    queue.happened('volume');
  });
  informers.of(CSINode).onChange((type, csiNode) => {
    if (type === 'DELETED') volumes.removeNodeLimits(csiNode.metadata.name);
    else volumes.setNodeLimits(csiNode);
    queue.happened('volume');
  });
  informers.of(CSIStorageCapacity).onChange((type, capacity) => {
    if (type === 'DELETED') volumes.removeCapacity(keyOf(capacity));
    else volumes.setCapacity(capacity);
    queue.happened('volume');
  });
  informers.of(CSIDriver).onChange((type, driver) => {
    if (type === 'DELETED') volumes.removeDriver(driver.metadata.name);
    else volumes.setDriver(driver);
    queue.happened('volume');
  });
  informers.of(VolumeAttachment).onChange((type, attachment) => {
    if (type === 'DELETED') volumes.removeAttachment(attachment);
    else volumes.setAttachment(attachment);
    queue.happened('volume');
  });
}

function podChanged({ snapshot, queue, onSettled, onGone }: ClusterFeedParts, type: ChangeType, pod: Pod, old: Pod | undefined): void {
  const uid = pod.metadata.uid ?? '';
  // A watch that was behind may show one pod replaced by another of the same name.
  if (old?.metadata.uid && old.metadata.uid !== uid) {
    podGone(snapshot, queue, old.metadata.uid, onSettled);
    onGone(old.metadata.uid);
  }
  if (type === 'DELETED') onGone(uid);
  const isOurs = (pod.spec.schedulerName || 'default-scheduler') === 'default-scheduler';
  if (type === 'DELETED' || hasEnded(pod)) {
    podGone(snapshot, queue, uid, onSettled);
  } else if (pod.spec.nodeName) {
    const isNew = snapshot.nodeOfPod(uid) !== pod.spec.nodeName;
    const isTurning = pod.metadata.deletionTimestamp !== undefined && !old?.metadata.deletionTimestamp;
    const nominated = snapshot.nominations.remove(uid);
    const isSmaller = snapshot.addPod(podFacts(pod), pod.spec.nodeName);
    queue.remove(uid);
    onSettled(uid);
    if (isNew || JSON.stringify(old?.metadata.labels) !== JSON.stringify(pod.metadata.labels)) queue.happened('pod-placed');
    if (isSmaller) queue.happened('pod-shrunk');
    if (isTurning) queue.happened('pod-terminating');
    if (nominated !== undefined && nominated !== pod.spec.nodeName) queue.happened('pod-gone');
  } else if (isOurs && !pod.metadata.deletionTimestamp) {
    // What is placed here and not queued was bound: this is how it was before, and must not be decided on again.
    if (snapshot.nodeOfPod(uid) !== undefined && !queue.get(uid)) return;
    queue.update(pod);
    nominationSeen(snapshot, queue, pod, old);
  } else podGone(snapshot, queue, uid, onSettled);
}

function podGone(snapshot: Snapshot, queue: SchedulingQueue, uid: string, onSettled: (uid: string) => void): void {
  const nodeName = snapshot.nodeOfPod(uid);
  const wasNominated = snapshot.nominations.remove(uid) !== undefined;
  snapshot.removePod(uid);
  queue.remove(uid);
  onSettled(uid);
  for (const waiting of snapshot.nominations.on(nodeName ?? '')) {
    const isLast = snapshot.nominations.isLastOf(waiting.uid, uid);
    if (isLast || !awaitsVictims(waiting, snapshot)) queue.roomMade(waiting.uid);
  }
  if (nodeName !== undefined || wasNominated) queue.happened('pod-gone');
}

/** What others write, or a scheduler that ran before this one; what this one decided is known before it is written. */
function nominationSeen(snapshot: Snapshot, queue: SchedulingQueue, pod: Pod, old: Pod | undefined): void {
  const uid = pod.metadata.uid ?? '';
  const facts = queue.get(uid)?.facts;
  if (!facts || snapshot.nodeOfPod(uid) !== undefined) return;
  const known = snapshot.nominations.nodeOf(uid);
  const before = old?.metadata.uid === uid ? old.status?.nominatedNodeName : undefined;
  const nodeName = pod.status?.nominatedNodeName || (before ? undefined : known);
  if (nodeName) snapshot.nominations.set(facts, nodeName);
  else snapshot.nominations.remove(uid);
  if (known !== undefined && known !== nodeName) queue.happened('pod-gone');
}
