// How pods of this node reach those of others: by a route where the other node is a neighbour on one of this node's networks, by VXLAN
// (RFC 7348) where routers that know nothing of pods lie between. Both ends come to the same by themselves. Pure.
import { createHash } from 'node:crypto';
import { BlockList, isIPv4 } from 'node:net';
import type { NodePeer } from '@berth/protocol';

/** `auto` is a route where it can be one; `routes` refuses where it cannot; `vxlan` is for networks that drop what is not from their own addresses. */
export const podNetworkModes = ['auto', 'routes', 'vxlan'] as const;
export type PodNetworkMode = (typeof podNetworkModes)[number];

/** One IPv4 address of this node. */
export interface InterfaceAddress {
  device: string;
  address: string;
  prefixLength: number;
  mtu: number;
}

/** To the pods of one node. */
export interface PodRoute {
  podCidr: string;
  /** The node's own address. */
  address: string;
  /** Absent: through the tunnel. */
  device?: string;
}

export interface PodRoutePlan {
  routes: PodRoute[];
  /** Nodes without a way to them, by name and address. */
  unreachable: string[];
}

export function planPodRoutes(input: {
  nodeName: string;
  peers: NodePeer[];
  /** Of networks that other nodes may be on. */
  addresses: InterfaceAddress[];
  mode: PodNetworkMode;
}): PodRoutePlan {
  const own = new Set(input.addresses.map(({ address }) => address));
  const plan: PodRoutePlan = { routes: [], unreachable: [] };
  for (const { metadata, spec } of input.peers) {
    const { address, podCIDR: podCidr } = spec;
    // Agents that share a machine share its routes as well.
    if (metadata.name === input.nodeName || own.has(address) || !isIPv4(address)) continue;
    const neighbour = input.mode === 'vxlan' ? undefined : input.addresses.find((network) => isOn(network, address));
    if (neighbour) plan.routes.push({ podCidr, address, device: neighbour.device });
    else if (input.mode !== 'routes') plan.routes.push({ podCidr, address });
    else plan.unreachable.push(`${metadata.name} (${address})`);
  }
  plan.routes.sort((a, b) => (a.podCidr < b.podCidr ? -1 : 1));
  return plan;
}

function isOn(network: InterfaceAddress, address: string): boolean {
  const subnet = new BlockList();
  subnet.addSubnet(network.address, network.prefixLength);
  return subnet.check(address);
}

/** The address that a node has in the tunnel: that of its range, which no pod has. */
export function tunnelAddress(podCidr: string): string {
  return podCidr.split('/')[0] ?? '';
}

/** The hardware address that goes with it, the same on every node; the first byte says that it is administered locally. */
export function tunnelHardwareAddress(podCidr: string): string {
  const bytes = tunnelAddress(podCidr).split('.').map(Number);
  return ['0a', '58', ...bytes.map((byte) => byte.toString(16).padStart(2, '0'))].join(':');
}

/** Tells clusters on one network apart; the same on all nodes of one. From 1 to 2^24 - 1. */
export function tunnelNetworkId(serviceCidr: string): number {
  return createHash('sha256').update(serviceCidr).digest().readUIntBE(0, 3) || 1;
}

/** What `ip -batch` and `bridge -batch` do for a plan; every line may be repeated. */
export function routeCommands(routes: PodRoute[], tunnel: string): { ip: string[]; bridge: string[] } {
  const ip: string[] = [];
  const bridge: string[] = [];
  for (const { podCidr, address, device } of routes) {
    if (device !== undefined) {
      ip.push(`route replace ${podCidr} via ${address} dev ${device}`);
      continue;
    }
    const far = tunnelAddress(podCidr);
    const hardware = tunnelHardwareAddress(podCidr);
    bridge.push(`fdb replace ${hardware} dev ${tunnel} dst ${address} self permanent`);
    ip.push(
      `neigh replace ${far} lladdr ${hardware} dev ${tunnel} nud permanent`,
      `route replace ${podCidr} via ${far} dev ${tunnel} onlink`,
    );
  }
  return { ip, bridge };
}
