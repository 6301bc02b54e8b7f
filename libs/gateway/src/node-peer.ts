// What every agent is sent of every node: where its pods are. A Node is written with every heartbeat, and agents are sent a peer only when
// its address or its range is another.
import type { Node } from '@berth/api';
import type { NodePeer } from '@berth/protocol';

/** Undefined while nobody can reach it. @param before what was sent last; the same again when nothing that matters has changed */
export function nodePeer({ metadata, spec, status }: Node, before: NodePeer | undefined): NodePeer | undefined {
  const address = status?.addresses?.find(({ type }) => type === 'InternalIP')?.address;
  const podCIDR = spec?.podCIDR;
  if (!address || !podCIDR) return undefined;
  const { name, uid, resourceVersion } = metadata;
  if (before && before.metadata.uid === uid && before.spec.address === address && before.spec.podCIDR === podCIDR) return before;
  return {
    ...{ apiVersion: 'berth.io/v1', kind: 'NodePeer' },
    metadata: { name, ...(uid && { uid }), ...(resourceVersion && { resourceVersion }) },
    spec: { address, podCIDR },
  };
}
