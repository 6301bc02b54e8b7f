// Keeps the condition Available of APIServices true: looks again when they, their service or its endpoints change, every half a minute,
// and ever later where it fails. Those that this server answers for itself are always available.
import { APIService, localCondition } from '@berth/api';
import type { InformerDeps } from '@berth/client';
import { deepEqual, isReason } from '@berth/machinery';
import { timestamp } from '@berth/telemetry';
import { type ApiServiceTable, availability } from './api-service-table.ts';
import { discoveryCheck, type Finding, serviceProblem } from './availability-check.ts';
import type { AvailabilityMetrics } from './availability-metrics.ts';
import type { FarServers } from './far-servers.ts';
import { type Outcome, Polling } from './polling.ts';
import { ServiceWatch } from './service-watch.ts';

const againMs = 30_000;

export interface AvailabilityOptions extends InformerDeps {
  table: ApiServiceTable;
  servers: FarServers;
  metrics: AvailabilityMetrics;
}

export class Availability {
  readonly #options: AvailabilityOptions;
  readonly #polling: Polling;
  readonly #services: ServiceWatch;

  constructor(options: AvailabilityOptions) {
    this.#options = options;
    this.#polling = new Polling({ ...options, againMs, look: (name, signal) => this.#tried(name, signal) });
    this.#services = new ServiceWatch(options, (namespace, name) => {
      for (const { service, name: key } of options.table.aggregated) {
        if (service.namespace === namespace && service.name === name) this.#polling.add(key);
      }
    });
  }

  async stop(): Promise<void> {
    this.#services.stop();
    await this.#polling.stop();
  }

  async #tried(name: string, signal: AbortSignal): Promise<Outcome> {
    const { logger, table } = this.#options;
    try {
      return await this.#look(name, signal);
    } catch (error) {
      // Somebody else was faster; the change that it made is looked at next.
      const isExpected = isReason(error, 'Conflict') || isReason(error, 'NotFound');
      if (!isExpected && !signal.aborted) logger.warn('an APIService could not be checked; trying again', { name, error });
      return 'failed';
    } finally {
      if (table.size === 0) this.#services.stop();
    }
  }

  async #look(name: string, signal: AbortSignal): Promise<Outcome> {
    const { table, metrics, servers } = this.#options;
    const service = table.get(name);
    if (!service) {
      metrics.forget(name);
      return 'settled';
    }
    const target = table.aggregated.find((version) => version.name === name);
    if (!target) {
      await this.#write(service, localCondition(''));
      return 'settled';
    }
    const facts = await this.#services.facts(target.service.namespace, target.service.name);
    if (!facts) return 'settled';
    const finding = serviceProblem(target, facts) ?? (await discoveryCheck({ servers, target, service: facts.service, signal }));
    if (signal.aborted) return 'settled';
    await this.#write(service, finding);
    return finding.reason === 'FailedDiscoveryCheck' ? 'failed' : 'again';
  }

  /** Only what has changed; a time stays while the status does. */
  async #write(service: APIService, finding: Pick<Finding, 'reason' | 'message'> & { status: string }): Promise<void> {
    const { client, clock, metrics, table } = this.#options;
    const { name } = service.metadata;
    const former = availability(service.status);
    const isAvailable = finding.status === 'True';
    metrics.seen(name, isAvailable);
    const lastTransitionTime = former?.status === finding.status ? (former.lastTransitionTime ?? timestamp(clock)) : timestamp(clock);
    const { status, reason, message } = finding;
    const condition = { type: 'Available', status, lastTransitionTime, reason, message };
    const conditions = service.status?.conditions ?? [];
    const next = { conditions: former ? conditions.map((one) => (one === former ? condition : one)) : [...conditions, condition] };
    if (deepEqual(next, service.status)) return;
    // It may have been deleted while its server was asked.
    if (!table.get(name)) return;
    await client.updateStatus(APIService, { ...service, status: next });
    if (former?.status === 'True' && !isAvailable) metrics.lost(name, reason);
  }
}
