// On which nodes a volume is.
import type { PersistentVolume } from '@berth/api';

/** The nodes that a volume's affinity names. */
export function nodesOf(volume: PersistentVolume): string[] {
  const terms = volume.spec.nodeAffinity?.required?.nodeSelectorTerms ?? [];
  return terms.flatMap((term) => {
    const byLabel = term.matchExpressions?.filter((e) => e.key === 'kubernetes.io/hostname' && e.operator === 'In') ?? [];
    const byName = term.matchFields?.filter((e) => e.key === 'metadata.name' && e.operator === 'In') ?? [];
    return [...byLabel, ...byName].flatMap((e) => e.values ?? []);
  });
}
