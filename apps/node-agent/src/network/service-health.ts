// Answers load balancers outside of the cluster that ask whether this node has endpoints of a service whose traffic stays on a node
// (`healthCheckNodePort`): 200 where it has, else 503, in the form that kube-proxy's has. A balancer that is told so in time sends nothing in vain.
import { createServer, type Server } from 'node:http';
import { isIPv4 } from 'node:net';
import type { EndpointSlice, Service } from '@berth/api';
import { keyOf } from '@berth/machinery';
import { type Clock, type Logger, logAcceptErrors } from '@berth/telemetry';
import { slicesByService, slicesOf } from './endpoints.ts';

/** Of one port: balancers are few, and ask every few seconds. */
const connectionsMax = 100;
/** For a question to be complete, and for a connection without one. */
const timeoutMs = 5_000;

interface Health {
  service: { namespace: string; name: string };
  localEndpoints: number;
}

interface Listening {
  server: Server;
  health: Health;
}

export interface ServiceHealthOptions {
  nodeName: string;
  /** Where it listens; absent is everywhere. */
  address?: string;
  clock: Clock;
  logger: Logger;
}

/** Those for which somebody may ask. Pure. */
export function askedServices(services: Service[]): Service[] {
  return services.filter(({ spec }) => spec.type === 'LoadBalancer' && spec.externalTrafficPolicy === 'Local' && spec.healthCheckNodePort);
}

/** The ports of those for which somebody may ask, and what they are told. Pure. */
export function serviceHealth(asked: Service[], slices: EndpointSlice[], nodeName: string): Map<number, Health> {
  const healths = new Map<number, Health>();
  if (asked.length === 0) return healths;
  const known = slicesByService(slices);
  for (const service of asked) {
    const { healthCheckNodePort = 0 } = service.spec;
    const local = slicesOf(known, service).flatMap(({ endpoints = [] }) =>
      endpoints.flatMap(({ nodeName: node, conditions, addresses }) =>
        node === nodeName && conditions?.ready !== false ? addresses.filter(isIPv4) : [],
      ),
    );
    const { namespace = '', name } = service.metadata;
    healths.set(healthCheckNodePort, { service: { namespace, name }, localEndpoints: new Set(local).size });
  }
  return healths;
}

export class ServiceHealthServers {
  readonly #options: ServiceHealthOptions;
  readonly #listening = new Map<number, Listening>();
  /** Most changes are of endpoints: the list of services is the same one then. */
  #services: Service[] = [];
  #asked: Service[] = [];

  constructor(options: ServiceHealthOptions) {
    this.#options = options;
  }

  /** Resolves once all ports that can be had are listened on; of others the log tells, and the next call tries again. */
  async sync(services: Service[], slices: EndpointSlice[]): Promise<void> {
    if (services !== this.#services) this.#asked = askedServices(services);
    this.#services = services;
    const wanted = serviceHealth(this.#asked, slices, this.#options.nodeName);
    for (const port of [...this.#listening.keys()]) if (!wanted.has(port)) await this.#close(port);
    for (const [port, health] of wanted) {
      const listening = this.#listening.get(port);
      if (listening) listening.health = health;
      else await this.#listen(port, health);
    }
  }

  async stop(): Promise<void> {
    for (const port of [...this.#listening.keys()]) await this.#close(port);
  }

  async #listen(port: number, health: Health): Promise<void> {
    const server = createServer(
      { requestTimeout: timeoutMs, headersTimeout: timeoutMs, keepAliveTimeout: timeoutMs },
      (_request, response) => {
        const { service, localEndpoints } = this.#listening.get(port)?.health ?? { ...health, localEndpoints: 0 };
        response.writeHead(localEndpoints > 0 ? 200 : 503, {
          'content-type': 'application/json',
          'x-content-type-options': 'nosniff',
          'x-load-balancing-endpoint-weight': String(localEndpoints),
        });
        response.end(JSON.stringify({ service, localEndpoints, serviceProxyHealthy: true }, undefined, '\t'));
      },
    );
    server.maxConnections = connectionsMax;
    try {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen(port, this.#options.address, resolve);
      });
    } catch (error) {
      this.#options.logger.warn('a port for health checks of a service cannot be had', {
        port,
        service: keyOf({ metadata: health.service }),
        error,
      });
      return;
    }
    logAcceptErrors(server, this.#options);
    this.#listening.set(port, { server, health });
  }

  async #close(port: number): Promise<void> {
    const listening = this.#listening.get(port);
    this.#listening.delete(port);
    if (!listening) return;
    const closed = new Promise((resolve) => listening.server.close(resolve));
    listening.server.closeAllConnections();
    await closed;
  }
}
