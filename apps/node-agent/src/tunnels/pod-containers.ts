// A pod of this node, as tunnels into it need it.
import type { ContainerStatus, Pod } from '@berth/api';
import type { ContainerInfo } from '@berth/runtime';

export interface PodContainers {
  pod: Pod;
  /** Newest first. */
  instances: ContainerInfo[];
  /** As this node reported it last; the API may not have the newest yet. */
  status: ContainerStatus | undefined;
  /** Of the sandbox that is up. */
  sandboxId: string | undefined;
  /** The pod's first, as the runtime knows it: the node's own where the pod uses the node's network. */
  address: string | undefined;
}
