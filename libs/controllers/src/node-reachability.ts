// Under which address a node is reached from outside of the cluster.
import type { Node } from '@berth/api';

const excludedLabel = 'node.kubernetes.io/exclude-from-external-load-balancers';

/** Its external address, else its internal one; undefined while it is not ready, or left out. */
export function reachability({ metadata, status }: Node): string | undefined {
  const isReady = status?.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True');
  if (!isReady || metadata.deletionTimestamp || metadata.labels?.[excludedLabel] !== undefined) return undefined;
  const of = (wanted: string) => status?.addresses?.find(({ type }) => type === wanted)?.address;
  return of('ExternalIP') ?? of('InternalIP');
}
