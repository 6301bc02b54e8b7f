// Keeps the Node object's status true: looks at the node's health every ten seconds, and reports what has changed at once and
// everything each minute, so that heartbeats cost nothing more than their lease.
import type { Node, NodeCondition, NodeStatus } from '@berth/api';
import { deepEqual } from '@berth/machinery';
import type { AgentLink } from '@berth/protocol';
import type { ImageInfo } from '@berth/runtime';
import { type Clock, type Logger, timestamp } from '@berth/telemetry';
import type { PressureCondition } from '../pods/admission.ts';
import { type NodeFacts, type NodeHealth, nodeObject, nodeStatus } from './node-object.ts';

export const lookEveryMs = 10_000;
/** While it is not ready: pods wait for it to be. */
const lookAgainMs = 500;
export const reportEveryMs = 60_000;

export interface NodeReporterDeps {
  facts: NodeFacts;
  health: () => Promise<NodeHealth>;
  /** What the node is short of now. */
  pressures: () => readonly PressureCondition[];
  /** That the status lists. */
  images: () => readonly ImageInfo[];
  volumesInUse: () => readonly string[];
  link: Pick<AgentLink, 'reportNode'>;
  clock: Clock;
  logger: Logger;
}

export class NodeReporter {
  readonly #deps: NodeReporterDeps;
  #conditions: NodeCondition[] = [];
  #status: NodeStatus | undefined;
  #reportedAtMs = Number.NEGATIVE_INFINITY;
  #stopping = new AbortController();

  constructor(deps: NodeReporterDeps) {
    this.#deps = deps;
  }

  /** Looks once, so that `node` has something to say, then goes on in the background. */
  async start(): Promise<void> {
    await this.#look();
    void this.#lookForever(this.#stopping.signal);
  }

  /** Something that the conditions tell of has just changed. */
  lookNow(): void {
    void this.#tryToLook();
  }

  stop(): void {
    this.#stopping.abort(new Error('the agent is stopping'));
  }

  /** To register with. */
  node(): Node {
    if (!this.#status) throw new Error('the node was not looked at yet');
    return nodeObject(this.#deps.facts, this.#status);
  }

  get #isReady(): boolean {
    return this.#conditions.some(({ type, status }) => type === 'Ready' && status === 'True');
  }

  async #lookForever(signal: AbortSignal): Promise<void> {
    const { clock } = this.#deps;
    while (!signal.aborted) {
      await clock.sleep(this.#isReady ? lookEveryMs : lookAgainMs, signal).catch(() => undefined);
      if (signal.aborted) return;
      await this.#tryToLook();
    }
  }

  async #tryToLook(): Promise<void> {
    await this.#look().catch((error: unknown) =>
      this.#deps.logger.warn("cannot look at the node's health; its last status stands", { error }),
    );
  }

  async #look(): Promise<void> {
    const { facts, health, pressures, images, volumesInUse, link, clock } = this.#deps;
    const state = {
      health: await health(),
      pressures: pressures(),
      previous: this.#conditions,
      images: images(),
      volumesInUse: volumesInUse(),
    };
    const status = nodeStatus(facts, state, timestamp(clock));
    const isNews = !deepEqual(withoutHeartbeats(status), this.#status && withoutHeartbeats(this.#status));
    this.#conditions = status.conditions ?? [];
    this.#status = status;
    if (!isNews && clock.monotonicMs() - this.#reportedAtMs < reportEveryMs) return;
    this.#reportedAtMs = clock.monotonicMs();
    link.reportNode(status);
  }
}

function withoutHeartbeats(status: NodeStatus): unknown {
  return { ...status, conditions: status.conditions?.map(({ lastHeartbeatTime: _, ...rest }) => rest) };
}
