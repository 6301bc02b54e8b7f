// How large a volume is to become on its node, from what stands in the claim's status: resizers say there when it is the node's turn.
import type { PersistentVolume, PersistentVolumeClaim } from '@berth/api';
import { parseQuantity } from '@berth/machinery';

/** Of a claim, on its node. */
export interface Growth {
  /** A quantity. */
  storage: string;
  claim: { name: string; uid: string };
  /** The claim has it already, by another node; every node that has the volume makes it larger. */
  isElsewhere?: boolean;
  /** The claim says that a node is about it. */
  isBegun?: boolean;
}

const notRequired = 'volume.kubernetes.io/node-expansion-not-required';

const nodesTurn = ['NodeResizePending', 'NodeResizeInProgress'];

/** What is to be done on the node; undefined where nothing is. */
export function growthOf({ metadata, spec, status: shown = {} }: PersistentVolumeClaim, volume: PersistentVolume): Growth | undefined {
  const claim = { name: metadata.name, uid: metadata.uid ?? '' };
  const [resizing, allocated] = [shown.allocatedResourceStatuses?.storage, shown.allocatedResources?.storage];
  if (resizing !== undefined)
    return nodesTurn.includes(resizing)
      ? { storage: String(allocated ?? volume.spec.capacity?.storage), claim, isBegun: resizing === 'NodeResizeInProgress' }
      : undefined;
  const storage = String(volume.spec.capacity?.storage ?? '0');
  // Nobody knows how large it was before it is bound.
  if (shown.capacity?.storage === undefined) return undefined;
  const isLarger = parseQuantity(storage).compare(parseQuantity(String(shown.capacity.storage))) > 0;
  if (isLarger) return allocated === undefined ? { storage, claim } : undefined;
  const isEverywhere = spec.accessModes?.includes('ReadWriteMany') && metadata.annotations?.[notRequired] === undefined;
  return isEverywhere ? { storage, claim, isElsewhere: true } : undefined;
}
