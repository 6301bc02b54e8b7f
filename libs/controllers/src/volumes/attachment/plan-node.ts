// What a node's status says of attached volumes: its agent mounts those alone. One that is to leave is taken off before its attachment is
// deleted, and only from the status that was read: whatever the agent wrote meanwhile of volumes in use is looked at first.
import { type AttachedVolume as AttachedName, Node } from '@berth/api';
import { type Action, erased } from '@berth/controller';
import { type AttachedVolume, isListed, isReported, leaveOf } from './attached-volume.ts';

export interface ObservedNode {
  node: Node;
  attached: AttachedVolume[];
}

export function planNode({ node, attached }: ObservedNode): Action[] {
  const wanted = new Set(attached.filter(isReported).map(({ uniqueName }) => uniqueName));
  const listed: AttachedName[] = node.status?.volumesAttached ?? [];
  const kept = listed.filter(({ name }) => wanted.has(name));
  const added = [...wanted].filter((name) => !isListed(node, name)).sort();
  const again = attached.flatMap((each): Action[] => {
    const leave = leaveOf(each);
    return typeof leave === 'object' ? [{ type: 'requeue', afterMs: leave.afterMs }] : [];
  });
  if (kept.length === listed.length && added.length === 0) return again;
  const volumesAttached = [...kept, ...added.map((name) => ({ name, devicePath: '' }))];
  const { uid, resourceVersion } = node.metadata;
  const patch = { metadata: { uid, resourceVersion }, status: { volumesAttached: volumesAttached.length > 0 ? volumesAttached : null } };
  return [
    { type: 'patch', kind: erased(Node), key: node.metadata, patchType: 'merge', patch, subresource: 'status' },
    ...attached.filter(({ uniqueName }) => added.includes(uniqueName)).flatMap(succeeded),
    ...again,
  ];
}

/** With the space that Kubernetes leaves at its end. */
function succeeded({ volume, pods }: AttachedVolume): Action[] {
  const message = `AttachVolume.Attach succeeded for volume "${volume?.metadata.name}" `;
  return pods.map((about) => ({ type: 'event', event: { about, eventType: 'Normal', reason: 'SuccessfulAttachVolume', message } }));
}
