// What a role of the control plane is, and which ones there are: each is started with a client that acts as its own user,
// and stopped in reverse order.
import type { Client, Tokens } from '@berth/client';
import type { Registry } from 'prom-client';
import { AgentGateway } from './agents/gateway.ts';
import type { TokenIssuer } from './api/authentication/service-accounts/token-issuer.ts';
import type { ApiServer, User } from './api/core/index.ts';
import { componentUsers } from './api/core/index.ts';
import type { ControlPlaneConfig, Ports, Role } from './config.ts';
import { ControllersRole } from './controllers/controllers-role.ts';
import type { FurtherOf } from './controllers/namespace.ts';
import type { Pki } from './pki/pki.ts';
import { SchedulerRole } from './scheduler/scheduler-role.ts';

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

/** The role `api` is the server itself, which control-plane.ts starts before all of these. */
const runners: Partial<Record<Role, () => RoleRunner>> = {
  agents: () => new AgentsRole(),
  controllers: () => new ControllersRole(),
  scheduler: () => new SchedulerRole(),
};

export function runnersFor(chosen: Role[]): RoleRunner[] {
  return chosen.map((role) => runners[role]?.()).filter((runner) => runner !== undefined);
}
