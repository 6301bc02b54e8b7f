// A volume that is attached to a node, or about to be, and whether it may leave it: not while a pod there needs it, nor while the node
// says that it is mounted, unless the node is declared out of service or has been lost for so long that nobody waits for it any more.
import type { Node, PersistentVolume, Pod, VolumeAttachment } from '@berth/api';

/** How long a volume that its lost node may still write to is left attached. */
const unmountMsMax = 6 * 60_000;
const outOfServiceTaint = 'node.kubernetes.io/out-of-service';

export interface AttachedVolume {
  attachment: VolumeAttachment;
  /** As nodes name it. */
  uniqueName: string;
  /** Undefined once its object is gone: then no pod needs it. */
  volume: PersistentVolume | undefined;
  /** Those on the node that need it. */
  pods: Pod[];
  node: Node | undefined;
  /** How long nobody there has needed it. */
  unneededMs: number;
}

export type Leave = 'may' | 'may not' | { afterMs: number };

/** Whether nothing speaks against detaching it. */
export function leaveOf({ uniqueName, pods, node, unneededMs }: AttachedVolume): Leave {
  if (pods.length > 0) return 'may not';
  const isInUse = !node || (node.status?.volumesInUse ?? []).includes(uniqueName);
  if (!isInUse || node?.spec.taints?.some(({ key }) => key === outOfServiceTaint)) return 'may';
  if (isReady(node)) return 'may not';
  return unneededMs > unmountMsMax ? 'may' : { afterMs: unmountMsMax - unneededMs + 1 };
}

/** Whether pods on the node may be given it, which its agent reads in the node's status. */
export function isReported(attached: AttachedVolume): boolean {
  const { metadata, status } = attached.attachment;
  return status?.attached === true && !metadata.deletionTimestamp && leaveOf(attached) !== 'may';
}

export function isListed(node: Node | undefined, uniqueName: string): boolean {
  return node?.status?.volumesAttached?.some(({ name }) => name === uniqueName) ?? false;
}

function isReady(node: Node | undefined): boolean {
  return node?.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;
}
