// Writes the status of policies: which generation has been looked at, and what of it does not fit the kinds that it is about.
import { ValidatingAdmissionPolicy } from '@berth/api';
import { type Client, Informer } from '@berth/client';
import { isReason } from '@berth/machinery';
import type { Clock, Logger, Random } from '@berth/telemetry';
import { type KindLookup, typeWarnings } from './type-checking.ts';

const againMs = 1_000;
/** As in Kubernetes, whose controller manager does it. */
const fieldManager = 'validatingadmissionpolicy-status-controller';

export interface PolicyStatusesOptions {
  client: Client;
  kinds: KindLookup;
  clock: Clock;
  random: Random;
  logger: Logger;
}

export class PolicyStatuses {
  readonly #options: PolicyStatusesOptions;
  readonly #informer: Informer<ValidatingAdmissionPolicy>;
  readonly #waiting = new Set<string>();
  #running: Promise<void> | undefined;
  #isStopping = false;

  constructor(options: PolicyStatusesOptions) {
    this.#options = options;
    this.#informer = new Informer(options, ValidatingAdmissionPolicy);
    this.#informer.onChange((type, { metadata }) => {
      if (type !== 'DELETED') this.#enqueue(metadata.name);
    });
  }

  start(): void {
    this.#informer.start();
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#informer.stop();
    await this.#running;
  }

  #enqueue(name: string): void {
    if (this.#isStopping) return;
    this.#waiting.add(name);
    this.#running ??= this.#work().finally(() => {
      this.#running = undefined;
      const [next] = this.#waiting;
      if (next !== undefined) this.#enqueue(next);
    });
  }

  async #work(): Promise<void> {
    for (const name of this.#waiting) {
      if (this.#isStopping) return;
      this.#waiting.delete(name);
      await this.#look(name).catch((error: unknown) => this.#failed(name, error));
    }
  }

  #failed(name: string, error: unknown): void {
    if (this.#isStopping || isReason(error, 'NotFound')) return;
    const { clock, logger } = this.#options;
    // Somebody else was faster; the change that it made is looked at next.
    if (!isReason(error, 'Conflict')) logger.warn('the status of an admission policy could not be written; trying again', { name, error });
    clock.after(againMs, () => this.#enqueue(name));
  }

  async #look(name: string): Promise<void> {
    const policy = this.#informer.get(name);
    const { generation = 0, deletionTimestamp, uid } = policy?.metadata ?? {};
    if (!policy || deletionTimestamp || generation <= (policy.status?.observedGeneration ?? 0)) return;
    const expressionWarnings = typeWarnings(policy, this.#options.kinds);
    const typeChecking = expressionWarnings.length > 0 ? { expressionWarnings } : {};
    const { apiVersion, kind } = policy;
    const applied = { apiVersion, kind, metadata: { name, uid }, status: { observedGeneration: generation, typeChecking } };
    const options = { subresource: 'status', fieldManager, force: true };
    await this.#options.client.patch(ValidatingAdmissionPolicy, { name }, 'apply', applied, options);
  }
}
