// Sessions over gRPC. Each dial has a connection of its own, shared with its tunnels and closed after the last of them, so
// that a broken connection, an old certificate or gRPC's own back-off never outlives its session.

import {
  type AccountToken,
  type agentV1,
  decodeControlMessage,
  encodeAgentMessage,
  FrameTunnel,
  type SessionDialer,
  type SessionEvents,
  type SessionWire,
  type Tunnel,
} from '@berth/protocol';
import * as grpc from '@grpc/grpc-js';
import { dialGateway, type GatewayAddress } from './join.ts';
import type { NodeIdentity } from './node-identity.ts';

/** A node's whole desired state is one message. */
const receiveBytesMax = 64 * 1024 * 1024;

/** A pod does not start before it has its token. */
const tokenTimeoutMs = 10_000;

const channelOptions: grpc.ClientOptions = {
  'grpc.max_receive_message_length': receiveBytesMax,
  'grpc.keepalive_time_ms': 10_000,
  'grpc.keepalive_timeout_ms': 5000,
  'grpc.keepalive_permit_without_calls': 1,
  // This loop's own back-off decides when to try again.
  'grpc.enable_retries': 0,
};

export interface IdentitySource {
  identity(): Promise<NodeIdentity>;
  /** The control plane does not accept this identity. */
  rejected(identity: NodeIdentity): void;
}

export class GrpcDialer implements SessionDialer {
  readonly #gateway: GatewayAddress;
  readonly #source: IdentitySource;
  readonly #open = new Set<Connection>();

  constructor(gateway: GatewayAddress, source: IdentitySource) {
    this.#gateway = gateway;
    this.#source = source;
  }

  async dial(events: SessionEvents): Promise<SessionWire> {
    const identity = await this.#source.identity();
    const connection = new Connection(dialGateway(this.#gateway, identity, channelOptions), {
      message: events.message,
      closed: (reason, code) => {
        if (code === grpc.status.UNAUTHENTICATED) this.#source.rejected(identity);
        events.closed(reason, code === grpc.status.UNAVAILABLE && reason.includes('ECONNREFUSED'));
      },
      released: () => this.#open.delete(connection),
    });
    this.#open.add(connection);
    return connection;
  }

  close(): void {
    for (const connection of [...this.#open]) connection.destroy();
  }
}

interface ConnectionEvents {
  message: SessionEvents['message'];
  closed(reason: string, code?: grpc.status): void;
  released(): void;
}

/** One session and the tunnels opened on it. */
class Connection implements SessionWire {
  readonly #client: agentV1.AgentGatewayClient;
  readonly #events: ConnectionEvents;
  readonly #session: ReturnType<agentV1.AgentGatewayClient['session']>;
  readonly #tunnels = new Set<Tunnel>();
  #closed = false;

  constructor(client: agentV1.AgentGatewayClient, events: ConnectionEvents) {
    this.#client = client;
    this.#events = events;
    this.#session = client.session();
    this.#session.on('data', (message) => {
      try {
        if (!this.#closed) events.message(decodeControlMessage(message));
      } catch (error) {
        this.#end((error as Error).message);
      }
    });
    this.#session.on('error', (error: grpc.ServiceError) => this.#end(error.details || error.message, error.code));
    this.#session.on('end', () => this.#end('the control plane ended the session'));
  }

  send(message: Parameters<SessionWire['send']>[0]): void {
    if (!this.#closed) this.#session.write(encodeAgentMessage(message));
  }

  async openTunnel(tunnelId: string): Promise<Tunnel> {
    const call = this.#client.tunnel();
    let ended = false;
    const tunnel = new FrameTunnel({
      write: (frame) => (ended ? undefined : call.write(frame)),
      end: () => {
        if (!ended) call.end();
        ended = true;
      },
      destroy: () => {
        ended = true;
        call.cancel();
      },
    });
    call.on('data', (frame) => tunnel.receive(frame));
    call.on('drain', () => tunnel.carrierDrained());
    call.on('end', () => tunnel.carrierEnded());
    call.on('error', (error: grpc.ServiceError) => tunnel.carrierBroke(new Error(error.details || error.message)));
    call.write({ channel: 'OPEN', tunnelId });
    this.#tunnels.add(tunnel);
    void tunnel.finished.then(() => {
      this.#tunnels.delete(tunnel);
      this.#release();
    });
    return tunnel;
  }

  async accountToken(request: Parameters<SessionWire['accountToken']>[0]): Promise<AccountToken> {
    try {
      const { token, expiresAtMs } = await this.#client.accountToken(request, { timeoutMs: tokenTimeoutMs });
      return { token, expiresAtMs };
    } catch (error) {
      const { details, message } = error as grpc.ServiceError;
      throw new Error(`failed to fetch token: ${details || message}`, { cause: error });
    }
  }

  close(): void {
    this.#end('the agent ended the session');
  }

  destroy(): void {
    for (const tunnel of [...this.#tunnels]) tunnel.abort(new Error('the agent is stopping'));
    this.#end('the agent is stopping');
  }

  #end(reason: string, code?: grpc.status): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#session.cancel();
    this.#events.closed(reason, code);
    this.#release();
  }

  #release(): void {
    if (!this.#closed || this.#tunnels.size > 0) return;
    this.#client.close();
    this.#events.released();
  }
}
