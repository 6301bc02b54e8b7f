// The roles of the control plane beside `api`, which is the server itself: what each needs of the process, and how it is made, started
// and stopped. One table for whoever runs them, so that what a simulation runs is what ships.
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

/** What a process gives its roles. */
export interface RoleContext extends Ports {
  config: ControlPlaneConfig;
  api: ApiServer;
  /** Absent in simulations: then nothing listens, and nothing is signed. */
  identity?: RoleIdentity;
  /** Where a role adds what it counts. */
  registry: Registry;
  /** For every role one that acts as its own user. */
  clientFor(user: User): Client;
  /** What servers that extend the API have in a namespace that is being deleted, as far as this process knows them. */
  further?: FurtherOf;
}

export interface RoleIdentity {
  pki: Pki;
  /** Of people and nodes that join. */
  tokens: Tokens;
  /** Of service accounts' tokens. */
  issuer: TokenIssuer;
}

/** @template Need what it sees of the context, and nothing else */
interface RoleDefinition<Need extends keyof RoleContext, Part> {
  needs: readonly Need[];
  make(context: Pick<RoleContext, Need>): Part;
  /** Resolves when the role does its work. */
  start(part: Part): Promise<void>;
  /** Also of what was started by half. */
  stop(part: Part): Promise<void>;
}

const agents = role({
  needs: ['clock', 'random', 'logger', 'config', 'identity', 'api', 'clientFor'],
  make({ clock, random, logger, config, identity, api, clientFor }) {
    const gateway = new AgentGateway({
      ...{ clock, random, config, logger: logger.with({ role: 'agents' }), client: clientFor(componentUsers.gateway) },
      ...(identity && { pki: gatewayPki(identity) }),
    });
    return { gateway, api };
  },
  async start({ gateway, api }) {
    api.nodes.openBy(gateway.connector);
    api.useUsages(gateway.hub.usages);
    await gateway.start();
  },
  stop: ({ gateway }) => gateway.stop(),
});

const controllers = role({
  needs: ['clock', 'random', 'logger', 'config', 'identity', 'registry', 'clientFor', 'further'],
  make: ({ identity, ...context }) => new ControllersRole({ ...context, ...identity }),
  start: (part) => part.start(),
  stop: (part) => part.stop(),
});

const scheduler = role({
  needs: ['clock', 'random', 'logger', 'tracer', 'api', 'registry', 'clientFor'],
  make({ clock, random, logger, tracer, api, registry, clientFor }) {
    const client = clientFor(componentUsers.scheduler);
    const running = new Scheduler({ clock, random, tracer, registry, client, logger: logger.with({ role: 'scheduler' }) });
    return { running, api, forgetDecisions: (): void => undefined };
  },
  async start(part) {
    part.forgetDecisions = part.api.useDecisions(part.running.decisions);
    await part.running.start();
  },
  async stop({ running, forgetDecisions }) {
    forgetDecisions();
    await running.stop();
  },
});

const table = { agents, controllers, scheduler };
type RoleName = keyof typeof table;

interface MadeRole {
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** The chosen roles of one process, made for it. */
export class Roles {
  readonly #made: MadeRole[];
  readonly #begun: MadeRole[] = [];
  /** Of the role `agents`. */
  readonly gateway: AgentGateway | undefined;

  constructor(chosen: Role[], context: RoleContext) {
    const made = chosen.filter((name): name is RoleName => name in table).map((name) => table[name](context));
    this.#made = made;
    this.gateway = made.map(({ part }) => part).find((part) => 'gateway' in part)?.gateway;
  }

  /** One after the other. */
  async start(): Promise<void> {
    for (const made of this.#made) {
      this.#begun.push(made);
      await made.start();
    }
  }

  /** Backwards. Whatever was started, also by half. */
  async stop(): Promise<void> {
    for (let made = this.#begun.pop(); made; made = this.#begun.pop()) await made.stop();
  }
}

function role<Need extends keyof RoleContext, Part>({ needs, make, start, stop }: RoleDefinition<Need, Part>) {
  return (context: RoleContext) => {
    const given = Object.fromEntries(needs.map((need) => [need, context[need]])) as Pick<RoleContext, Need>;
    const part = make(given);
    return { part, start: () => start(part), stop: () => stop(part) };
  };
}

function gatewayPki({ pki, tokens }: RoleIdentity) {
  return { authority: pki.authority, serving: pki.gatewayServing, verifyJoinToken: (token: string) => tokens.verifyJoinToken(token) };
}
