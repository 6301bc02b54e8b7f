// Where a volume of a node is, beside who makes such volumes: what a volume is filled from has to know it, too.
import type { PersistentVolume } from '@berth/api';

const hostnameLabel = 'kubernetes.io/hostname';

/** The node that has to clean up after the volume. */
export function hostnameOf({ spec }: PersistentVolume): string | undefined {
  const expressions = spec.nodeAffinity?.required?.nodeSelectorTerms?.[0]?.matchExpressions ?? [];
  return expressions.find(({ key }) => key === hostnameLabel)?.values?.[0];
}
