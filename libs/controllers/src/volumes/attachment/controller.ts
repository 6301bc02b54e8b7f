// Attaches volumes of CSI drivers to the nodes whose pods need them, and detaches them, as Kubernetes' attach/detach controller does: by
// VolumeAttachment objects, which each driver's attacher carries out, and by the status of nodes, which says what may be mounted there.
import { CSIDriver, csiUniqueName, csiVolumeNamed, Node, PersistentVolume, PersistentVolumeClaim, Pod, VolumeAttachment } from '@berth/api';
import { type Caches, type Controller, watches } from '@berth/controller';
import { keyOf } from '@berth/machinery';
import type { Attendance } from '../../nodes/attended-time.ts';
import { nodeIndex } from '../../nodes/node-lifecycle.ts';
import { claimsOf } from '../protection.ts';
import type { AttachedVolume } from './attached-volume.ts';
import { attachmentNameOf, csiVolumeOf } from './csi-volume.ts';
import { type ObservedNode, planNode } from './plan-node.ts';
import { type NeedingNode, type ObservedVolume, planVolume } from './plan-volume.ts';
import { ToldPods } from './told-pods.ts';
import { addNeedIndexes, podsNeeding, uniqueNames, volumesNamed, volumesOfClaim, volumesOfDriver } from './volume-needs.ts';

const [volumePrefix, nodePrefix, orphanPrefix] = ['volume ', 'node ', 'attachment '];
const volumeIndex = 'volume';
/** Of attachments that this controller made, here or in Kubernetes. */
const ownName = /^csi-[0-9a-f]{64}$/;

export function attachDetachController(attendance: Attendance): Controller<ObservedVolume | ObservedNode> {
  const unneeded = new UnneededTimes(attendance);
  const told = new ToldPods();
  return {
    name: 'attachdetach-controller',
    owns: ['VolumeAttachment.spec', 'Node.status.volumesAttached'],
    writes: ['volumeattachments.storage.k8s.io', 'nodes/status'],
    watches: [
      watches(Pod, (pod, caches) => (pod.spec.nodeName ? claimsOf(pod).flatMap((key) => keysOf(volumesOfClaim(key, caches), caches)) : [])),
      watches(PersistentVolumeClaim, (claim, caches) => keysOf(volumesOfClaim(keyOf(claim), caches), caches)),
      watches(PersistentVolume, (volume, caches) => [
        ...keysOf([volume], caches),
        ...caches
          .of(VolumeAttachment)
          .byIndex(volumeIndex, volume.metadata.name)
          .flatMap((each) => keysOfAttachment(each, caches)),
      ]),
      watches(CSIDriver, ({ metadata }, caches) => keysOf(volumesOfDriver(metadata.name, caches), caches)),
      watches(VolumeAttachment, (attachment, caches) => {
        if (!caches.of(VolumeAttachment).get(attachment.metadata.name)) unneeded.forget(attachment);
        return [`${nodePrefix}${attachment.spec.nodeName}`, ...keysOfAttachment(attachment, caches)];
      }),
      watches(Node, (node, caches, other) => (other && isSame(node, other) ? [] : keysOfNode(node, caches))),
    ],
    prepare(caches) {
      addNeedIndexes(caches);
      caches.of(Pod).addIndex(nodeIndex, ({ spec }) => (spec.nodeName ? [spec.nodeName] : []));
      caches.of(VolumeAttachment).addIndex(nodeIndex, ({ spec }) => [spec.nodeName]);
      caches.of(VolumeAttachment).addIndex(volumeIndex, ({ spec }) => [spec.source.persistentVolumeName ?? []].flat());
    },
    observe(key, caches) {
      if (key.startsWith(volumePrefix)) return observeVolume(key.slice(volumePrefix.length), caches, unneeded);
      if (key.startsWith(orphanPrefix)) return observeOrphan(key.slice(orphanPrefix.length), caches, unneeded);
      const node = caches.of(Node).get(key.slice(nodePrefix.length));
      if (!node) return undefined;
      const attachments = caches.of(VolumeAttachment).byIndex(nodeIndex, node.metadata.name);
      return { node, attached: attachments.flatMap((attachment) => attachedVolume(attachment, caches, unneeded) ?? []) };
    },
    plan: (observed, now) => ('node' in observed ? planNode(observed) : planVolume(observed, now, told)),
  };
}

/** Since when no pod has needed what is attached; in this process, and for as long as it is attached. */
class UnneededTimes {
  readonly #attendance: Attendance;
  readonly #since = new Map<string, number>();

  constructor(attendance: Attendance) {
    this.#attendance = attendance;
  }

  /** How long it has been so, from the first call on. */
  ms({ metadata: { uid = '' } }: VolumeAttachment, isNeeded: boolean): number {
    if (isNeeded) {
      this.#since.delete(uid);
      return 0;
    }
    const since = this.#since.get(uid) ?? this.#attendance.nowMs();
    this.#since.set(uid, since);
    return this.#attendance.nowMs() - since;
  }

  forget({ metadata: { uid = '' } }: VolumeAttachment): void {
    this.#since.delete(uid);
  }
}

function observeVolume(uniqueName: string, caches: Caches, unneeded: UnneededTimes): ObservedVolume | undefined {
  const volumes = volumesNamed(uniqueName, caches);
  const csi = volumes[0] && csiVolumeOf(volumes[0]);
  if (!csi) return undefined;
  const attachments = volumes.flatMap(({ metadata }) => caches.of(VolumeAttachment).byIndex(volumeIndex, metadata.name));
  return {
    ...csi,
    needing: needsAttaching(csi.driver, caches) ? volumes.flatMap((volume) => needingNodes(volume, caches)) : [],
    attached: attachments.flatMap((attachment) => attachedVolume(attachment, caches, unneeded) ?? []),
  };
}

/** What is attached of a volume whose object is gone. */
function observeOrphan(name: string, caches: Caches, unneeded: UnneededTimes): ObservedVolume | undefined {
  const attachment = caches.of(VolumeAttachment).get(name);
  const attached = attachment && attachedVolume(attachment, caches, unneeded);
  return attached && !attached.volume ? { driver: attachment.spec.attacher, handle: '', needing: [], attached: [attached] } : undefined;
}

/** A driver that says nothing of it is taken to need it. */
function needsAttaching(driver: string, caches: Caches): boolean {
  return caches.of(CSIDriver).get(driver)?.spec.attachRequired !== false;
}

/** The one whose pod is oldest comes first. */
function needingNodes(volume: PersistentVolume, caches: Caches): NeedingNode[] {
  const nodes = new Map<string, NeedingNode>();
  const age = ({ metadata }: Pod) => `${metadata.creationTimestamp} ${metadata.name}`;
  for (const pod of podsNeeding(volume, caches).sort((a, b) => (age(a) < age(b) ? -1 : 1))) {
    const { nodeName = '' } = pod.spec;
    const known = nodes.get(nodeName) ?? { node: caches.of(Node).get(nodeName), nodeName, volume, pods: [] };
    nodes.set(nodeName, { ...known, pods: [...known.pods, pod] });
  }
  return [...nodes.values()];
}

/** Undefined for what somebody else attached: it goes by another name, or its volume is none of a driver. */
function attachedVolume(attachment: VolumeAttachment, caches: Caches, unneeded: UnneededTimes): AttachedVolume | undefined {
  const { nodeName } = attachment.spec;
  const volume = volumeOf(attachment, caches);
  const node = caches.of(Node).get(nodeName);
  const uniqueName = volume ? ownUniqueName(attachment, volume) : orphanUniqueName(attachment, node);
  if (uniqueName === undefined) return undefined;
  const users = needsAttaching(attachment.spec.attacher, caches) ? volumesNamed(uniqueName, caches) : [];
  const pods = users.flatMap((each) => podsNeeding(each, caches).filter(({ spec }) => spec.nodeName === nodeName));
  return { attachment, uniqueName, volume, pods, node, unneededMs: unneeded.ms(attachment, pods.length > 0) };
}

function ownUniqueName({ metadata, spec }: VolumeAttachment, volume: PersistentVolume): string | undefined {
  const csi = csiVolumeOf(volume);
  return csi && metadata.name === attachmentNameOf(csi, spec.nodeName) ? csiUniqueName(csi) : undefined;
}

/** As its node's status has it, else its own name: then the node neither has it nor uses it. */
function orphanUniqueName({ metadata: { name }, spec }: VolumeAttachment, node: Node | undefined): string | undefined {
  if (!ownName.test(name) || !spec.source.persistentVolumeName) return undefined;
  const { volumesAttached = [], volumesInUse = [] } = node?.status ?? {};
  const isIt = (unique: string) => {
    const csi = csiVolumeNamed(unique);
    return csi !== undefined && attachmentNameOf(csi, spec.nodeName) === name;
  };
  return [...volumesAttached.map((each) => each.name), ...volumesInUse].find(isIt) ?? name;
}

function keysOfAttachment(attachment: VolumeAttachment, caches: Caches): string[] {
  const volume = volumeOf(attachment, caches);
  return volume ? keysOf([volume], caches) : [`${orphanPrefix}${attachment.metadata.name}`];
}

function volumeOf({ spec }: VolumeAttachment, caches: Caches): PersistentVolume | undefined {
  return caches.of(PersistentVolume).get(spec.source.persistentVolumeName ?? '');
}

/** Of the volumes, and of the nodes where they are attached. */
function keysOf(volumes: PersistentVolume[], caches: Caches): string[] {
  const nodes = volumes.flatMap(({ metadata }) =>
    caches
      .of(VolumeAttachment)
      .byIndex(volumeIndex, metadata.name)
      .map(({ spec }) => `${nodePrefix}${spec.nodeName}`),
  );
  return [...uniqueNames(volumes).map((name) => `${volumePrefix}${name}`), ...nodes];
}

function keysOfNode({ metadata: { name } }: Node, caches: Caches): string[] {
  const attachments = caches.of(VolumeAttachment).byIndex(nodeIndex, name);
  const pods = caches.of(Pod).byIndex(nodeIndex, name);
  const volumes = pods.flatMap((pod) => claimsOf(pod).flatMap((key) => volumesOfClaim(key, caches)));
  return [
    `${nodePrefix}${name}`,
    ...attachments.flatMap((attachment) => keysOfAttachment(attachment, caches)),
    ...uniqueNames(volumes).map((unique) => `${volumePrefix}${unique}`),
  ];
}

/** As far as attaching goes: nodes report all the time. */
function isSame(node: Node, other: Node): boolean {
  const about = ({ metadata, spec, status }: Node) => [
    ...[metadata.uid, metadata.deletionTimestamp, spec.taints, status?.volumesInUse, status?.volumesAttached],
    status?.conditions?.find(({ type }) => type === 'Ready')?.status,
  ];
  return JSON.stringify(about(node)) === JSON.stringify(about(other));
}
