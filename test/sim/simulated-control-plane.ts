// One life of a control plane with every role, over a store that outlives it.
import { kinds, kindViews } from '@berth/api';
import { ApiServer, type User } from '@berth/apiserver/core';
import { AddressPool } from '@berth/controllers';
import type { AgentGateway } from '@berth/gateway';
import type { Store } from '@berth/store';
import type { Ports } from '@berth/telemetry';
import { Life } from '@berth/testing';
import { Registry } from 'prom-client';
import { type ControlPlaneConfig, defaultConfig } from '../../apps/control-plane/src/config.ts';
import { Roles } from '../../apps/control-plane/src/roles.ts';
import { faultyStore, type StoreFaults } from './faulty-store.ts';

export type SimulationPorts = Ports;

const config: ControlPlaneConfig = {
  ...defaultConfig,
  ...{ dataDirectory: '/simulated', store: { driver: 'memory' } },
  loadBalancerPool: AddressPool.parse('192.0.2.200-192.0.2.220'),
};

export class SimulatedControlPlane {
  readonly life = new Life();
  readonly api: ApiServer;
  readonly #roles: Roles;

  constructor(store: Store, ports: SimulationPorts, faults: () => StoreFaults) {
    const mortal = { ...ports, clock: this.life.clock(ports.clock) };
    const inner = faultyStore(store, { ...ports, life: this.life, faults });
    this.api = new ApiServer({ ...mortal, config, kinds: [...kinds, ...kindViews], store: inner });
    const clientFor = (user: User) => this.api.localClient(user);
    this.#roles = new Roles(config.roles, { ...mortal, config, api: this.api, registry: new Registry(), clientFor });
  }

  get gateway(): AgentGateway | undefined {
    return this.#roles.gateway;
  }

  /** May never resolve when it dies meanwhile. */
  async start(): Promise<void> {
    await this.api.start();
    await this.#roles.start();
  }
}
