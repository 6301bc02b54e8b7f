// Keeps flow control configured as the cluster's objects say, and says in each FlowSchema whether its priority level exists.
import { FlowSchema, PriorityLevelConfiguration } from '@berth/api';
import { type Client, Informer } from '@berth/client';
import { isReason } from '@berth/machinery';
import { type Clock, type Logger, type Random, timestamp } from '@berth/telemetry';
import type { FlowControl } from './flow-control.ts';

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
    for (const schema of this.#schemas.list()) void this.#tellWhetherDangling(schema);
  }

  async #tellWhetherDangling(schema: FlowSchema): Promise<void> {
    const { name } = schema.spec.priorityLevelConfiguration;
    const exists = this.#levels.get(name) !== undefined;
    const status = exists ? 'False' : 'True';
    if (schema.status?.conditions?.some((condition) => condition.type === 'Dangling' && condition.status === status)) return;
    const condition = {
      type: 'Dangling',
      status,
      lastTransitionTime: timestamp(this.#options.clock),
      reason: exists ? 'Found' : 'NotFound',
      message: `This FlowSchema references the PriorityLevelConfiguration object named ${JSON.stringify(name)} and ${exists ? 'it exists' : 'there is no such object'}`,
    };
    try {
      await this.#options.client.patch(
        FlowSchema,
        schema.metadata,
        'strategic',
        { status: { conditions: [condition] } },
        { subresource: 'status' },
      );
    } catch (error) {
      // Deleted meanwhile, there is nothing to say; otherwise the next change says it.
      if (!isReason(error, 'NotFound'))
        this.#options.logger.warn('a flow schema’s status could not be written', { name: schema.metadata.name, error });
    }
  }
}
