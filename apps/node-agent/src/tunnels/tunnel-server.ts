// Serves what the control plane asks of this node: exec, attach, port-forward and logs of its pods, and HTTP of its own, each over its own tunnel.
// What cannot be served is refused before the tunnel opens, so that clients get an answer with the right code.

import { StatusError } from '@berth/machinery';
import type { Tunnel, TunnelRequest } from '@berth/protocol';
import type { Runtime } from '@berth/runtime';
import type { Logger } from '@berth/telemetry';
import { type Dial, dialProxied } from './dial.ts';
import type { LogSource } from './log-source.ts';
import type { PodContainers } from './pod-containers.ts';
import { joinByteStream, joinExecSession } from './stream-joins.ts';

/** Tunnels served at once; more are refused. */
const tunnelsMax = 256;

export interface TunnelServerDeps {
  runtime: Runtime;
  logs: LogSource;
  /** Serves the node's own HTTP surface until the connection is over. */
  nodeHttp(tunnel: Tunnel): Promise<void>;
  nodeIp: string;
  dial: Dial;
  containers(namespace: string, pod: string, container: string): Promise<PodContainers | undefined>;
  refuse(tunnelId: string, code: number, message: string): void;
  logger: Logger;
}

interface Service {
  /** Once the tunnel is open. */
  serve(tunnel: Tunnel): Promise<void>;
  /** Lets go of what was opened for it, when there is no tunnel after all. */
  abandon?(): void;
}

export class TunnelServer {
  readonly #deps: TunnelServerDeps;
  #open = 0;

  constructor(deps: TunnelServerDeps) {
    this.#deps = deps;
  }

  /** Never rejects. */
  async serve(request: TunnelRequest, accept: () => Promise<Tunnel>): Promise<void> {
    const { logger, refuse } = this.#deps;
    if (this.#open >= tunnelsMax) return refuse(request.tunnelId, 429, `this node serves ${tunnelsMax} streams already`);
    this.#open++;
    try {
      const service = await this.#service(request);
      const tunnel = await accepted(service, accept);
      await service.serve(tunnel).catch((error: Error) => tunnel.finish(1, error.message));
    } catch (error) {
      logger.debug('a tunnel was refused', { error, kind: request.kind, pod: request.pod });
      const code = error instanceof StatusError ? (error.status.code ?? 500) : 500;
      refuse(request.tunnelId, code, (error as Error).message);
    } finally {
      this.#open--;
    }
  }

  /** @throws StatusError for what cannot be served */
  async #service(request: TunnelRequest): Promise<Service> {
    const { runtime, logs, nodeIp } = this.#deps;
    if (request.kind === 'node') return request.port === 0 ? { serve: this.#deps.nodeHttp } : this.#dialled(nodeIp, request.port);
    const found = await this.#deps.containers(request.namespace, request.pod, request.container);
    if (!found || (request.uid !== '' && found.pod.metadata.uid !== request.uid)) {
      throw StatusError.notFound({ group: '', plural: 'pods' }, request.pod);
    }
    const { sandboxId, address } = found;
    if (request.kind === 'log') {
      const lines = await logs.open(request, found);
      return { serve: (tunnel) => sendLog(tunnel, lines) };
    }
    if (request.kind === 'portforward' || request.kind === 'proxy') {
      if (!sandboxId) throw StatusError.badRequest(`pod ${request.pod} is not running`);
      // An address without a sandbox may be another pod's by now.
      if (request.kind === 'proxy') return this.#dialled(address ?? '', request.port);
      return { serve: async (tunnel) => joinByteStream(tunnel, await runtime.portForward(sandboxId, request.port)) };
    }
    const running = found.instances.find((c) => c.state === 'running');
    if (!running) throw StatusError.internal(`unable to upgrade connection: container not found ("${request.container}")`);
    const { stdin, stdout, stderr, tty, command } = request;
    if (request.kind === 'exec') {
      return { serve: async (tunnel) => joinExecSession(tunnel, await runtime.exec(running.id, { command, stdin, stdout, stderr, tty })) };
    }
    return { serve: async (tunnel) => joinExecSession(tunnel, await runtime.attach(running.id, { stdin, stdout, stderr, tty })) };
  }

  async #dialled(address: string, port: number): Promise<Service> {
    const socket = await dialProxied(this.#deps.dial, address, port);
    return { serve: (tunnel) => joinByteStream(tunnel, socket), abandon: () => socket.destroy() };
  }
}

async function accepted(service: Service, accept: () => Promise<Tunnel>): Promise<Tunnel> {
  try {
    return await accept();
  } catch (error) {
    service.abandon?.();
    throw error;
  }
}

/** Ends early, without an error, when the reader does. */
async function sendLog(tunnel: Tunnel, open: (signal: AbortSignal) => AsyncIterable<Uint8Array>): Promise<void> {
  const reader = new AbortController();
  void tunnel.finished.then(() => reader.abort(new Error('the reader went away')));
  try {
    for await (const chunk of open(reader.signal)) await tunnel.send('stdout', chunk);
  } catch (error) {
    if (!reader.signal.aborted) throw error;
  }
  tunnel.finish(0);
}
