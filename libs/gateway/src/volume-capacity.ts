// Keeps on a node's object how much its agent says there is for volumes in all. What else is on the disk changes that all the time, so it
// is written only when it has changed by something that matters.
import { Node, volumesCapacityAnnotation } from '@berth/api';
import { type Client, retryOnConflict } from '@berth/client';
import { parseQuantity, Quantity } from '@berth/machinery';

/** In which it is said, rounded down. */
const stepBytes = 64 * 2 ** 20;
/** Of it, from which on it is written again. */
const changedShare = 0.02;

export async function writeVolumeCapacity(client: Client, node: Node | undefined, bytes: number): Promise<void> {
  if (!node || !Number.isSafeInteger(bytes) || bytes < 0) return;
  const known = node.metadata.annotations?.[volumesCapacityAnnotation];
  const next = Math.floor(bytes / stepBytes) * stepBytes;
  if (known !== undefined && !hasChanged(parseQuantity(known).value(), next)) return;
  const text = new Quantity(BigInt(next) * 1_000_000_000n, 'BinarySI').toString();
  await retryOnConflict(async () => {
    const current = await client.get(Node, { name: node.metadata.name });
    const annotations = { ...current.metadata.annotations, [volumesCapacityAnnotation]: text };
    await client.update(Node, { ...current, metadata: { ...current.metadata, annotations } });
  });
}

function hasChanged(before: number, next: number): boolean {
  return Math.abs(next - before) > Math.max(stepBytes, before * changedShare);
}
