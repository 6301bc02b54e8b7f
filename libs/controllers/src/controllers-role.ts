// The role `controllers`: one set of informers, and a runner for every controller on it.
import { Namespace } from '@berth/api';
import { componentUsers, type User } from '@berth/apiserver/core';
import { type Client, EventRecorder, InformerSet } from '@berth/client';
import { type Controller, ControllerRunner, type QueueState } from '@berth/controller';
import type { CertificateAuthority } from '@berth/pki';
import type { Ports } from '@berth/telemetry';
import type { Registry } from 'prom-client';
import { AccountSecrets, type LegacyTokenIssuer } from './account-secrets.ts';
import { UsageReading } from './autoscaler/usage-reading.ts';
import { CertificateSigner } from './certificates/certificate-signer.ts';
import { controllersFor } from './controllers.ts';
import type { AddressPool } from './load-balancer/address-pool.ts';
import type { FurtherOf } from './namespace.ts';
import { AttendedTime } from './nodes/attended-time.ts';
import { NodeCounters } from './nodes/node-metrics.ts';
import { QueueCounters } from './queue-metrics.ts';

export interface ControllersConfig {
  /** In which schedules that name no time zone are read; UTC when absent. */
  timeZone?: string;
  /** For services of type LoadBalancer; without one they have the addresses of nodes. */
  loadBalancerPool?: AddressPool;
}

/** What controllers need of the process they run in; a test gives no more than it is about. */
export interface ControllersContext extends Ports {
  clientFor(user: User): Client;
  issuer?: LegacyTokenIssuer | undefined;
  pki?: { authority: CertificateAuthority } | undefined;
  /** Where they add what they count. */
  registry?: Registry;
  config?: ControllersConfig;
  /** What servers that extend the API have in a namespace that is being deleted, as far as this process knows them. */
  further?: FurtherOf | undefined;
}

export class ControllersRole {
  readonly #context: ControllersContext;
  #informers: InformerSet | undefined;
  #runners: ControllerRunner[] = [];
  #signer: CertificateSigner | undefined;
  #accountSecrets: AccountSecrets | undefined;
  #attendance: AttendedTime | undefined;
  #nodeCounters: NodeCounters | undefined;
  #queueCounters: QueueCounters | undefined;

  constructor(context: ControllersContext) {
    this.#context = context;
  }

  async start(): Promise<void> {
    const context = this.#context;
    const { clock, random } = context;
    const logger = context.logger.with({ role: 'controllers' });
    const client = context.clientFor(componentUsers.controllerManager);
    const informers = new InformerSet({ client, clock, random, logger });
    this.#informers = informers;
    const { pki } = context;
    if (pki) this.#signer = new CertificateSigner({ authority: pki.authority, client, informers, clock, random, logger });
    if (context.issuer && pki) {
      const caCertificate = pki.authority.pem;
      this.#accountSecrets = new AccountSecrets({ issuer: context.issuer, caCertificate, client, informers, clock, random, logger });
    }
    const reading = new UsageReading(client, clock);
    const { timeZone = 'UTC', loadBalancerPool } = context.config ?? {};
    const attendance = new AttendedTime(clock, async () => void (await client.list(Namespace, { limit: 1 })));
    this.#attendance = attendance;
    this.#nodeCounters = context.registry && new NodeCounters(context.registry);
    const queueCounters = context.registry && new QueueCounters(context.registry);
    this.#queueCounters = queueCounters;
    const queueMetrics = queueCounters && ((name: string, queue: QueueState) => queueCounters.of(name, queue));
    const controllers = controllersFor({
      ...{ caCertificate: context.pki?.authority.pem, attendance, timeZone, usages: () => reading.current(), further: context.further },
      ...(loadBalancerPool && { loadBalancerPool }),
      ...(this.#nodeCounters && { nodeMetrics: this.#nodeCounters }),
    });
    checkOwners(controllers);
    // Each has a recorder of its own, as events name the controller that they come from.
    this.#runners = controllers.map((controller) => {
      const events = new EventRecorder({ client, clock, random, logger }, { component: controller.name });
      return new ControllerRunner({ client, informers, events, clock, random, logger, queueMetrics }, [controller]);
    });
    attendance.start();
    await Promise.all(this.#runners.map((runner) => runner.start()));
    logger.info('controllers are at work', { controllers: controllers.map(({ name }) => name) });
  }

  async stop(): Promise<void> {
    // What an action under way waits to see never comes once nothing watches any more.
    this.#informers?.stop();
    this.#attendance?.stop();
    this.#nodeCounters?.stop();
    this.#queueCounters?.stop();
    await Promise.all([...this.#runners.map((runner) => runner.stop()), this.#signer?.stop(), this.#accountSecrets?.stop()]);
  }
}

/** @throws RangeError when two controllers declare the same field as theirs */
function checkOwners(controllers: Controller[]): void {
  const owners = new Map<string, string>();
  for (const { name, owns } of controllers) {
    for (const field of owns) {
      const other = owners.get(field);
      if (other) throw new RangeError(`${name} and ${other} both declare ${field} as theirs`);
      owners.set(field, name);
    }
  }
}
