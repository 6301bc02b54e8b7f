// What a container runtime says of itself: whether it is well, and, where it is new enough to say so, what it can do.
import type { criV1 } from '@berth/protocol';
import type { RuntimeHealth } from '../runtime.ts';

export function healthOf({ status, runtimeHandlers, features }: criV1.StatusResponse): RuntimeHealth {
  const bad = (type: string) => status?.conditions.find((c) => c.type === type && !c.status);
  const [runtime, network] = [bad('RuntimeReady'), bad('NetworkReady')];
  const handlers = runtimeHandlers.map(({ name, features: can }) => ({
    name,
    recursiveReadOnlyMounts: can?.recursiveReadOnlyMounts ?? false,
    userNamespaces: can?.userNamespaces ?? false,
  }));
  return {
    ...(runtime && { runtime: runtime.message || runtime.reason }),
    ...(network && { network: network.message || network.reason }),
    // containerd says them in another order each time: sorted, a node's status changes only when they do.
    ...(handlers.length > 0 && { handlers: handlers.sort((a, b) => (a.name < b.name ? -1 : 1)) }),
    ...(features && { supplementalGroupsPolicy: features.supplementalGroupsPolicy }),
  };
}
