// How large a volume is to become on its node, from what stands in the claim's status: resizers say there when it is the node's turn.
import type { PersistentVolume, PersistentVolumeClaim } from '@berth/api';
import { parseQuantity } from '@berth/machinery';

/** Of a claim, on its node. */
export interface Growth {
  /** A quantity. */
  storage: string;
  claim: { name: string; uid: string };
}

const nodesTurn = ['NodeResizePending', 'NodeResizeInProgress'];

/** What is to be done on the node; undefined where nothing is. */
export function growthOf({ metadata, status: shown = {} }: PersistentVolumeClaim, volume: PersistentVolume): Growth | undefined {
  const claim = { name: metadata.name, uid: metadata.uid ?? '' };
  const [resizing, allocated] = [shown.allocatedResourceStatuses?.storage, shown.allocatedResources?.storage];
  if (resizing !== undefined)
    return nodesTurn.includes(resizing) ? { storage: String(allocated ?? volume.spec.capacity?.storage), claim } : undefined;
  const storage = String(volume.spec.capacity?.storage ?? '0');
  // Nobody knows how large it was before it is bound.
  const isLarger =
    shown.capacity?.storage !== undefined && parseQuantity(storage).compare(parseQuantity(String(shown.capacity.storage))) > 0;
  return isLarger && allocated === undefined ? { storage, claim } : undefined;
}
