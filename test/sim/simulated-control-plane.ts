// One life of a control plane with every role, over a store that outlives it.
import { kinds, kindViews } from '@berth/api';
import { ApiServer, componentUsers } from '@berth/apiserver/core';
import { InformerSet } from '@berth/client';
import { AddressPool, ControllersRole } from '@berth/controllers';
import { AgentGateway } from '@berth/gateway';
import { Scheduler } from '@berth/scheduler';
import type { Store } from '@berth/store';
import type { Clock, Logger, Random } from '@berth/telemetry';
import { Life } from '@berth/testing';
import { Registry } from 'prom-client';
import { type ControlPlaneConfig, defaultConfig } from '../../apps/control-plane/src/config.ts';
import { faultyStore, type StoreFaults } from './faulty-store.ts';

export interface SimulationPorts {
  clock: Clock;
  random: Random;
  logger: Logger;
}

const config: ControlPlaneConfig = {
  ...defaultConfig,
  ...{ dataDirectory: '/simulated', store: { driver: 'memory' } },
  loadBalancerPool: AddressPool.parse('192.0.2.200-192.0.2.220'),
};

export class SimulatedControlPlane {
  readonly life = new Life();
  readonly api: ApiServer;
  readonly gateway: AgentGateway;
  readonly #ports: SimulationPorts;
  readonly #controllers = new ControllersRole();
  readonly #scheduler: Scheduler;

  constructor(store: Store, ports: SimulationPorts, faults: () => StoreFaults) {
    const mortal = { ...ports, clock: this.life.clock(ports.clock) };
    this.#ports = mortal;
    const metrics = new Registry();
    this.api = new ApiServer({
      ...mortal,
      kinds: [...kinds, ...kindViews],
      config,
      store: faultyStore(store, { ...ports, life: this.life, faults }),
    });
    const gatewayClient = this.api.localClient(componentUsers.gateway);
    const informers = new InformerSet({ ...mortal, client: gatewayClient });
    this.gateway = new AgentGateway({ ...mortal, config, client: gatewayClient, informers });
    this.#scheduler = new Scheduler({ ...mortal, registry: metrics, client: this.api.localClient(componentUsers.scheduler) });
  }

  /** May never resolve when it dies meanwhile. */
  async start(): Promise<void> {
    await this.api.start();
    await this.gateway.start();
    await this.#controllers.start({ ...this.#ports, clientFor: (user) => this.api.localClient(user), config });
    await this.#scheduler.start();
  }
}
