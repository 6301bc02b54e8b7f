// What nodes and their pods use now, as their agents last said; in memory alone, and forgotten once it is old.

import type { NodeUsage, UsageSource } from '@berth/apiserver/core';
import type { UsageReport } from '@berth/protocol';
import type { Clock } from '@berth/telemetry';

/** Four reports. */
const freshMs = 60_000;

export class NodeUsages implements UsageSource {
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  /** By node; as many as there are nodes. */
  readonly #byNode = new Map<string, { usage: NodeUsage; receivedMs: number }>();

  constructor(clock: Pick<Clock, 'monotonicMs'>) {
    this.#clock = clock;
  }

  report(nodeName: string, usage: UsageReport): void {
    this.#byNode.set(nodeName, { usage: { ...usage, nodeName }, receivedMs: this.#clock.monotonicMs() });
  }

  /** By name of the node. */
  current(): NodeUsage[] {
    const oldestMs = this.#clock.monotonicMs() - freshMs;
    for (const [name, { receivedMs }] of this.#byNode) if (receivedMs < oldestMs) this.#byNode.delete(name);
    return [...this.#byNode.values()].map(({ usage }) => usage).sort((a, b) => (a.nodeName < b.nodeName ? -1 : 1));
  }
}
