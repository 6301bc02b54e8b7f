// Keeps the kernel's routes to other nodes' pods as they are planned. They outlive the agent, as pods do; what it made is written down,
// so that a route to a node that is gone is removed also by the next agent, and nobody else's ever is.
import { existsSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import type { NodePeer } from '@berth/protocol';
import type { Clock, Logger } from '@berth/telemetry';
import type { CommandRunner } from './commands.ts';
import { interfaceExists } from './interfaces.ts';
import {
  type InterfaceAddress,
  type PodNetworkMode,
  type PodRoute,
  type PodRoutePlan,
  planPodRoutes,
  routeCommands,
  tunnelAddress,
  tunnelHardwareAddress,
  tunnelNetworkId,
} from './pod-routes-plan.ts';
import { replaceFile } from './replace-file.ts';

/** IANA's for VXLAN. */
const tunnelPort = 4789;
/** Outer IPv4, UDP and VXLAN headers, and the inner Ethernet one. */
const tunnelHeaderBytes = 50;
/** How soon this node's own addresses are looked at again, while nodes stay as they are: pods come and go far more often. */
const addressesMs = 30_000;

export interface PodRoutesOptions {
  nodeName: string;
  nodeIp: string;
  mode: PodNetworkMode;
  /** Names the tunnel's device. */
  tunnel: string;
  /** Outlives the agent. */
  recordFile: string;
  /** Whose addresses are not those of a network between nodes. */
  isOwnDevice(name: string): boolean;
  run: CommandRunner;
  clock: Pick<Clock, 'monotonicMs'>;
  logger: Logger;
}

/** Of this node's pods, and of the cluster's services. */
interface OwnRanges {
  podCidr: string;
  serviceCidr: string;
}

export class PodRoutes {
  readonly #options: PodRoutesOptions;
  /** The plan that the kernel has, with all that it rests on. */
  #applied = '';
  #routes: PodRoute[] = [];
  /** For whom that was, and when it was last looked at. */
  #peers = '';
  #lookedMs = Number.NEGATIVE_INFINITY;
  /** The same objects are the same peers: they are never changed, only replaced. */
  #same: { peers: NodePeer[]; own: OwnRanges } | undefined;

  constructor(options: PodRoutesOptions) {
    this.#options = options;
  }

  /** @throws Error with what `ip` said */
  async apply(peers: NodePeer[], own: OwnRanges): Promise<void> {
    const { nodeName, clock } = this.#options;
    const nowMs = clock.monotonicMs();
    if (peers === this.#same?.peers && own === this.#same.own && nowMs < this.#lookedMs + addressesMs) return;
    const about = JSON.stringify([own, peers.map(({ metadata, spec }) => [metadata.name, spec])]);
    const isSame = about === this.#peers && nowMs < this.#lookedMs + addressesMs;
    const isAlone = peers.every(({ metadata }) => metadata.name === nodeName);
    if (!isSame && !(isAlone && !existsSync(this.#options.recordFile))) await this.#look(peers, own);
    this.#same = { peers, own };
    if (!isSame) [this.#peers, this.#lookedMs] = [about, nowMs];
  }

  async #look(peers: NodePeer[], own: OwnRanges): Promise<void> {
    const { nodeName, mode } = this.#options;
    const addresses = await this.#addresses();
    const plan = planPodRoutes({ nodeName, peers, addresses, mode });
    const wanted = JSON.stringify({ plan, own, addresses });
    if (wanted !== this.#applied) await this.#change(plan, addresses, own);
    this.#applied = wanted;
    this.#routes = plan.routes;
  }

  /** Whether all that was applied is there still; what is not, the next `apply` makes again. A link that goes down takes its routes along. */
  async areIntact(): Promise<boolean> {
    const routes = this.#routes;
    if (routes.length === 0 || (await this.#present(routes)).length === routes.length) return true;
    [this.#applied, this.#peers, this.#same] = ['', '', undefined];
    return false;
  }

  async tearDown(): Promise<void> {
    await this.#remove(await this.#recorded());
    if (interfaceExists(this.#options.tunnel)) await this.#options.run('ip', ['link', 'delete', this.#options.tunnel]);
    await rm(this.#options.recordFile, { force: true });
  }

  async #change({ routes, unreachable }: PodRoutePlan, addresses: InterfaceAddress[], own: OwnRanges): Promise<void> {
    const { run, tunnel, logger } = this.#options;
    if (unreachable.length > 0) {
      const remedy = 'these are on no network of this node: let --pod-network be auto or vxlan, on all nodes';
      logger.warn('pods of some nodes cannot be reached', { nodes: unreachable, remedy });
    }
    const before = await this.#recorded();
    // Before the change: a crash in between must not lose what is there.
    await this.#record([...before, ...routes]);
    const key = ({ podCidr, address, device }: PodRoute) => `${podCidr} ${address} ${device ?? ''}`;
    const kept = new Set(routes.map(key));
    await this.#remove(before.filter((route) => !kept.has(key(route))));
    if (routes.some(({ device }) => device === undefined)) await this.#ensureTunnel(addresses, own);
    else if (interfaceExists(tunnel)) await run('ip', ['link', 'delete', tunnel]);
    const commands = routeCommands(routes, tunnel);
    if (commands.bridge.length > 0) await run('bridge', ['-batch', '-'], `${commands.bridge.join('\n')}\n`);
    if (commands.ip.length > 0) await run('ip', ['-batch', '-'], `${commands.ip.join('\n')}\n`);
    await this.#record(routes);
  }

  /** What is gone already, as with a device, is no failure. */
  async #remove(routes: PodRoute[]): Promise<void> {
    if (routes.length === 0) return;
    const { run, tunnel } = this.#options;
    const lines = (await this.#present(routes)).map((route) => {
      const { gateway, dev } = this.#hop(route);
      return `route del ${route.podCidr} via ${gateway} dev ${dev}`;
    });
    if (lines.length > 0) await run('ip', ['-batch', '-'], `${lines.join('\n')}\n`);
    if (interfaceExists(tunnel)) await this.#forgetTunnelled(routes.filter(({ device }) => device === undefined));
  }

  /** Those that the kernel has. */
  async #present(routes: PodRoute[]): Promise<PodRoute[]> {
    const present = JSON.parse(await this.#options.run('ip', ['-4', '-json', 'route', 'show'])) as {
      dst: string;
      dev?: string;
      gateway?: string;
    }[];
    return routes.filter((route) => {
      const { gateway, dev } = this.#hop(route);
      return present.some((each) => each.dst === route.podCidr && each.gateway === gateway && each.dev === dev);
    });
  }

  #hop({ podCidr, address, device }: PodRoute): { gateway: string; dev: string } {
    return device === undefined ? { gateway: tunnelAddress(podCidr), dev: this.#options.tunnel } : { gateway: address, dev: device };
  }

  async #forgetTunnelled(routes: PodRoute[]): Promise<void> {
    const { run, tunnel } = this.#options;
    const known = JSON.parse(await run('bridge', ['-json', 'fdb', 'show', 'dev', tunnel])) as { mac: string; dst?: string }[];
    for (const { podCidr, address } of routes) {
      const mac = tunnelHardwareAddress(podCidr);
      if (!known.some((entry) => entry.mac === mac && entry.dst === address)) continue;
      await run('bridge', ['fdb', 'del', mac, 'dev', tunnel, 'dst', address, 'self']);
    }
  }

  async #ensureTunnel(addresses: InterfaceAddress[], own: OwnRanges): Promise<void> {
    const { run, tunnel, nodeIp } = this.#options;
    const uplink = addresses.find(({ address }) => address === nodeIp);
    const id = tunnelNetworkId(own.serviceCidr);
    const hardware = tunnelHardwareAddress(own.podCidr);
    if (interfaceExists(tunnel)) {
      const [link] = JSON.parse(await run('ip', ['-details', '-json', 'link', 'show', tunnel]));
      const data = link?.linkinfo?.info_data;
      const isSame = data?.id === id && data.local === nodeIp && link.address === hardware && data.link === uplink?.device;
      if (!isSame) await run('ip', ['link', 'delete', tunnel]);
    }
    if (!interfaceExists(tunnel)) {
      const over = uplink ? ['local', nodeIp, 'dev', uplink.device] : [];
      const kind = ['type', 'vxlan', 'id', String(id), 'dstport', String(tunnelPort), 'nolearning', ...over];
      await run('ip', ['link', 'add', tunnel, 'address', hardware, ...kind]);
    }
    if (uplink) await run('ip', ['link', 'set', tunnel, 'mtu', String(uplink.mtu - tunnelHeaderBytes)]);
    await run('ip', ['link', 'set', tunnel, 'up']);
    await run('ip', ['address', 'replace', `${tunnelAddress(own.podCidr)}/32`, 'dev', tunnel]);
  }

  async #addresses(): Promise<InterfaceAddress[]> {
    const { run, tunnel, isOwnDevice } = this.#options;
    return (await interfaceAddresses(run)).filter(({ device }) => device !== 'lo' && device !== tunnel && !isOwnDevice(device));
  }

  async #recorded(): Promise<PodRoute[]> {
    const { recordFile } = this.#options;
    return existsSync(recordFile) ? JSON.parse(await readFile(recordFile, 'utf8')) : [];
  }

  #record(routes: PodRoute[]): Promise<void> {
    return replaceFile(this.#options.recordFile, JSON.stringify(routes));
  }
}

/** All IPv4 addresses of this node. */
export async function interfaceAddresses(run: CommandRunner): Promise<InterfaceAddress[]> {
  const links = JSON.parse(await run('ip', ['-4', '-json', 'address', 'show'])) as {
    ifname: string;
    mtu: number;
    addr_info: { local: string; prefixlen: number }[];
  }[];
  return links.flatMap(({ ifname, mtu, addr_info }) =>
    addr_info.map(({ local, prefixlen }) => ({ device: ifname, address: local, prefixLength: prefixlen, mtu })),
  );
}
