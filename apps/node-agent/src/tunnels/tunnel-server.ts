// Serves what the control plane asks of this node: exec, attach, port-forward and logs of its pods, and HTTP of its own, each over its own tunnel.
// What cannot be served is refused before the tunnel opens, so that clients get an answer with the right code.
import { connect, type Socket } from 'node:net';
import type { Pod } from '@berth/api';
import { StatusError } from '@berth/machinery';
import type { Tunnel, TunnelRequest } from '@berth/protocol';
import type { ContainerInfo, Runtime } from '@berth/runtime';
import type { Clock, Logger } from '@berth/telemetry';
import type { LogSource } from './log-source.ts';
import { joinByteStream, joinExecSession } from './stream-joins.ts';

/** Tunnels served at once; more are refused. */
const tunnelsMax = 256;
/** Sooner than whoever asked gives up. */
const connectTimeoutMs = 10_000;

export interface PodContainers {
  pod: Pod;
  /** Newest first. */
  instances: ContainerInfo[];
  sandboxId: string | undefined;
}

export interface TunnelServerDeps {
  runtime: Runtime;
  logs: LogSource;
  /** Serves the node's own HTTP surface until the connection is over. */
  nodeHttp(tunnel: Tunnel): Promise<void>;
  nodeIp: string;
  containers(namespace: string, pod: string, container: string): Promise<PodContainers | undefined>;
  refuse(tunnelId: string, code: number, message: string): void;
  clock: Clock;
  logger: Logger;
}

/** What to do with the tunnel once it is open. */
type Service = (tunnel: Tunnel) => Promise<void>;

export class TunnelServer {
  readonly #deps: TunnelServerDeps;
  #open = 0;

  constructor(deps: TunnelServerDeps) {
    this.#deps = deps;
  }

  async serve(request: TunnelRequest, accept: () => Promise<Tunnel>): Promise<void> {
    if (this.#open >= tunnelsMax) return this.#deps.refuse(request.tunnelId, 429, `this node serves ${tunnelsMax} streams already`);
    this.#open++;
    try {
      const service = await this.#service(request);
      const tunnel = await accept();
      await service(tunnel).catch((error: Error) => tunnel.finish(1, error.message));
    } catch (error) {
      this.#deps.logger.debug('a tunnel was refused', { error, kind: request.kind, pod: request.pod });
      const code = error instanceof StatusError ? (error.status.code ?? 500) : 500;
      this.#deps.refuse(request.tunnelId, code, (error as Error).message);
    } finally {
      this.#open--;
    }
  }

  async #nodeService(port: number): Promise<Service> {
    if (port === 0) return (tunnel) => this.#deps.nodeHttp(tunnel);
    if (isTheNodesOwn(this.#deps.nodeIp)) throw StatusError.badRequest('address not allowed');
    const socket = await connected(this.#deps.nodeIp, port, this.#deps.clock);
    return (tunnel) => joinByteStream(tunnel, socket);
  }

  /** @throws StatusError for what cannot be served */
  async #service(request: TunnelRequest): Promise<Service> {
    const { runtime, logs } = this.#deps;
    if (request.kind === 'node') return this.#nodeService(request.port);
    const found = await this.#deps.containers(request.namespace, request.pod, request.container);
    if (!found || (request.uid !== '' && found.pod.metadata.uid !== request.uid)) {
      throw StatusError.notFound({ group: '', plural: 'pods' }, request.pod);
    }
    if (request.kind === 'log') {
      const lines = await logs.open(request, found);
      return (tunnel) => sendLog(tunnel, lines);
    }
    if (request.kind === 'portforward') {
      const { sandboxId } = found;
      if (!sandboxId) throw StatusError.badRequest(`pod ${request.pod} is not running`);
      return async (tunnel) => joinByteStream(tunnel, await runtime.portForward(sandboxId, request.port));
    }
    const running = found.instances.find((c) => c.state === 'running');
    if (!running) throw StatusError.internal(`unable to upgrade connection: container not found ("${request.container}")`);
    const { stdin, stdout, stderr, tty, command } = request;
    if (request.kind === 'exec') {
      return async (tunnel) => joinExecSession(tunnel, await runtime.exec(running.id, { command, stdin, stdout, stderr, tty }));
    }
    return async (tunnel) => joinExecSession(tunnel, await runtime.attach(running.id, { stdin, stdout, stderr, tty }));
  }
}

/** What listens there counts on being reached from the same machine alone. */
function isTheNodesOwn(address: string): boolean {
  return /^(127\.|0\.0\.0\.0$|169\.254\.|::1?$|fe80:)/i.test(address);
}

/** What listens on the node's own address: not on its loopback, which is for the node alone. */
function connected(host: string, port: number, clock: Clock): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, allowHalfOpen: true });
    const timer = clock.after(connectTimeoutMs, () => socket.destroy(new Error(`connect ETIMEDOUT ${host}:${port}`)));
    socket.once('error', (error) => {
      timer.cancel();
      reject(new StatusError(503, 'ServiceUnavailable', `error trying to reach service: ${error.message}`));
    });
    socket.once('connect', () => {
      timer.cancel();
      resolve(socket);
    });
  });
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
