// The real network of a node: a bridge for pods by CNI, services and node ports by one nftables table, cluster names by a name
// server on the cluster's DNS address. Rules and bridge outlive the agent, so that pods keep their services while it restarts.
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Pod } from '@berth/api';
import type { Clock, Logger } from '@berth/telemetry';
import { deleteInterface, ensureBridge, portsOf } from './bridges.ts';
import { cniConfig, ipamDirectory } from './cni-config.ts';
import { type CommandRunner, runCommand } from './commands.ts';
import { Conntrack } from './conntrack.ts';
import { type DnsObserver, DnsServer } from './dns/dns-server.ts';
import { Elsewhere } from './dns/elsewhere.ts';
import { buildZone, type Zone } from './dns/zone.ts';
import { droppingTables } from './forward-policy.ts';
import { HeldAddresses } from './held-addresses.ts';
import { interfaceNames } from './interfaces.ts';
import { KernelEvents } from './kernel-events.ts';
import type { NetworkState, NodeNetwork } from './network.ts';
import { type ClusterNames, type PodDns, parseResolvConf, podDns } from './pod-dns.ts';
import { interfaceAddresses, PodRoutes } from './pod-routes.ts';
import type { PodNetworkMode } from './pod-routes-plan.ts';
import { PolicyTable } from './policy/policy-table.ts';
import { replaceFile } from './replace-file.ts';
import { ServiceHealthServers } from './service-health.ts';
import { ServiceTable } from './services/service-table.ts';
import { KeptSysctl, readSysctl, Sysctls } from './sysctls.ts';
import { udpFrontends } from './udp-flows.ts';

const dnsPort = 53;
const applyRetryMs = 2_000;
const bridgeFilter = 'net/bridge/bridge-nf-call-iptables';
const bridgeFilters = [bridgeFilter, 'net/bridge/bridge-nf-call-ip6tables'];
/** What the names of bridges begin with, whichever node's they are. */
const bridgePrefix = 'brth';

export interface HostNetworkOptions {
  /** Names the bridge and the table; at most 9 letters and digits. */
  instance: string;
  nodeName: string;
  /** The address that other nodes reach this one under. */
  nodeIp: string;
  podNetwork: PodNetworkMode;
  cniConfigDirectory: string;
  /** Address leases of pods. */
  stateDirectory: string;
  clock: Clock;
  logger: Logger;
  dnsObserver?: DnsObserver;
  /** Absent runs the real ip and nft. */
  run?: CommandRunner;
}

interface Settings extends ClusterNames {
  podCidr: string;
  serviceCidr: string;
}

export class HostNetwork implements NodeNetwork {
  readonly #options: HostNetworkOptions;
  readonly #run: CommandRunner;
  readonly #bridge: string;
  /** Holds the cluster's DNS address: CNI refuses a bridge with an address besides its own. */
  readonly #dnsInterface: string;
  readonly #sysctls: Sysctls;
  readonly #conntrack: Conntrack;
  readonly #routes: PodRoutes;
  readonly #health: ServiceHealthServers;
  readonly #services: ServiceTable;
  readonly #policies: PolicyTable;
  readonly #held: HeldAddresses;
  /** What somebody else takes away is made again. */
  readonly #events: KernelEvents[];
  #settings: Settings | undefined;
  #hostDns: PodDns = { servers: [], searches: [], options: [] };
  #dns: DnsServer | undefined;
  readonly #elsewhere: Elsewhere;
  /** Absent until somebody asks for a name: most changes are none of names. */
  #zone: Zone | undefined;
  /** Absent until the control plane has said it: what an earlier agent made stays as it is until then. */
  #wanted: NetworkState | undefined;
  #isDirty = false;
  #applying: Promise<void> | undefined;
  /** Flows have yet to be brought in line with the rules, which are counted. */
  #flows = { areDue: false, rules: 0 };
  readonly #bridgeFilter: KeptSysctl;
  #stopped = false;

  constructor(options: HostNetworkOptions) {
    this.#options = options;
    this.#run = options.run ?? runCommand;
    this.#bridge = `${bridgePrefix}${options.instance}`;
    this.#dnsInterface = `${bridgePrefix}d${options.instance}`;
    this.#conntrack = new Conntrack(this.#run, options.logger);
    this.#sysctls = new Sysctls(join(options.stateDirectory, 'sysctls.json'));
    this.#bridgeFilter = new KeptSysctl(bridgeFilter, options.clock);
    this.#health = new ServiceHealthServers(options);
    this.#services = new ServiceTable({ ...options, run: this.#run, bridge: this.#bridge, table: `berth-${options.instance}` });
    this.#policies = new PolicyTable({ ...options, run: this.#run, bridge: this.#bridge, table: `berth-policy-${options.instance}` });
    this.#routes = new PodRoutes({
      ...options,
      run: this.#run,
      mode: options.podNetwork,
      tunnel: `${bridgePrefix}x${options.instance}`,
      recordFile: join(options.stateDirectory, 'routes.json'),
      isOwnDevice: (name) => name.startsWith(bridgePrefix),
    });
    this.#held = new HeldAddresses({
      ...options,
      run: this.#run,
      device: `${bridgePrefix}l${options.instance}`,
      changed: () => this.#refresh(),
    });
    const { clock, logger } = options;
    this.#elsewhere = new Elsewhere({
      ...{ clock, logger, recordFile: join(options.stateDirectory, 'name-servers.json') },
      changed: () => this.#dns?.forget(),
      refused: () => options.dnsObserver?.refusedSettings(),
    });
    this.#events = [
      new KernelEvents({
        command: ['nft', 'monitor', 'destroy'],
        isOfInterest: (line) => this.#services.isLoss(line) || this.#policies.isLoss(line),
        changed: () => this.#mendTables(),
        clock,
        logger,
      }),
      new KernelEvents({ command: ['ip', '-4', 'monitor', 'link', 'route'], changed: () => this.#mendRoutes(), clock, logger }),
    ];
  }

  async configure(settings: Parameters<NodeNetwork['configure']>[0]): Promise<void> {
    const { podCidr, clusterDns } = settings;
    const isSame = this.#settings?.podCidr === podCidr && this.#settings.clusterDns === clusterDns;
    this.#settings = settings;
    if (!isSame || !this.#dns) await this.#setUp(this.#settings);
    this.#refresh();
    for (const events of this.#events) events.start();
  }

  sync(state: NetworkState): void {
    this.#wanted = state;
    this.#zone = undefined;
    this.#elsewhere.sync(state.nameServers);
    this.#refresh();
    this.#policies.sync(state.policies && { ...state.policies, pods: state.pods });
  }

  policiesInForce(): Promise<void> {
    return this.#policies.inForce();
  }

  get clusterDomain(): string {
    return this.#settings?.clusterDomain ?? '';
  }

  dnsFor(pod: Pod): PodDns {
    return podDns(pod, this.#settings, this.#hostDns);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    for (const events of this.#events) await events.stop();
    await this.#applying;
    await this.#held.stop();
    await this.#services.stop();
    await this.#policies.stop();
    await this.#health.stop();
    await this.#dns?.stop();
    await this.#elsewhere.stop();
  }

  /** Removes everything that any agent of this instance has made; safe to repeat. */
  async tearDown(): Promise<void> {
    await this.stop();
    await this.#services.tearDown();
    await this.#policies.tearDown();
    // Pods that nobody ended hold on to their ends of the bridge's ports; the bridge goes without asking them.
    await this.#routes.tearDown();
    await this.#held.tearDown();
    const interfaces = [...(await portsOf(this.#run, this.#bridge)), this.#bridge, this.#dnsInterface];
    for (const name of interfaces) await deleteInterface(this.#run, name);
    // Nodes beside this one on the same machine need the same settings.
    if (!interfaceNames().some((name) => name.startsWith(bridgePrefix))) await this.#sysctls.restore();
    await rm(this.#configFile, { force: true });
    await rm(this.#options.stateDirectory, { recursive: true, force: true });
  }

  get #configFile(): string {
    return join(this.#options.cniConfigDirectory, '10-berth.conflist');
  }

  async #setUp({ podCidr, clusterDns, clusterDomain }: Settings): Promise<void> {
    const { stateDirectory, clock, logger } = this.#options;
    this.#hostDns = parseResolvConf(await readFile('/etc/resolv.conf', 'utf8').catch(emptyIfAbsent));
    await ensureBridge(this.#run, this.#bridge);
    await ensureBridge(this.#run, this.#dnsInterface);
    await this.#run('ip', ['address', 'flush', 'dev', this.#dnsInterface]);
    await this.#run('ip', ['address', 'add', `${clusterDns}/32`, 'dev', this.#dnsInterface]);
    // route_localnet lets node ports answer on 127.0.0.1: their packets leave for a pod with a loopback address at first.
    await this.#sysctls.ensure({ 'net/ipv4/ip_forward': '1', [`net/ipv4/conf/${this.#bridge}/route_localnet`]: '1' });
    await this.#filterBridges();
    await this.#warnOfFirewalls();
    await mkdir(stateDirectory, { recursive: true });
    const mtu = (await interfaceAddresses(this.#run)).find(({ address }) => address === this.#options.nodeIp)?.mtu;
    await replaceFile(this.#configFile, cniConfig({ bridge: this.#bridge, podCidr, ipamDirectory: ipamDirectory(stateDirectory), mtu }));
    await this.#dns?.stop();
    this.#dns = undefined;
    await this.#elsewhere.start(this.#hostDns.servers, clusterDns);
    const upstream = this.#elsewhere;
    const isDelegated = (name: string) => upstream.isDelegated(name, clusterDomain);
    this.#zone = undefined;
    const zone = () => {
      this.#zone ??= buildZone(clusterDomain, this.#wanted?.services ?? [], this.#wanted?.endpointSlices ?? []);
      return this.#zone;
    };
    const { dnsObserver: observer } = this.#options;
    const dns = new DnsServer({ address: clusterDns, port: dnsPort, zone, upstream, isDelegated, clock, logger, observer });
    // Known once it serves: until then the next attempt sets everything up again.
    await dns.start();
    this.#dns = dns;
  }

  /** Policies are for pods of one bridge, too. */
  async #filterBridges(): Promise<void> {
    // A kernel that has it built in has no such module.
    if (readSysctl(bridgeFilter) === undefined) await this.#run('modprobe', ['br_netfilter']).catch(() => undefined);
    for (const setting of bridgeFilters) if (readSysctl(setting) === '0') await this.#sysctls.ensure({ [setting]: '1' });
    this.#bridgeFilter.forget();
    if (readSysctl(bridgeFilter) !== undefined) return;
    const remedy = 'load the kernel module br_netfilter, and start the agent again';
    this.#options.logger.error('network policies do not act between pods of this node: its kernel does not filter bridges', { remedy });
  }

  async #warnOfFirewalls(): Promise<void> {
    const tables = droppingTables(await this.#run('nft', ['list', 'chains']));
    if (tables.length === 0) return;
    const remedy = `accept what comes from and goes to ${this.#bridge} there`;
    this.#options.logger.warn('a firewall drops forwarded packets, so that pods may not be reached', { tables, remedy });
  }

  /** Changes that come while rules are applied become one more application. */
  #refresh(): void {
    this.#isDirty = true;
    this.#applying ??= this.#applyAll().finally(() => {
      this.#applying = undefined;
      // What came while the last of it ended.
      if (this.#isDirty && !this.#stopped && this.#settings && this.#wanted) this.#refresh();
    });
  }

  async #applyAll(): Promise<void> {
    while (this.#isDirty && !this.#stopped && this.#settings && this.#wanted) {
      this.#isDirty = false;
      try {
        await this.#apply(this.#settings, this.#wanted);
      } catch (error) {
        this.#options.logger.error('service rules could not be applied; trying again', { error, retryMs: applyRetryMs });
        this.#options.clock.after(applyRetryMs, () => this.#refresh());
        return;
      }
    }
  }

  async #apply(settings: Settings, wanted: NetworkState): Promise<void> {
    const { podCidr, clusterDns } = settings;
    const { services, endpointSlices, pods, peers, heldAddresses: held = [] } = wanted;
    const bridgeIsFiltered = this.#bridgeFilter.value === '1';
    const { nodeName } = this.#options;
    const peerCidrs = peers.map(({ spec }) => spec.podCIDR);
    const rules = { ...wanted, podCidr, peerCidrs, clusterDns, nodeName, bridgeIsFiltered };
    const hasUdpChanged = await this.#services.apply(rules);
    if (hasUdpChanged) this.#flows = { areDue: true, rules: this.#flows.rules + 1 };
    // Node ports of 127.0.0.1 lead to other nodes' pods as well, and the rules keep others from the loopback.
    if (peers.length > 1) await this.#sysctls.ensure({ 'net/ipv4/conf/all/route_localnet': '1' });
    if (this.#flows.areDue) await this.#conntrack.forgetStale(`${this.#flows.rules}`, udpFrontends(services, endpointSlices, pods));
    this.#flows.areDue = false;
    await this.#health.sync(services, endpointSlices);
    // Once there are rules for them, and whether other nodes can be reached or not.
    await this.#held.apply(held);
    await this.#routes.apply(peers, settings);
  }

  async #mendTables(): Promise<void> {
    await this.#policies.mend();
    this.#services.suspect();
    this.#refresh();
  }

  async #mendRoutes(): Promise<void> {
    if (await this.#routes.areIntact()) return;
    this.#options.logger.warn("somebody has removed routes to other nodes' pods; making them again");
    this.#refresh();
  }
}

function emptyIfAbsent(error: NodeJS.ErrnoException): string {
  if (error.code === 'ENOENT') return '';
  throw error;
}
