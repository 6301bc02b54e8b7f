// What a role of the control plane is, and which ones there are: each is started with a client that acts as its own user,
// and stopped in reverse order.

import type { TokenIssuer } from '@berth/apiserver';
import { type ApiServer, componentUsers, type User } from '@berth/apiserver/core';
import type { Client, Tokens } from '@berth/client';
import { ControllersRole, type FurtherOf } from '@berth/controllers';
import { AgentGateway } from '@berth/gateway';
import type { Pki } from '@berth/pki';
import { Scheduler } from '@berth/scheduler';
import type { Ports } from '@berth/telemetry';
import type { Registry } from 'prom-client';
import type { ControlPlaneConfig, Role } from './config.ts';

export interface RoleContext extends Ports {
  config: ControlPlaneConfig;
  api: ApiServer;
  /** Absent in simulations: then nothing listens. */
  pki: Pki | undefined;
  tokens: Tokens;
  /** Of service accounts' tokens. */
  issuer: TokenIssuer;
  /** Where a role adds what it counts. */
  registry: Registry;
  clientFor(user: User): Client;
  /** What servers that extend the API have in a namespace that is being deleted, as far as this process knows them. */
  further?: FurtherOf;
}

export interface RoleRunner {
  /** Resolves when the role does its work. */
  start(context: RoleContext): Promise<void>;
  stop(): Promise<void>;
}

class AgentsRole implements RoleRunner {
  #gateway: AgentGateway | undefined;

  async start(context: RoleContext): Promise<void> {
    const { config, clock, random, logger, pki, tokens, api } = context;
    const gateway = new AgentGateway({
      clock,
      random,
      logger: logger.with({ role: 'agents' }),
      config,
      client: context.clientFor(componentUsers.gateway),
      ...(pki && {
        pki: { authority: pki.authority, serving: pki.gatewayServing, verifyJoinToken: (token) => tokens.verifyJoinToken(token) },
      }),
    });
    this.#gateway = gateway;
    api.nodes.openBy(gateway.connector);
    api.useUsages(gateway.hub.usages);
    await gateway.start();
  }

  async stop(): Promise<void> {
    await this.#gateway?.stop();
  }
}

class SchedulerRole implements RoleRunner {
  #scheduler: Scheduler | undefined;
  #forgetDecisions = (): void => undefined;

  async start(context: RoleContext): Promise<void> {
    const { clock, random, logger, registry, api } = context;
    const client = context.clientFor(componentUsers.scheduler);
    this.#scheduler = new Scheduler({ clock, random, logger: logger.with({ role: 'scheduler' }), registry, client });
    this.#forgetDecisions = api.useDecisions(this.#scheduler.decisions);
    await this.#scheduler.start();
  }

  async stop(): Promise<void> {
    this.#forgetDecisions();
    await this.#scheduler?.stop();
  }
}

/** The role `api` is the server itself, which control-plane.ts starts before all of these. */
const runners: Partial<Record<Role, () => RoleRunner>> = {
  agents: () => new AgentsRole(),
  controllers: () => new ControllersRole(),
  scheduler: () => new SchedulerRole(),
};

export function runnersFor(chosen: Role[]): RoleRunner[] {
  return chosen.map((role) => runners[role]?.()).filter((runner) => runner !== undefined);
}
