// Keeps flow control configured as the cluster's objects say, and says in each FlowSchema whether its priority level exists, as the manager
// that Kubernetes' API server does it as.
import { FlowSchema, PriorityLevelConfiguration } from '@berth/api';
import { type Client, Informer } from '@berth/client';
import { isReason } from '@berth/machinery';
import { type Clock, type Logger, type Random, timestamp } from '@berth/telemetry';
import type { FlowControl } from './flow-control.ts';

const fieldManager = 'api-priority-and-fairness-config-consumer-v1';

export interface FlowFeedOptions {
  client: Client;
  flowControl: FlowControl;
  clock: Clock;
  random: Random;
  logger: Logger;
}

export class FlowFeed {
  readonly #options: FlowFeedOptions;
  readonly #schemas: Informer<FlowSchema>;
  readonly #levels: Informer<PriorityLevelConfiguration>;
  #isScheduled = false;

  constructor(options: FlowFeedOptions) {
    this.#options = options;
    this.#schemas = new Informer(options, FlowSchema);
    this.#levels = new Informer(options, PriorityLevelConfiguration);
    for (const informer of [this.#schemas, this.#levels]) informer.onChange(() => this.#schedule());
  }

  /** Resolves when what is there has taken effect. */
  async start(): Promise<void> {
    this.#schemas.start();
    this.#levels.start();
    await Promise.all([this.#schemas.synced, this.#levels.synced]);
    this.#configure();
  }

  stop(): void {
    this.#schemas.stop();
    this.#levels.stop();
  }

  /** Many changes at once, as at a start, are one. */
  #schedule(): void {
    if (this.#isScheduled || !this.#schemas.hasSynced || !this.#levels.hasSynced) return;
    this.#isScheduled = true;
    queueMicrotask(() => {
      this.#isScheduled = false;
      this.#configure();
    });
  }

  #configure(): void {
    this.#options.flowControl.configure(this.#schemas.list(), this.#levels.list());
    for (const schema of this.#schemas.list()) void this.#reportDangling(schema);
  }

  async #reportDangling(schema: FlowSchema): Promise<void> {
    const { name } = schema.spec.priorityLevelConfiguration;
    const exists = this.#levels.get(name) !== undefined;
    const reported = {
      type: 'Dangling',
      status: exists ? 'False' : 'True',
      reason: exists ? 'Found' : 'NotFound',
      message: `This FlowSchema references the PriorityLevelConfiguration object named ${JSON.stringify(name)} ${exists ? 'and it exists' : 'but there is no such object'}`,
    };
    const known = schema.status?.conditions?.find(({ type }) => type === 'Dangling');
    if (known?.status === reported.status && known.reason === reported.reason && known.message === reported.message) return;
    const { apiVersion, kind, metadata } = schema;
    const conditions = [{ ...reported, lastTransitionTime: timestamp(this.#options.clock) }];
    const applied = { apiVersion, kind, metadata: { name: metadata.name }, status: { conditions } };
    try {
      await this.#options.client.patch(FlowSchema, metadata, 'apply', applied, { subresource: 'status', fieldManager, force: true });
    } catch (error) {
      // Deleted meanwhile, there is nothing to say; otherwise the next change says it.
      if (!isReason(error, 'NotFound'))
        this.#options.logger.warn('a flow schema’s status could not be written', { name: schema.metadata.name, error });
    }
  }
}
