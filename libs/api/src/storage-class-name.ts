// Which storage class a claim asks for, or a volume belongs to. The annotation that named it before there was a field still
// counts, and first: whoever reads the class anywhere reads it here, so that all agree.
import type { PersistentVolume, PersistentVolumeClaim } from './generated/core-v1.types.ts';

export const betaStorageClassAnnotation = 'volume.beta.kubernetes.io/storage-class';

/** Undefined when none is named at all; empty when the name given is: the claim wants no class then. */
export function storageClassNameOf({
  metadata,
  spec,
}: Pick<PersistentVolume | PersistentVolumeClaim, 'metadata' | 'spec'>): string | undefined {
  return metadata?.annotations?.[betaStorageClassAnnotation] ?? spec?.storageClassName;
}
