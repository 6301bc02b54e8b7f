// How many nodes are refused, for which reasons and by which plugins; kept by adding and taking back single refusals.
import type { NodeState } from './node-state.ts';
import type { Rejection } from './plugin.ts';

export interface Rejected {
  node: NodeState;
  rejection: Rejection;
  plugin: string;
}

export class RejectionCounts {
  readonly reasons: Map<string, number>;
  readonly plugins: Map<string, number>;
  /** Nodes that would do if pods were gone from them. */
  resolvable: number;

  constructor(from?: RejectionCounts) {
    this.reasons = new Map(from?.reasons);
    this.plugins = new Map(from?.plugins);
    this.resolvable = from?.resolvable ?? 0;
  }

  add({ rejection, plugin }: Rejected, by: 1 | -1 = 1): void {
    if (rejection.isResolvable) this.resolvable += by;
    count(this.plugins, plugin, by);
    for (const reason of rejection.reasons) count(this.reasons, reason, by);
  }
}

function count(counts: Map<string, number>, name: string, by: number): void {
  const sum = (counts.get(name) ?? 0) + by;
  if (sum === 0) counts.delete(name);
  else counts.set(name, sum);
}
