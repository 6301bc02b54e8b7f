// Where the API learns what nodes and pods use now: from the part that talks to their agents.
import type { UsageReport } from '@berth/protocol';

export interface NodeUsage extends UsageReport {
  nodeName: string;
}

export interface UsageSource {
  /** Of nodes that have reported lately, by name of the node. */
  current(): NodeUsage[];
}
