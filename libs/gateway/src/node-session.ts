// One agent's session, whatever carries it: desired state down, as fast as it is taken; what the agent observed up.
// What must hold: nothing is acknowledged before it is durable, and a session that ended writes nothing more.
import type { Node, NodeStatus } from '@berth/api';
import type { Client } from '@berth/client';
import type { AgentEvent, AgentToGateway, GatewayToAgent, Hello, PodStatusReport, TunnelRequest } from '@berth/protocol';
import type { Clock, Logger, Timer } from '@berth/telemetry';
import type { AgentEventWriter } from './agent-events.ts';
import { ClaimExpansions } from './claim-expansions.ts';
import type { ClusterView } from './cluster-view.ts';
import type { NodeConfig } from './config.ts';
import { CsiNodeWriter } from './csi-node-writer.ts';
import { MirrorPods } from './mirror-pods.ts';
import { heartbeatSeconds, NodeLease } from './node-lease.ts';
import type { NodeRegistrar } from './node-registrar.ts';
import type { NodeUsages } from './node-usages.ts';
import { PodStatusWriter } from './pod-status-writer.ts';
import { isTransient, RetryQueue } from './retry-queue.ts';
import { SnapshotReports } from './snapshot-reports.ts';
import { writeVolumeCapacity } from './volume-capacity.ts';
import { VolumeReports } from './volume-reports.ts';

/** The carrier of a session, on the gateway's side. */
export interface SessionChannel {
  /** False: no more desired state until `drained`. */
  send(message: GatewayToAgent): boolean;
  close(reason: string): void;
}

export interface SessionPorts {
  client: Client;
  clock: Clock;
  logger: Logger;
  config: NodeConfig;
  view: ClusterView;
  registrar: NodeRegistrar;
  events: AgentEventWriter;
  usages: NodeUsages;
  /** The agent said hello: this session takes the place of an older one. */
  onHello(session: NodeSession): void;
  onClosed(session: NodeSession): void;
  onTunnelRefused(tunnelId: string, code: number, message: string): void;
}

/** Status batches that wait to be written; agents send two at most. */
const batchesMax = 8;
/** Node statuses, and volumes that were made or removed, that wait to be written. */
const writesMax = 100;
const silentHeartbeatsMax = 4;
/** Messages that wait for an agent that takes none: answers to its heartbeats, tunnels that clients ask for. */
const unreadMax = 1_000;

export class NodeSession {
  readonly nodeName: string;
  readonly #channel: SessionChannel;
  readonly #ports: SessionPorts;
  readonly #logger: Logger;
  readonly #statuses: PodStatusWriter;
  readonly #statusQueue: RetryQueue;
  readonly #writeQueue: RetryQueue;
  readonly #mirrors: MirrorPods;
  readonly #volumes: VolumeReports;
  readonly #snapshots: SnapshotReports;
  readonly #csiNode: CsiNodeWriter;
  readonly #expansions: ClaimExpansions;
  #lease: NodeLease | undefined;
  #greeted = false;
  #ready = false;
  /** What cannot be written goes back to the agent; those of before 2026-12 know no such thing. */
  #takesBack = false;
  #blocked = false;
  /** Sent since the carrier took no more. */
  #unread = 0;
  #closed = false;
  /** What the agent has, or will have once it has read what was sent. */
  #sentRevision = 0;
  #acknowledged = 0;
  #nodeStatus: NodeStatus | undefined;
  #nodeStatusQueued = false;
  #capacityQueued = false;
  #silence: Timer | undefined;

  constructor(nodeName: string, channel: SessionChannel, ports: SessionPorts) {
    this.nodeName = nodeName;
    this.#channel = channel;
    this.#ports = ports;
    this.#logger = ports.logger.with({ node: nodeName });
    this.#statuses = new PodStatusWriter(nodeName, ports.client, ports.view, this.#logger);
    this.#statusQueue = new RetryQueue(ports.clock, this.#logger, batchesMax);
    this.#writeQueue = new RetryQueue(ports.clock, this.#logger, writesMax);
    this.#mirrors = new MirrorPods(nodeName, { ...ports, logger: this.#logger }, this.#writeQueue);
    this.#volumes = new VolumeReports(nodeName, { ...ports, logger: this.#logger }, this.#writeQueue);
    this.#csiNode = new CsiNodeWriter(nodeName, { ...ports, logger: this.#logger }, this.#writeQueue);
    this.#expansions = new ClaimExpansions(nodeName, { ...ports, logger: this.#logger }, this.#writeQueue);
    const contentKind = () => ports.view.snapshots.kind;
    this.#snapshots = new SnapshotReports(nodeName, { ...ports, logger: this.#logger, contentKind }, this.#writeQueue);
    this.#expectWord();
  }

  receive(message: AgentToGateway): void {
    if (this.#closed) return;
    this.#expectWord();
    if (message.type === 'hello') this.#greet(message.hello);
    else if (!this.#ready) this.close('the agent spoke before it was welcome');
    else this.#receiveReady(message);
  }

  /** The carrier takes more. */
  drained(): void {
    this.#blocked = false;
    this.#unread = 0;
    this.flush();
  }

  /** Sends what is new in the desired state; many changes before the carrier takes more become one message. */
  flush(): void {
    if (this.#ready) this.#mirrors.look();
    if (!this.#ready || this.#blocked || this.#closed) return;
    const state = this.#ports.view.desiredSince(this.nodeName, this.#sentRevision);
    if (!state) return;
    this.#sentRevision = state.revision;
    this.#send({ type: 'desired', state });
  }

  askTunnel(request: TunnelRequest): void {
    this.#send({ type: 'openTunnel', request });
  }

  get ready(): boolean {
    return this.#ready && !this.#closed;
  }

  close(reason: string): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#silence?.cancel();
    this.#statuses.stop();
    this.#statusQueue.stop();
    this.#writeQueue.stop();
    this.#channel.close(reason);
    this.#logger.info('session closed', { reason });
    this.#ports.onClosed(this);
  }

  #send(message: GatewayToAgent): void {
    if (this.#closed) return;
    if (this.#blocked && ++this.#unread > unreadMax) this.close(`the agent does not read: ${unreadMax} messages wait for it`);
    else if (!this.#channel.send(message)) this.#blocked = true;
  }

  #expectWord(): void {
    const withinMs = heartbeatSeconds * silentHeartbeatsMax * 1000;
    this.#silence?.cancel();
    this.#silence = this.#ports.clock.after(withinMs, () => this.close(`nothing came from the agent for ${withinMs} ms`));
  }

  #greet(hello: Hello): void {
    if (this.#greeted) this.close('the agent said hello twice');
    else if (hello.nodeName !== this.nodeName || hello.node.metadata.name !== this.nodeName || hello.node.kind !== 'Node') {
      this.close(`the certificate is for node ${this.nodeName}, but the agent registers ${hello.nodeName}`);
    }
    if (this.#closed) return;
    this.#greeted = true;
    this.#takesBack = hello.takesBack;
    this.#ports.onHello(this);
    this.#register(hello).catch((error: Error) => {
      this.#logger.error('a node could not be registered', { error });
      this.close(`the node could not be registered: ${error.message}`);
    });
  }

  async #register(hello: Hello): Promise<void> {
    const { clusterDns, clusterDomain, serviceCidr } = this.#ports.config;
    const node = await this.#ports.registrar.register(this.nodeName, hello.node as Node);
    this.#nodeStatus = (hello.node as Node).status;
    this.#lease = new NodeLease(this.#ports.client, this.#ports.clock, node);
    await this.#renewLease();
    if (this.#closed) return;
    const welcome = {
      nodeUid: node.metadata.uid ?? '',
      podCidr: node.spec.podCIDR ?? '',
      clusterDns,
      clusterDomain,
      serviceCidr,
      heartbeatSeconds,
    };
    this.#send({ type: 'welcome', welcome });
    this.#ready = true;
    this.#logger.info('session opened', { bootId: hello.bootId, revision: hello.revision });
    this.#sentRevision = hello.revision;
    const state = this.#ports.view.desiredSince(this.nodeName, hello.revision);
    this.#sentRevision = state?.revision ?? hello.revision;
    this.#send({ type: 'desired', state: state ?? { revision: hello.revision, full: false, objects: [], removed: [] } });
  }

  #receiveReady(message: Exclude<AgentToGateway, { type: 'hello' }>): void {
    switch (message.type) {
      case 'heartbeat':
        this.#heartbeat();
        break;
      case 'nodeStatus':
        this.#nodeStatus = message.status;
        this.#queueNodeStatus();
        break;
      case 'podStatuses':
        this.#queueStatuses(message.sequence, message.statuses);
        break;
      case 'events':
        for (const event of message.events) if (this.#mayReport(event)) this.#ports.events.add(this.nodeName, event);
        break;
      case 'staticPods':
        this.#mirrors.mirror(message.pods);
        break;
      case 'csiNode':
        this.#csiNode.take(message.report);
        break;
      case 'nodeUsage':
        this.#queueCapacity(message.usage.volumesCapacityBytes);
        this.#ports.usages.report(this.nodeName, { ...message.usage, pods: message.usage.pods.filter((pod) => this.#isOwn(pod)) });
        break;
      case 'claimExpanded':
        if (!this.#expansions.take(message.report)) this.close(`the agent reported more than ${writesMax} claims at once`);
        break;
      case 'volumeMade':
      case 'volumeRemoved':
        if (!this.#volumes.take(message)) this.close(`the agent reported more than ${writesMax} volumes at once`);
        break;
      case 'snapshotTaken':
      case 'snapshotRemoved':
        if (!this.#snapshots.take(message.type, message.report)) this.close(`the agent reported more than ${writesMax} snapshots at once`);
        break;
      case 'tunnelRefused':
        this.#ports.onTunnelRefused(message.tunnelId, message.code, message.message);
    }
  }

  #heartbeat(): void {
    this.#send({ type: 'acknowledged', sequence: this.#acknowledged });
    this.#mirrors.look();
    this.#renewLease().catch((error: Error) => this.#logger.warn('a node’s lease was not renewed', { error }));
    // The node lifecycle may have declared the node lost while the API was away from us; the agent's word stands again.
    const ready = (status: NodeStatus | undefined) => status?.conditions?.find((condition) => condition.type === 'Ready')?.status;
    if (ready(this.#ports.view.node(this.nodeName)?.status) !== ready(this.#nodeStatus)) this.#queueNodeStatus();
  }

  #renewLease(): Promise<void> {
    return this.#lease?.renew() ?? Promise.resolve();
  }

  #queueNodeStatus(): void {
    if (this.#nodeStatusQueued) return;
    this.#nodeStatusQueued = this.#writeQueue.add(async () => {
      this.#nodeStatusQueued = false;
      if (!this.#nodeStatus) return;
      try {
        await this.#ports.registrar.writeStatus(this.nodeName, this.#nodeStatus, this.#ports.view.node(this.nodeName));
      } catch (error) {
        if (isTransient(error)) throw error;
        this.#logger.warn('the node’s status was refused', { error });
      }
    });
  }

  #queueStatuses(sequence: number, statuses: PodStatusReport[]): void {
    const taken = this.#statusQueue.add(async () => {
      const unwritten = await this.#statuses.write(statuses);
      if (unwritten.length > 0 && !this.#takesBack) throw new Error(`statuses of ${unwritten.length} pods could not be written`);
      this.#acknowledged = sequence;
      this.#send({ type: 'acknowledged', sequence, unwritten });
    });
    if (!taken) this.close(`the agent sent more than ${batchesMax} batches of statuses without waiting for their acknowledgement`);
  }

  /** Only the newest counts, and the next report brings another. */
  #queueCapacity(bytes: number | undefined): void {
    if (bytes === undefined || this.#capacityQueued) return;
    this.#capacityQueued = this.#writeQueue.add(async () => {
      this.#capacityQueued = false;
      await writeVolumeCapacity(this.#ports.client, this.#ports.view.node(this.nodeName), bytes).catch((error: unknown) =>
        this.#logger.warn('what a node has for volumes was not written', { error }),
      );
    });
  }

  /** An agent speaks of its own node and pods, and of what has no owner among nodes. */
  #mayReport(event: AgentEvent): boolean {
    if (event.kind === 'Node') return event.name === this.nodeName;
    if (event.kind !== 'Pod') return true;
    const pod = this.#ports.view.pod(event.namespace, event.name);
    return !pod || pod.spec.nodeName === this.nodeName;
  }

  #isOwn({ namespace, name, uid }: { namespace: string; name: string; uid: string }): boolean {
    const pod = this.#ports.view.pod(namespace, name);
    return pod?.metadata.uid === uid && pod.spec.nodeName === this.nodeName;
  }
}
