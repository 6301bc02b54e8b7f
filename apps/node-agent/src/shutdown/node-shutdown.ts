// Switching a machine off without pulling the rug from under its pods, as the kubelet does it: the node says that it is shutting down
// and takes no pod any more; pods end as failed, the lowest priorities first, each group within its time.
import { isTerminal, type Pod } from '@berth/api';
import type { Clock, Logger } from '@berth/telemetry';
import { type Failure, terminationByKubelet } from '../pods/failure.ts';
import { type ShutdownPeriod, shutdownGroups } from './shutdown-periods.ts';

const message = 'Pod was terminated in response to imminent node shutdown.';
const defaultGraceSeconds = 30;

export interface NodeShutdownDeps {
  periods: ShutdownPeriod[];
  /** Of this node, with their statuses. */
  pods(): Pod[];
  /** Resolves once nothing of it runs. */
  evict(uid: string, failure: Failure): Promise<void>;
  /** About the node. */
  event(reason: string, message: string): void;
  /** Whether the node shuts down is another answer than before. */
  changed(): void;
  clock: Clock;
  logger: Logger;
}

export class NodeShutdown {
  readonly #deps: NodeShutdownDeps;
  #isShuttingDown = false;

  constructor(deps: NodeShutdownDeps) {
    this.#deps = deps;
  }

  get isShuttingDown(): boolean {
    return this.#isShuttingDown;
  }

  /** Resolves once pods have ended or had their time, and the machine may go. */
  async begin(): Promise<void> {
    if (this.#isShuttingDown) return;
    const { periods, pods, event, changed, logger } = this.#deps;
    event('NodeShutdown', 'Shutdown manager detected shutdown event');
    this.#isShuttingDown = true;
    changed();
    const active = pods().filter(({ status }) => !isTerminal(status?.phase));
    for (const group of shutdownGroups(periods, active)) {
      logger.info('pods end, as the node is shutting down', { priority: group.priority, seconds: group.seconds, pods: group.pods.length });
      await this.#end(group.pods, group.seconds);
    }
    logger.info('pods have ended or had their time: the node may be switched off');
  }

  /** Pods that are ending go on doing so; others are taken again. */
  cancel(): void {
    if (!this.#isShuttingDown) return;
    this.#isShuttingDown = false;
    this.#deps.event('NodeShutdown', 'Shutdown manager detected shutdown cancellation');
    this.#deps.changed();
  }

  /** Whoever takes longer than its time keeps nobody waiting. */
  async #end(pods: Pod[], seconds: number): Promise<void> {
    const { evict, clock, logger } = this.#deps;
    const isOver = new AbortController();
    const ends = pods.map(({ metadata, spec }) =>
      evict(metadata.uid ?? '', {
        ...{ reason: 'Terminated', message, condition: terminationByKubelet(message), hasNoEvent: true as const },
        graceSeconds: Math.min(spec.terminationGracePeriodSeconds ?? defaultGraceSeconds, seconds),
      }),
    );
    // Woken when all have ended: then nobody waits for the time any more.
    const timeout = clock.sleep(seconds * 1000, isOver.signal).catch(() => undefined);
    await Promise.race([Promise.allSettled(ends), timeout.then(() => logger.debug('a group of pods has had its time', { seconds }))]);
    isOver.abort();
  }
}
