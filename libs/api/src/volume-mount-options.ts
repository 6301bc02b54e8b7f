// How a PersistentVolume is to be mounted: by its annotation of former versions where it has one, else as its spec says.
import type { PersistentVolume } from './generated/core-v1.types.ts';

export const betaMountOptionsAnnotation = 'volume.beta.kubernetes.io/mount-options';

/** As they are given; a single one may hold several. */
export function volumeMountOptions({ metadata, spec }: PersistentVolume): string[] {
  const beta = metadata.annotations?.[betaMountOptionsAnnotation];
  return (beta === undefined ? (spec.mountOptions ?? []) : beta.split(',')).filter((option) => option !== '');
}
