// Ingresses over a real HAProxy on loopback addresses: endpoints are servers of this process, each on an address of its own, and what the node
// says is kept. Everything is ended with the lab.
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { EndpointSlice, Ingress, Service } from '@berth/api';
import type { IngressCertificate } from '@berth/protocol';
import { silentLogger, systemClock } from '@berth/telemetry';
import { selfSigned } from '@berth/testing';
import type { ProxyPorts } from '../../../apps/node-agent/src/ingress/haproxy-config.ts';
import { HaproxyIngress } from '../../../apps/node-agent/src/ingress/haproxy-ingress.ts';
import { isPortFree } from '../../../apps/node-agent/src/ingress/port-probe.ts';

export interface ServerHandlers {
  request?(request: IncomingMessage): string | Promise<string>;
}

export class IngressLab implements AsyncDisposable {
  readonly ports: ProxyPorts & { http: number; https: number };
  readonly directory: string;
  readonly events: string[] = [];
  readonly #servers: Server[] = [];
  #endpointPort = 0;
  proxy: HaproxyIngress;

  private constructor(directory: string, ports: { http: number; https: number }) {
    this.directory = directory;
    this.ports = ports;
    this.proxy = this.#newProxy();
  }

  static async create(): Promise<IngressLab> {
    // Short, for the sockets in it.
    const directory = await mkdtemp('/run/berth-ingress-');
    return new IngressLab(directory, { http: await freePort(), https: await freePort() });
  }

  #newProxy(): HaproxyIngress {
    const event = (reason: string, message: string) => this.events.push(`${reason}: ${message}`);
    return new HaproxyIngress({
      directory: join(this.directory, 'proxy'),
      ports: this.ports,
      clock: systemClock,
      logger: silentLogger,
      event,
    });
  }

  /** As when the agent is started anew. */
  async restartAgent(): Promise<void> {
    await this.proxy.stop();
    this.proxy = this.#newProxy();
  }

  get pidFile(): string {
    return join(this.directory, 'proxy', 'haproxy.pid');
  }

  async pid(): Promise<number> {
    return Number(await readFile(this.pidFile, 'utf8'));
  }

  /** A server that answers with its name; all of a lab have one port. @param address of the loopback net */
  async serve(address: string, name: string, { request: answer }: ServerHandlers = {}): Promise<Server> {
    const server = createServer((request, response) => {
      void Promise.resolve(answer?.(request) ?? name).then((text) => response.end(text));
    });
    server.listen(this.#endpointPort, address);
    await once(server, 'listening');
    this.#endpointPort = (server.address() as AddressInfo).port;
    this.#servers.push(server);
    return server;
  }

  service(name: string, more: Partial<Service['spec']> = {}): Service {
    const ports = [{ name: 'http', port: 80, protocol: 'TCP' as const }];
    return { apiVersion: 'v1', kind: 'Service', metadata: { name, namespace: 'default' }, spec: { ports, ...more } };
  }

  slice(service: string, addresses: string[]): EndpointSlice {
    return {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name: `${service}-1`, namespace: 'default', labels: { 'kubernetes.io/service-name': service } },
      addressType: 'IPv4',
      endpoints: addresses.map((address) => ({ addresses: [address], conditions: { ready: true } })),
      ports: [{ name: 'http', port: this.#endpointPort, protocol: 'TCP' }],
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.proxy.tearDown();
    for (const server of this.#servers) {
      server.closeAllConnections();
      server.close();
    }
    await rm(this.directory, { recursive: true, force: true });
  }
}

/** A path as `/path service`, with `=` before it for an exact one. */
export function ingress(name: string, spec: Ingress['spec'] | Record<string, string[]>, createdAt = '2026-01-01T00:00:00Z'): Ingress {
  const isSpec = 'rules' in spec || 'defaultBackend' in spec || 'tls' in spec;
  const rules = Object.entries(isSpec ? {} : (spec as Record<string, string[]>)).map(([host, paths]) => ({
    host,
    http: { paths: paths.map(pathOf) },
  }));
  const metadata = { name, namespace: 'default', creationTimestamp: createdAt };
  return { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', metadata, spec: isSpec ? (spec as Ingress['spec']) : { rules } };
}

function pathOf(text: string) {
  const [path = '', service = ''] = text.split(' ');
  const isExact = path.startsWith('=');
  return { path: isExact ? path.slice(1) : path, pathType: isExact ? 'Exact' : 'Prefix', backend: backendOf(service) };
}

export function backendOf(service: string) {
  return { service: { name: service, port: { number: 80 } } };
}

export async function certificate(name: string, names: string[]): Promise<IngressCertificate> {
  const spec = { ...(await selfSigned(names)), names };
  return {
    apiVersion: 'berth.io/v1',
    kind: 'IngressCertificate',
    metadata: { name, namespace: 'default', uid: name, resourceVersion: '1' },
    spec,
  };
}

/** Below those that the kernel gives to outgoing connections, which could take one in between. */
async function freePort(): Promise<number> {
  for (;;) {
    const port = 26_000 + Math.floor(Math.random() * 4_000);
    if (await isPortFree(port)) return port;
  }
}
