// For tests of the session hub: gateway and agent link over memory, on a clock that the test moves.
import { type Node, Pod } from '@berth/api';
import type { KubeObject } from '@berth/machinery';
import type { DesiredState, SessionHandler, Tunnel, TunnelRequest, Welcome } from '@berth/protocol';
import { seededRandom, silentLogger } from '@berth/telemetry';
import { SimulatedClock } from '@berth/telemetry/testing';
import { informerFeed } from './informer-feed.ts';
import { MemoryClient } from './memory-client.ts';
import { memoryAgentLink } from './memory-link.ts';
import { SessionHub } from './session-hub.ts';

const config = { podCidr: '10.244.0.0/16', serviceCidr: '10.96.0.0/16', clusterDns: '10.96.0.10', clusterDomain: 'cluster.local' };

/** The hub, the API behind it and the agents before it, for one test. */
export class HubFixture {
  readonly clock = new SimulatedClock();
  readonly client = new MemoryClient();
  readonly ports = { clock: this.clock, random: seededRandom(1), logger: silentLogger };
  hub = this.#newHub();
  readonly #agents: TestAgent[] = [];

  #newHub(): SessionHub {
    const { client, ports } = this;
    return new SessionHub({ client, config, feed: informerFeed({ client, ...ports }), ...ports });
  }

  /** Another gateway, which knows nothing of the sessions before it. */
  async replaceHub(): Promise<void> {
    await this.hub.stop();
    this.hub = this.#newHub();
    await this.hub.start();
  }

  agent(name: string): TestAgent {
    const made = new TestAgent(name, this);
    this.#agents.push(made);
    return made;
  }

  pod(name: string, nodeName: string, spec: Partial<Pod['spec']> = {}): Promise<Pod> {
    return this.client.create(Pod, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace: 'default' },
      spec: { containers: [{ name: 'app', image: 'app' }], nodeName, ...spec },
    });
  }

  async stop(): Promise<void> {
    await Promise.all(this.#agents.map((made) => made.link.stop()));
    await this.hub.stop();
  }
}

export class TestAgent implements SessionHandler {
  readonly objects = new Map<string, KubeObject>();
  readonly states: DesiredState[] = [];
  readonly tunnels: Tunnel[] = [];
  welcomed: Welcome | undefined;
  disconnects = 0;
  refuse: string | undefined;
  readonly link;

  constructor(name: string, fixture: HubFixture) {
    this.link = memoryAgentLink({ nodeName: name, hub: () => fixture.hub, ...fixture.ports, delayMs: () => 3 });
    const status = { conditions: [{ type: 'Ready', status: 'True' }], capacity: { cpu: '2' } };
    const node: Node = { apiVersion: 'v1', kind: 'Node', metadata: { name, labels: { 'kubernetes.io/os': 'linux' } }, spec: {}, status };
    this.link.start(this, () => ({ revision: this.states.at(-1)?.revision ?? 0, bootId: 'boot', node }));
  }

  welcome(welcome: Welcome): void {
    this.welcomed = welcome;
  }

  desired(state: DesiredState): void {
    this.states.push(state);
    if (state.full) this.objects.clear();
    for (const key of state.removed) this.objects.delete(`${key.kind}/${key.name}`);
    for (const object of state.objects) this.objects.set(`${object.kind}/${object.metadata.name}`, object);
  }

  openTunnel(request: TunnelRequest, accept: () => Promise<Tunnel>): void {
    if (this.refuse) this.link.refuseTunnel(request.tunnelId, 404, this.refuse);
    else void accept().then((tunnel) => this.tunnels.push(tunnel));
  }

  disconnected(): void {
    this.disconnects++;
  }

  /** Of what it was sent, but for its own node. */
  get keys(): string[] {
    return [...this.objects.keys()].filter((key) => !key.startsWith('Node/')).sort();
  }
}
