// Every session of this gateway on one shared view of the cluster. Knows nothing of what carries a session.
// What must hold: one session a node, the newest wins; each change reaches exactly the nodes that it concerns.
import { type Client, EventRecorder } from '@berth/client';
import type { Tunnel, TunnelRequest } from '@berth/protocol';
import type { Ports, Timer } from '@berth/telemetry';
import { AccountTokens } from './account-tokens.ts';
import { AgentEventWriter } from './agent-events.ts';
import { ClusterView } from './cluster-view.ts';
import type { NodeConfig } from './config.ts';
import type { NodeConnector } from './node-connector.ts';
import { NodeRegistrar } from './node-registrar.ts';
import { NodeSession, type SessionChannel, type SessionPorts } from './node-session.ts';
import { NodeUsages } from './node-usages.ts';
import type { Subscribe, SubscribeCustom } from './subscribe.ts';
import { notConnected, TunnelBroker } from './tunnel-broker.ts';

/** One set of informers that all sessions share. `start` resolves once everything that exists was told. */
export interface Feed {
  subscribe: Subscribe;
  subscribeCustom: SubscribeCustom;
  start(): Promise<void>;
  stop(): Promise<void> | void;
}

export interface HubOptions extends Ports {
  client: Client;
  config: NodeConfig;
  feed: Feed;
}

/** Services change often and concern every node: their changes travel together. A pod's travels at once. */
const sharedDelayMs = 20;

export class SessionHub implements NodeConnector {
  readonly usages: NodeUsages;
  readonly view: ClusterView;
  readonly accountTokens: AccountTokens;
  readonly #options: HubOptions;
  readonly #broker: TunnelBroker;
  readonly #sessions = new Map<string, NodeSession>();
  /** Also those that have not said hello, or were replaced. */
  readonly #open = new Set<NodeSession>();
  readonly #ports: Omit<SessionPorts, 'onTunnelRefused'>;
  readonly #dirty = new Set<string>();
  #soon: Timer | undefined;
  #later: Timer | undefined;
  #isComplete = false;
  #stopped = false;

  constructor(options: HubOptions) {
    const { client, clock, logger, config, random } = options;
    this.#options = options;
    this.#broker = new TunnelBroker(clock);
    this.usages = new NodeUsages(clock);
    const recorder = new EventRecorder({ client, clock, random, logger }, { component: 'berth-dns' });
    this.view = new ClusterView(
      random.int(2 ** 20),
      (nodeName) => this.#changed(nodeName),
      (configMap, reason, message) => recorder.record(configMap, 'Warning', reason, message),
    );
    this.view.feed(options.feed.subscribe, options.feed.subscribeCustom);
    this.accountTokens = new AccountTokens(client, this.view);
    this.#ports = {
      client,
      clock,
      logger,
      config,
      view: this.view,
      registrar: new NodeRegistrar(client, config),
      events: new AgentEventWriter(client, { clock, random, logger }),
      usages: this.usages,
      onHello: (session) => this.#greeted(session),
      onClosed: (session) => this.#closed(session),
    };
  }

  /** Resolves once desired states are complete; sessions before that are refused, as they would take pods away from nodes. */
  async start(): Promise<void> {
    await this.#options.feed.start();
    this.#isComplete = true;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#soon?.cancel();
    this.#later?.cancel();
    for (const session of [...this.#open]) session.close('the control plane is stopping');
    await this.#options.feed.stop();
  }

  /** @param nodeName as the peer's certificate proves. */
  accept(nodeName: string, channel: SessionChannel): NodeSession {
    const onTunnelRefused = (id: string, code: number, message: string) => this.#broker.refused(id, nodeName, code, message);
    const session = new NodeSession(nodeName, channel, { ...this.#ports, onTunnelRefused });
    this.#open.add(session);
    if (this.#stopped) session.close('the control plane is stopping');
    else if (!this.#isComplete) session.close('the control plane is still starting');
    return session;
  }

  /** An agent opened the stream of a tunnel. */
  expectsTunnel(tunnelId: string, nodeName: string): boolean {
    return this.#broker.expects(tunnelId, nodeName);
  }

  tunnelOpened(tunnelId: string, nodeName: string, tunnel: Tunnel): void {
    this.#broker.opened(tunnelId, nodeName, tunnel);
  }

  isConnected(nodeName: string): boolean {
    return this.#sessions.get(nodeName)?.ready ?? false;
  }

  openTunnel(nodeName: string, request: Omit<TunnelRequest, 'tunnelId'>, signal?: AbortSignal): Promise<Tunnel> {
    const session = this.#sessions.get(nodeName);
    if (!session?.ready) return Promise.reject(notConnected(nodeName));
    const tunnelId = this.#options.random.uuid();
    return this.#broker.open(tunnelId, nodeName, signal, () => session.askTunnel({ ...request, tunnelId }));
  }

  #greeted(session: NodeSession): void {
    const older = this.#sessions.get(session.nodeName);
    this.#sessions.set(session.nodeName, session);
    older?.close('a newer session of the same node took its place');
  }

  #closed(session: NodeSession): void {
    this.#open.delete(session);
    if (this.#sessions.get(session.nodeName) !== session) return;
    this.#sessions.delete(session.nodeName);
    this.#broker.nodeLost(session.nodeName);
  }

  #changed(nodeName: string | undefined): void {
    const { clock } = this.#options;
    if (nodeName === undefined) {
      this.#later ??= clock.after(sharedDelayMs, () => {
        this.#later = undefined;
        for (const session of this.#sessions.values()) session.flush();
      });
      return;
    }
    if (!this.#sessions.has(nodeName)) return;
    this.#dirty.add(nodeName);
    this.#soon ??= clock.after(0, () => {
      this.#soon = undefined;
      const names = [...this.#dirty];
      this.#dirty.clear();
      for (const name of names) this.#sessions.get(name)?.flush();
    });
  }
}
