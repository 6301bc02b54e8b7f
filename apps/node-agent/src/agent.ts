// One node's agent over its ports: with a real link, runtime and network it runs a machine; with simulated ones it is one of
// thousands in a process. What must hold: stopping or killing it stops no container.
import type { AgentLink, DesiredState, SessionHandler, TunnelRequest, Welcome } from '@berth/protocol';
import type { Runtime } from '@berth/runtime';
import type { Ports } from '@berth/telemetry';
import type { AgentSettings } from './agent-settings.ts';
import { DesiredInbox } from './desired-inbox.ts';
import { EvictionManager } from './eviction/eviction-manager.ts';
import type { NodeMeasurements } from './eviction/node-measurements.ts';
import { type KeptSources, keptSamples } from './http/kept-samples.ts';
import { NodeHttp, type NodeHttpSources } from './http/node-http.ts';
import type { InstalledRegistryHosts } from './images/installed-registry-hosts.ts';
import type { PullCredential } from './images/keyring.ts';
import { keepsImage, NodeImages } from './images/node-images.ts';
import type { PullRecords } from './images/pull-records.ts';
import type { NodeIngress } from './ingress/ingress.ts';
import type { NodeNetwork } from './network/network.ts';
import type { CgroupReader } from './node/cgroup-counters.ts';
import { podCgroupPath } from './node/cgroups.ts';
import { nodeEvent } from './node/node-event.ts';
import { allocatable, type NodeHealth } from './node/node-object.ts';
import { NodeReporter } from './node/node-reporter.ts';
import type { PodCgroups } from './node/pod-cgroups.ts';
import { SeenHealth } from './node/seen-health.ts';
import { type HostCounters, UsageReporter } from './node/usage-reporter.ts';
import { ownNode } from './pods/admitting-node.ts';
import { PodManager } from './pods/pod-manager.ts';
import type { PodTracing } from './pods/pod-tracing.ts';
import type { RestartMarks } from './pods/restart-marks.ts';
import type { ProbeRunner } from './probes/probe.ts';
import { NodeShutdown } from './shutdown/node-shutdown.ts';
import { ManifestFolder } from './static-pods/manifest-folder.ts';
import { type Dial, dialNetwork } from './tunnels/dial.ts';
import { LogFiles } from './tunnels/log-source.ts';
import { TunnelServer } from './tunnels/tunnel-server.ts';
import type { CsiNode } from './volumes/csi/csi-node.ts';
import type { VolumeManager } from './volumes/volume-manager.ts';

const configureRetryMs = 5_000;

export interface AgentPorts extends Ports {
  link: AgentLink;
  runtime: Runtime;
  network: NodeNetwork;
  /** Absent where no Ingress is served. */
  ingress?: NodeIngress;
  registryHosts?: InstalledRegistryHosts;
  volumes: VolumeManager;
  /** Storage drivers of the node; absent where there can be none. */
  csi?: CsiNode;
  probes: ProbeRunner;
  tracing?: PodTracing;
  health: () => Promise<NodeHealth>;
  measurements: NodeMeasurements;
  /** Counters of the whole machine, for what the node uses. */
  hostCounters: () => Promise<HostCounters>;
  /** Of the agent's process, in the text format of Prometheus; absent where many agents share one. */
  metrics?: () => Promise<string>;
  /** Of the pods' containers. */
  cgroups: PodCgroups;
  /** Of the machine, in the text format of Prometheus; absent where it is simulated. */
  machineMetrics?: () => Promise<string>;
  /** What the kernel counted for containers; absent where they are simulated. */
  cgroupReader?: CgroupReader;
  restartMarks: RestartMarks;
  pullRecords: PullRecords;
  /** That the node has for an image, whichever pod asks. */
  nodeCredentials: (image: string) => Promise<PullCredential[]>;
  /** For proxied requests; the network's own where it is absent. */
  dial?: Dial;
}

export class Agent {
  readonly pods: PodManager;
  readonly shutdown: NodeShutdown;
  readonly #ports: AgentPorts;
  readonly #settings: AgentSettings;
  readonly #reporter: NodeReporter;
  readonly #usage: UsageReporter;
  readonly #evictions: EvictionManager;
  readonly #images: NodeImages;
  readonly #manifests: ManifestFolder | undefined;
  readonly #stopping = new AbortController();
  readonly #health: SeenHealth;
  #connected = false;
  #lastWelcome: Welcome | undefined;
  readonly #desired: DesiredInbox;

  constructor(ports: AgentPorts, settings: AgentSettings) {
    this.#ports = ports;
    this.#settings = settings;
    const { link, clock, logger, health, runtime } = ports;
    const { logs, seccompDirectory, cgroupParent, capabilities, writesFiles } = settings;
    const pressures = () => this.#evictions.conditions;
    const isShuttingDown = () => this.shutdown.isShuttingDown;
    this.#health = new SeenHealth(health);
    const ownHealth = async () => ({ ...(await this.#health.look()), isShuttingDown: isShuttingDown() });
    const event = (reason: string, message: string) => link.reportEvent(nodeEvent(settings.facts, reason, message, clock));
    this.#images = new NodeImages({ ...ports, settings: settings.images, pods: () => this.pods.pods(), event });
    const images = () => this.#images.listed;
    const volumesInUse = () => ports.csi?.volumesInUse() ?? [];
    this.#reporter = new NodeReporter({ facts: settings.facts, health: ownHealth, pressures, images, volumesInUse, link, clock, logger });
    this.#usage = new UsageReporter({
      ...{ runtime, link, clock, logger, host: ports.hostCounters },
      volumesCapacity: () => ports.volumes.localCapacity(),
      podName: (uid) => this.pods.podName(uid),
      ...(ports.cgroupReader && { samples: (stats, counters) => keptSamples(this.#nodeSources(), stats, counters) }),
    });
    this.pods = new PodManager({
      ...ports,
      pulls: this.#images.pulls,
      hostIp: settings.facts.nodeIp,
      node: ownNode(settings.facts, settings),
      ...{ pressures, isShuttingDown, runtimeFeatures: () => this.#health.last },
      ...{ logs, seccompDirectory, cgroupParent, capabilities, writesFiles },
    });
    this.#evictions = this.#evictionManager();
    this.shutdown = this.#nodeShutdown();
    this.#manifests = this.#manifestFolder();
    this.#desired = new DesiredInbox({ apply: (state) => this.#apply(state), logger });
  }

  #evictionManager(): EvictionManager {
    const { link, clock, logger, runtime, measurements } = this.#ports;
    const { facts, eviction } = this.#settings;
    return new EvictionManager({
      ...{ clock, logger, runtime, measurements, settings: eviction, allocatableMemoryBytes: allocatable(facts).memoryBytes },
      pods: () => this.pods.pods(),
      evict: (uid, failure) => this.pods.evict(uid, failure),
      keepsImage,
      event: (reason, message) => link.reportEvent(nodeEvent(facts, reason, message, clock)),
      changed: () => this.#reporter.lookNow(),
    });
  }

  #nodeShutdown(): NodeShutdown {
    const { link, clock, logger } = this.#ports;
    const { facts, shutdown = [] } = this.#settings;
    return new NodeShutdown({
      ...{ clock, logger, periods: shutdown },
      pods: () => this.pods.pods(),
      evict: (uid, failure) => this.pods.evict(uid, failure),
      event: (reason, message) => link.reportEvent(nodeEvent(facts, reason, message, clock, 'Normal')),
      changed: () => this.#reporter.lookNow(),
    });
  }

  #manifestFolder(): ManifestFolder | undefined {
    const { link, clock, logger } = this.#ports;
    const { facts, podManifests } = this.#settings;
    if (podManifests === undefined) return undefined;
    return new ManifestFolder({
      ...{ clock, logger, directory: podManifests, nodeName: facts.nodeName },
      changed: (pods) => this.pods.setStatic(pods),
      event: (reason, message) => link.reportEvent(nodeEvent(facts, reason, message, clock)),
    });
  }

  get isConnected(): boolean {
    return this.#connected;
  }

  async start(): Promise<void> {
    await this.#health.look();
    await this.pods.start();
    const { csi, link } = this.#ports;
    csi?.follow({ link, inUseChanged: () => this.#reporter.lookNow(), driversChanged: () => this.pods.driversChanged() });
    await csi?.start();
    await this.#manifests?.start();
    await this.#images.start();
    await this.#reporter.start();
    this.#usage.start();
    this.#evictions.start();
    const { bootId } = this.#settings.facts.host;
    this.#ports.link.start(this.#handler(), () => ({ revision: this.#desired.revision, bootId, node: this.#reporter.node() }));
  }

  /** Containers, volumes and service rules stay. */
  async stop(): Promise<void> {
    this.#stopping.abort(new Error('the agent is stopping'));
    this.#ports.csi?.stop();
    this.#reporter.stop();
    this.#usage.stop();
    this.#evictions.stop();
    this.#images.stop();
    this.#manifests?.stop();
    await this.#ports.link.stop();
    await this.pods.stop();
    await this.#ports.network.stop();
    await this.#ports.ingress?.stop();
  }

  #handler(): SessionHandler {
    const tunnels = this.#tunnels();
    return {
      welcome: (welcome) => this.#welcome(welcome),
      desired: (state) => this.#desired.add(state),
      openTunnel: (request: TunnelRequest, accept) => void tunnels.serve(request, accept),
      disconnected: (reason) => {
        this.#connected = false;
        this.#ports.logger.warn('the session with the control plane ended; pods go on', { reason });
      },
    };
  }

  #welcome(welcome: Welcome): void {
    this.#connected = true;
    this.#lastWelcome = welcome;
    this.#ports.logger.info('connected to the control plane', { podCidr: welcome.podCidr });
    this.#desired.waitFor(() => this.#configure(welcome));
  }

  #apply(state: DesiredState): void {
    if (this.#stopping.signal.aborted) return;
    const { ingressChanged } = this.pods.apply(state);
    const { desired } = this.pods;
    this.#ports.registryHosts?.sync(desired.services());
    // Once in any case, for what an earlier agent may have left.
    if (!ingressChanged && !state.full) return;
    this.#ports.ingress?.sync({
      ingresses: desired.ingresses(),
      certificates: desired.certificates(),
      services: desired.services(),
      endpointSlices: desired.endpointSlices(),
    });
  }

  async #configure({ podCidr, serviceCidr, clusterDns, clusterDomain }: Welcome): Promise<void> {
    const { network, clock, logger } = this.#ports;
    const signal = this.#stopping.signal;
    while (!signal.aborted) {
      try {
        await network.configure({ podCidr, serviceCidr, clusterDns, clusterDomain });
        return this.#reporter.lookNow();
      } catch (error) {
        logger.error("the node's network cannot be configured; trying again", { error, retryMs: configureRetryMs });
        await clock.sleep(configureRetryMs, signal).catch(() => undefined);
      }
    }
  }

  #nodeSources(): Omit<NodeHttpSources, 'logs'> & KeptSources {
    const { clock, logger, runtime, health, hostCounters, metrics, machineMetrics, cgroupReader, volumes, link } = this.#ports;
    return {
      ...{ clock, logger, runtime, health, hostCounters, snapshots: volumes },
      settings: () => ({ ...this.#settings, welcome: this.#lastWelcome }),
      machine: machineMetrics ?? (async () => ''),
      cgroups: { reader: cgroupReader, path: (uid) => podCgroupPath(this.#settings.cgroupParent, uid) },
      certificateEndsAtMs: () => link.certificateEndsAtMs,
      pods: () => this.pods.pods(),
      volumes: (pod) => volumes.usage(pod),
      rates: () => this.#usage.newest,
      metrics: metrics ?? (async () => `# TYPE berth_agent_connected gauge\nberth_agent_connected ${this.isConnected ? 1 : 0}\n`),
      containers: (namespace, pod, container) => this.pods.container(namespace, pod, container),
    };
  }

  #tunnels(): TunnelServer {
    const { runtime, clock, logger, link } = this.#ports;
    const logs = new LogFiles({ runtime, clock, podLogDirectory: (pod) => this.pods.podLogDirectory(pod) });
    let nodeHttp: NodeHttp | undefined;
    return new TunnelServer({
      runtime,
      logger,
      logs,
      // Made when it is first asked for: of thousands of simulated nodes, few are.
      nodeHttp: (tunnel) => {
        nodeHttp ??= new NodeHttp({ ...this.#nodeSources(), logs });
        return nodeHttp.serve(tunnel);
      },
      nodeIp: this.#settings.facts.nodeIp,
      dial: this.#ports.dial ?? dialNetwork(clock),
      containers: (namespace, pod, container) => this.pods.container(namespace, pod, container),
      refuse: (tunnelId, code, message) => link.refuseTunnel(tunnelId, code, message),
    });
  }
}
