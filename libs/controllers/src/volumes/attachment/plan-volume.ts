// What becomes of one volume's attachments: made where pods need it, on one node at a time unless it may be on several, and deleted once
// its node's status does not name it any more. The driver's attacher does the rest, and takes its finalizer off.
import { type CsiVolume, type Node, type PersistentVolume, type Pod, VolumeAttachment } from '@berth/api';
import { type Action, erased } from '@berth/controller';
import { type AttachedVolume, isListed, leaveOf } from './attached-volume.ts';
import { attachmentNameOf, isShared } from './csi-volume.ts';
import type { ToldPods } from './told-pods.ts';

/** How long an attacher may take until its pods are told. */
const attachMsMax = 2 * 60_000;

/** A node where pods need the volume. */
export interface NeedingNode {
  node: Node | undefined;
  nodeName: string;
  volume: PersistentVolume;
  pods: Pod[];
}

export interface ObservedVolume extends CsiVolume {
  needing: NeedingNode[];
  /** Where it is attached, or being attached or detached. */
  attached: AttachedVolume[];
}

export function planVolume({ driver, handle, needing, attached }: ObservedVolume, now: number, told: ToldPods): Action[] {
  const isWithout = ({ nodeName }: NeedingNode) => attached.every(({ attachment }) => attachment.spec.nodeName !== nodeName);
  const without = needing.filter((each) => isWithout(each) && each.node && !each.node.metadata.deletionTimestamp);
  const progress = attached.flatMap((each) => progressOf(each, { driver, handle }, now, told));
  return [...attached.flatMap(detach), ...progress, ...attach(without, attached, { driver, handle }, told)];
}

function attach(without: NeedingNode[], attached: AttachedVolume[], csi: CsiVolume, told: ToldPods): Action[] {
  const groups: Action[][] = [];
  let isTaken = attached.length > 0;
  for (const needing of without) {
    if (isTaken && !isShared(needing.volume)) groups.push(multiAttachError(needing, attached, told));
    else groups.push([createAttachment(needing, csi)]);
    isTaken = true;
  }
  return groups.length === 0 ? [] : [{ type: 'independently', groups }];
}

function createAttachment({ nodeName, volume, pods }: NeedingNode, csi: CsiVolume): Action {
  const object: VolumeAttachment = {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'VolumeAttachment',
    metadata: { name: attachmentNameOf(csi, nodeName) },
    spec: { attacher: csi.driver, nodeName, source: { persistentVolumeName: volume.metadata.name } },
  };
  const message = failure(volume, 'kubernetes.io/csi: attacher.Attach failed: {error}');
  const [pod] = pods;
  const onFailure = pod && { about: pod, eventType: 'Warning' as const, reason: 'FailedAttachVolume', message };
  return { type: 'create', kind: erased(VolumeAttachment), object, ...(onFailure && { onFailure }) };
}

/** Nothing is said while it is on its way from the other node. */
function multiAttachError({ volume, pods, nodeName }: NeedingNode, attached: AttachedVolume[], told: ToldPods): Action[] {
  const others = attached.filter(({ attachment }) => attachment.spec.nodeName !== nodeName);
  if (others.some(({ attachment }) => attachment.metadata.deletionTimestamp)) return [];
  const users = others.flatMap((other) => other.pods);
  // Once, whoever has it meanwhile.
  return told.of(pods, `multi-attach ${volume.metadata.name}`).map((pod) => {
    const message = `Multi-Attach error for volume "${volume.metadata.name}" ${takenBy(users, pod.metadata.namespace ?? '')}`;
    return warning(pod, message);
  });
}

/** Users of a namespace see no names of others. */
function takenBy(users: Pod[], namespace: string): string {
  if (users.length === 0) return "Volume is already exclusively attached to one node and can't be attached to another";
  const local = users.filter(({ metadata }) => metadata.namespace === namespace).map(({ metadata }) => metadata.name);
  const others = users.length - local.length;
  if (local.length === 0) return `Volume is already used by ${others} pod(s) in different namespaces`;
  const elsewhere = others > 0 ? ` and ${others} pod(s) in different namespaces` : '';
  return `Volume is already used by pod(s) ${local.join(', ')}${elsewhere}`;
}

/** The node's status has to be without it first: what its agent does not find there it does not mount. */
function detach(attached: AttachedVolume): Action[] {
  const { attachment, node, uniqueName } = attached;
  if (attachment.metadata.deletionTimestamp) return [];
  const leave = leaveOf(attached);
  if (typeof leave === 'object') return [{ type: 'requeue', afterMs: leave.afterMs }];
  if (leave === 'may not' || isListed(node, uniqueName)) return [];
  return [{ type: 'delete', kind: erased(VolumeAttachment), key: attachment.metadata, uid: attachment.metadata.uid ?? '' }];
}

/** What pods are told that wait for an attacher: each of its failures once. */
function progressOf({ attachment, volume, pods }: AttachedVolume, { driver, handle }: CsiVolume, now: number, told: ToldPods): Action[] {
  const { metadata, status } = attachment;
  if (!volume || pods.length === 0 || status?.attached) return [];
  const tell = (what: string, message: string) =>
    told.of(pods, `${metadata.uid} ${what}`).map((pod) => warning(pod, failure(volume, message)));
  if (metadata.deletionTimestamp) return tell('deletion', 'volume attachment is being deleted');
  const { attachError } = status ?? {};
  if (attachError) return tell(`error at ${attachError.time}`, attachError.message ?? '');
  const waitedMs = now - Date.parse(metadata.creationTimestamp ?? '');
  const again: Action = { type: 'requeue', afterMs: attachMsMax - (waitedMs % attachMsMax) + 1 };
  if (waitedMs < attachMsMax) return [again];
  const late = `timed out waiting for external-attacher of ${driver} CSI driver to attach volume ${handle}`;
  return [...tell(`wait ${Math.floor(waitedMs / attachMsMax)}`, late), again];
}

function failure({ metadata }: PersistentVolume, message: string): string {
  return `AttachVolume.Attach failed for volume "${metadata.name}" : ${message}`;
}

function warning(about: Pod, message: string): Action {
  return { type: 'event', event: { about, eventType: 'Warning', reason: 'FailedAttachVolume', message } };
}
