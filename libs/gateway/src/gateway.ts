// The role `agents`: where node agents dial in. Joins the link-agnostic session hub to a gRPC server that speaks mTLS, and
// replaces the server's certificate without a restart.

import { X509Certificate } from 'node:crypto';
import type { Client, InformerSet } from '@berth/client';
import { agentGatewayService } from '@berth/protocol';
import type { Ports } from '@berth/telemetry';
import * as grpc from '@grpc/grpc-js';
import type { GatewayConfig } from './config.ts';
import type { GatewayPki } from './gateway-pki.ts';
import { agentGatewayHandlers, isNode } from './grpc-service.ts';
import { informerFeed } from './informer-feed.ts';
import type { NodeConnector } from './node-connector.ts';
import { SessionHub } from './session-hub.ts';
import { strangerLimit } from './stranger-limit.ts';

export interface GatewayOptions extends Ports {
  client: Client;
  config: GatewayConfig;
  /** Informers of this process that other roles read too; own ones by default. */
  informers?: InformerSet;
  /** Without, there is no gRPC server: sessions come through `hub.accept` only, as in a simulation. */
  pki?: GatewayPki;
}

/** The largest message from an agent: a batch of a hundred statuses is far below. */
const receiveBytesMax = 16 * 1024 * 1024;
/** Streams of one agent: its session and its tunnels. */
const streamsMax = 1000;

export class AgentGateway {
  readonly hub: SessionHub;
  readonly #options: GatewayOptions;
  #server: grpc.Server | undefined;
  #stopRotating: () => void = () => {};
  /** Where the server listens, once started. */
  port = 0;

  constructor(options: GatewayOptions) {
    this.#options = options;
    this.hub = new SessionHub({ ...options, feed: informerFeed(options, options.informers) });
  }

  get connector(): NodeConnector {
    return this.hub;
  }

  async start(): Promise<void> {
    await this.hub.start();
    if (this.#options.pki) await this.#listen(this.#options.pki);
  }

  async stop(): Promise<void> {
    this.#stopRotating();
    await this.hub.stop();
    this.#server?.forceShutdown();
  }

  async #listen(pki: GatewayPki): Promise<void> {
    const { config, clock, logger } = this.#options;
    const ca = new X509Certificate(pki.authority.der);
    const server = new grpc.Server({
      'grpc.max_receive_message_length': receiveBytesMax,
      'grpc.max_concurrent_streams': streamsMax,
      'grpc.keepalive_time_ms': 20_000,
      'grpc.keepalive_timeout_ms': 10_000,
      interceptors: [strangerLimit((call) => isNode(call, [ca], clock), clock)],
    });
    server.addService(agentGatewayService(), agentGatewayHandlers({ hub: this.hub, pki, authorities: [ca], clock, logger }));
    const { host, port } = config.gatewayAddress;
    this.port = await new Promise<number>((resolve, reject) => {
      server.bindAsync(`${host.includes(':') ? `[${host}]` : host}:${port}`, this.#credentials(pki, ca.toString()), (error, bound) =>
        error
          ? reject(new Error(`agents cannot be served on ${host}:${port} (${error.message}): free the port, or configure another`))
          : resolve(bound),
      );
    });
    this.#server = server;
    logger.info('serving agents', { host, port: this.port });
  }

  /** Client certificates are asked for, and checked call by call in peer-identity.ts: joining needs none. */
  #credentials(pki: GatewayPki, ca: string): grpc.ServerCredentials {
    const listeners = new Set<grpc.experimental.IdentityCertificateUpdateListener>();
    const current = () => {
      const { key, cert } = pki.serving.context;
      const chain = cert.includes(ca.trim()) ? cert : `${cert.trimEnd()}\n${ca}`;
      return { certificate: Buffer.from(chain), privateKey: Buffer.from(key) };
    };
    this.#stopRotating = pki.serving.onRenewed(() => {
      for (const listener of listeners) listener(current());
    });
    const provider: grpc.experimental.CertificateProvider = {
      addIdentityCertificateListener: (listener) => {
        listeners.add(listener);
        // Later, as grpc-js passes on only what comes after it has added its own watcher.
        queueMicrotask(() => listener(current()));
      },
      removeIdentityCertificateListener: (listener) => void listeners.delete(listener),
      addCaCertificateListener: (listener) => queueMicrotask(() => listener({ caCertificate: Buffer.from(ca) })),
      removeCaCertificateListener: () => {},
    };
    return grpc.experimental.createCertificateProviderServerCredentials(provider, provider, false);
  }
}
