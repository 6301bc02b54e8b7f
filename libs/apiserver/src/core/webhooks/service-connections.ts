// Connections to services of the cluster: to a ready endpoint, through the tunnels of its node where that is a pod, so that the control
// plane needs no way of its own into the network of pods.
import { connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Client } from '@berth/client';
import { isReason } from '@berth/machinery';
import { type Tunnel, tunnelStream } from '@berth/protocol';
import type { Random } from '@berth/telemetry';
import type { PodTunnelRequest } from '../pod-connection.ts';
import { podDestination, readyEndpoint } from './service-endpoints.ts';

export interface ServiceConnection {
  stream: Duplex;
  /** `address:port` of the endpoint. */
  host: string;
}

export interface ServiceConnectionsOptions {
  client: Client;
  random: Random;
  openTunnel(nodeName: string, request: PodTunnelRequest, signal?: AbortSignal): Promise<Tunnel>;
}

export class ServiceConnections {
  readonly #options: ServiceConnectionsOptions;

  constructor(options: ServiceConnectionsOptions) {
    this.#options = options;
  }

  /** @param port of the service. @throws StatusError, or an Error in Go's words, when there is no way to it */
  async connect(namespace: string, name: string, port: number, signal?: AbortSignal): Promise<ServiceConnection> {
    const endpoint = await readyEndpoint(this.#options, { namespace, name, port: String(port) }).catch(asService(name));
    if (!endpoint.pod) {
      return { stream: await dialTcp(endpoint.address, endpoint.port, signal), host: `${endpoint.address}:${endpoint.port}` };
    }
    const { nodeName, tunnel, host } = podDestination(endpoint.pod, endpoint.port);
    try {
      return { stream: tunnelStream(await this.#options.openTunnel(nodeName, tunnel, signal)), host };
    } catch (error) {
      throw asDialled(host, error);
    }
  }
}

/** @throws Error as Go's dialer says it */
export function dialTcp(host: string, port: number, signal?: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const socket = connect({ host, port, noDelay: true });
    const onAbort = () => socket.destroy(signal?.reason);
    const onError = (error: NodeJS.ErrnoException) => {
      signal?.removeEventListener('abort', onAbort);
      reject(signal?.aborted ? signal.reason : new Error(dialProblem(host, port, error), { cause: error }));
    };
    signal?.addEventListener('abort', onAbort, { once: true });
    socket.once('error', onError);
    socket.once('connect', () => {
      signal?.removeEventListener('abort', onAbort);
      socket.removeListener('error', onError);
      // Whoever uses it hears of its end; until then nobody does.
      socket.on('error', () => {});
      resolve(socket);
    });
  });
}

/** By another word than resources have. */
function asService(name: string): (error: unknown) => never {
  return (error) => {
    throw isReason(error, 'NotFound') ? new Error(`service ${JSON.stringify(name)} not found`, { cause: error }) : error;
  };
}

/** The node's own error, as if this server had dialled. */
function asDialled(host: string, error: unknown): unknown {
  const [code] = /\bE[A-Z]{4,}\b/.exec((error as Error).message) ?? [];
  const reason = reasons[code ?? ''];
  return reason ? new Error(`dial tcp ${host}: ${reason}`, { cause: error }) : error;
}

const reasons: Record<string, string | undefined> = {
  ECONNREFUSED: 'connect: connection refused',
  ECONNRESET: 'connect: connection reset by peer',
  EHOSTUNREACH: 'connect: no route to host',
  ENETUNREACH: 'connect: network is unreachable',
  ETIMEDOUT: 'connect: connection timed out',
};

function dialProblem(host: string, port: number, error: NodeJS.ErrnoException): string {
  if (error.syscall === 'getaddrinfo') return `dial tcp: lookup ${host}: no such host`;
  const address = (error as { address?: string }).address ?? host;
  const shown = address.includes(':') ? `[${address}]` : address;
  return `dial tcp ${shown}:${port}: ${reasons[error.code ?? ''] ?? error.message}`;
}
