// Services, node ports and host ports of one node as one nftables script, which replaces the node's table in one transaction.
// Pure: the same input gives the same text, so that nothing is applied when nothing has changed.
import type { EndpointSlice, Pod, Service } from '@berth/api';
import { type Endpoint, endpointsOf, slicesByService, slicesOf } from './endpoints.ts';
import { type HostPort, hostPortsOf } from './host-ports.ts';
import { type OutsideAddress, outsideAddresses } from './outside-addresses.ts';

export interface RulesInput {
  /** The nft table of this agent. */
  table: string;
  bridge: string;
  podCidr: string;
  /** The ranges of all nodes' pods. */
  peerCidrs: string[];
  /** Where this node's name server listens: no host port takes that away. */
  clusterDns: string;
  services: Service[];
  endpointSlices: EndpointSlice[];
  /** Of this node, with their addresses. */
  pods: Pod[];
  nodeName: string;
  /** Whether bridged packets pass the rules, too (bridge-nf-call-iptables); else answers between pods of one bridge bypass them. */
  bridgeIsFiltered: boolean;
}

/** Where packets for one port of a service go. */
interface Target {
  protocol: 'tcp' | 'udp';
  clusterAddress: string;
  port: number;
  nodePort: number | undefined;
  endpoints: Endpoint[];
  /** Of this node alone, for what comes from outside where the policy is Local. */
  outsideEndpoints: Endpoint[];
  /** Addresses beside the cluster's, and who may come through them: of a load balancer, and those that the service names itself. */
  outside: OutsideAddress[];
  /** ClientIP affinity. Its timeout is not kept: a client stays for as long as the endpoints do. */
  sticky: boolean;
}

export function serviceRules(input: RulesInput): string {
  const slices = slicesByService(input.endpointSlices);
  const targets = input.services.flatMap((service) => targetsOf(service, slicesOf(slices, service), input.nodeName));
  const hostPorts = input.pods.flatMap(hostPortsOf);
  const chains = new Map<string, string>();
  const sets: Sets = {
    clusterAddresses: [],
    clusterPorts: [],
    nodePorts: [],
    outsidePorts: [],
    refusedOutsidePorts: [],
    hostAddressPorts: [],
    refusedNodePorts: [],
    kept: kept(input),
  };
  for (const target of targets) {
    sets.clusterAddresses.push(target.clusterAddress);
    const key = `${target.clusterAddress} . ${target.protocol} . ${target.port}`;
    if (target.endpoints.length > 0) sets.clusterPorts.push(`${key} : goto ${chain(chains, target, target.endpoints)}`);
    addOutside(target, chains, sets);
    if (target.nodePort === undefined) continue;
    const nodeKey = `${target.protocol} . ${target.nodePort}`;
    if (target.outsideEndpoints.length > 0)
      sets.nodePorts.push(`${nodeKey} : goto ${chain(chains, target, target.outsideEndpoints, '-node')}`);
    else sets.refusedNodePorts.push(nodeKey);
  }
  for (const { protocol, hostIp, hostPort, endpoint } of hostPorts) {
    const target = { protocol, clusterAddress: `host${hostIp ? `-${hostIp}` : ''}`, port: hostPort, sticky: false };
    const verdict = `${protocol} . ${hostPort} : goto ${chain(chains, target, [endpoint])}`;
    if (hostIp) sets.hostAddressPorts.push(`${hostIp} . ${verdict}`);
    else sets.nodePorts.push(verdict);
  }
  return script(input, sets, [...chains.values()], hairpins(targets, hostPorts));
}

function addOutside(target: Target, chains: Map<string, string>, sets: Sets): void {
  for (const { address, sources } of target.outside) {
    const key = `${address} . ${target.protocol} . ${target.port}`;
    if (target.outsideEndpoints.length === 0) {
      sets.refusedOutsidePorts.push(key);
      continue;
    }
    const all = chain(chains, target, target.outsideEndpoints, '-node');
    const verdict = sources ? guarded(chains, `${target.protocol}-${address.replaceAll('.', '-')}-${target.port}-from`, sources, all) : all;
    sets.outsidePorts.push(`${key} : goto ${verdict}`);
  }
}

/** A chain that lets only these ranges pass. @returns its name */
function guarded(chains: Map<string, string>, name: string, sources: string[], next: string): string {
  const rules = sources.map((range) => `    ip saddr ${range} goto ${next}\n`);
  chains.set(name, `  chain ${name} {\n${rules.join('')}    drop\n  }`);
  return name;
}

/** Elements of the table's maps and sets. */
interface Sets {
  clusterAddresses: string[];
  clusterPorts: string[];
  nodePorts: string[];
  outsidePorts: string[];
  refusedOutsidePorts: string[];
  /** Host ports that are for one address of the node. */
  hostAddressPorts: string[];
  refusedNodePorts: string[];
  kept: string[];
}

/** What this machine itself serves to pods, on addresses that are the node's own: names, and the API where it runs here. */
function kept({ clusterDns, services, endpointSlices }: RulesInput): string[] {
  const api = services.find(({ metadata }) => metadata.namespace === 'default' && metadata.name === 'kubernetes');
  const endpoints = api ? targetsOf(api, slicesOf(slicesByService(endpointSlices), api), '').flatMap((target) => target.endpoints) : [];
  return [
    ...['tcp', 'udp'].map((protocol) => `${clusterDns} . ${protocol} . 53`),
    ...endpoints.map(({ address, port }) => `${address} . tcp . ${port}`),
  ];
}

function script(
  { table, bridge, podCidr, peerCidrs, bridgeIsFiltered }: RulesInput,
  sets: Sets,
  chains: string[],
  selfPairs: string[],
): string {
  // Without filtered bridging, an answer from pod to pod would not come back through here to be translated.
  const viaHere = bridgeIsFiltered ? [] : [`    ct status dnat ip saddr ${podCidr} oifname "${bridge}" masquerade`];
  // What is still for a cluster address behind the translation is for a port that no service has, or that no endpoint stands behind.
  // Pods know each other by their own addresses, on whichever nodes they are; whoever else comes through a service gets its answers
  // from the node that it asked. What others on this machine translate, another cluster or a proxy, is theirs, so endpoints are asked for.
  // Node ports on 127.0.0.1 need route_localnet, which alone would open the node's loopback to pods and to its neighbours (CVE-2020-8558).
  return `table ip ${table}
delete table ip ${table}
table ip ${table} {
${named('map cluster-ports', 'ipv4_addr . inet_proto . inet_service : verdict', sets.clusterPorts)}
${named('map outside-ports', 'ipv4_addr . inet_proto . inet_service : verdict', sets.outsidePorts)}
${named('map host-address-ports', 'ipv4_addr . inet_proto . inet_service : verdict', sets.hostAddressPorts)}
${named('map node-ports', 'inet_proto . inet_service : verdict', sets.nodePorts)}
${named('set cluster-addresses', 'ipv4_addr', sets.clusterAddresses)}
${named('set refused-outside-ports', 'ipv4_addr . inet_proto . inet_service', sets.refusedOutsidePorts)}
${named('set refused-node-ports', 'inet_proto . inet_service', sets.refusedNodePorts)}
${named('set kept', 'ipv4_addr . inet_proto . inet_service', sets.kept)}
${named('set pod-networks', 'ipv4_addr; flags interval; auto-merge', [podCidr, ...peerCidrs])}
${named('set hairpins', 'ipv4_addr . ipv4_addr', selfPairs)}
${chains.join('\n')}
  chain dispatch {
    ip daddr . meta l4proto . th dport vmap @cluster-ports
    ip daddr . meta l4proto . th dport @kept return
    ip daddr . meta l4proto . th dport vmap @outside-ports
    ip daddr . meta l4proto . th dport vmap @host-address-ports
    fib daddr type local meta l4proto . th dport vmap @node-ports
  }
  chain prerouting {
    type nat hook prerouting priority dstnat; policy accept;
    jump dispatch
  }
  chain output {
    type nat hook output priority -100; policy accept;
    jump dispatch
  }
  chain postrouting {
    type nat hook postrouting priority srcnat; policy accept;
    ip saddr . ip daddr @hairpins masquerade
    ct status dnat ip saddr 127.0.0.0/8 masquerade
${viaHere.join('\n')}
    oifname { "${bridge}", "lo" } return
    ip saddr ${podCidr} ip daddr != @pod-networks masquerade
    ct status dnat ip saddr != @pod-networks ip daddr . ip daddr @hairpins masquerade
  }
  chain refuse {
    ip daddr @cluster-addresses reject
    ip daddr . meta l4proto . th dport @refused-outside-ports reject
    fib daddr type local meta l4proto . th dport @refused-node-ports reject
  }
  chain refuse-forward {
    type filter hook forward priority filter; policy accept;
    jump refuse
  }
  chain refuse-input {
    type filter hook input priority filter; policy accept;
    iifname != "lo" ip daddr 127.0.0.0/8 ct state != { established, related } drop
    jump refuse
  }
  chain refuse-output {
    type filter hook output priority filter; policy accept;
    jump refuse
  }
}
`;
}

function named(what: string, type: string, elements: string[]): string {
  const list = elements.length > 0 ? `\n    elements = { ${unique(elements).join(', ')} }` : '';
  return `  ${what} {\n    type ${type}${list}\n  }`;
}

/** The chain that spreads over these endpoints, made once. @param suffix tells a port's chains apart. @returns its name */
function chain(
  chains: Map<string, string>,
  target: Pick<Target, 'protocol' | 'clusterAddress' | 'port' | 'sticky'>,
  endpoints: Endpoint[],
  suffix = '',
): string {
  const list = endpoints.map(({ address, port }) => `${address} . ${port}`);
  const name = `${target.protocol}-${target.clusterAddress.replaceAll('.', '-')}-${target.port}${suffix}`;
  if (!chains.has(name)) {
    const choice = target.sticky ? `jhash ip saddr mod ${list.length}` : `numgen random mod ${list.length}`;
    const map = list.map((element, index) => `${index} : ${element}`).join(', ');
    const only = endpoints.length === 1 && endpoints[0];
    const to = only ? `${only.address}:${only.port}` : `${choice} map { ${map} }`;
    chains.set(name, `  chain ${name} {\n    meta l4proto ${target.protocol} dnat ip to ${to}\n  }`);
  }
  return name;
}

function targetsOf(service: Service, slices: EndpointSlice[], nodeName: string): Target[] {
  const { clusterIP = '', type, ports = [], sessionAffinity } = service.spec;
  if (clusterIP === '' || clusterIP === 'None' || type === 'ExternalName') return [];
  return ports.flatMap((port) => {
    const protocol = port.protocol === 'UDP' ? 'udp' : 'tcp';
    if (port.protocol === 'SCTP') return [];
    const all = endpointsOf(port, slices, undefined);
    const local = endpointsOf(port, slices, nodeName);
    return {
      protocol,
      clusterAddress: clusterIP,
      port: port.port,
      nodePort: port.nodePort || undefined,
      endpoints: service.spec.internalTrafficPolicy === 'Local' ? local : all,
      outsideEndpoints: service.spec.externalTrafficPolicy === 'Local' ? local : all,
      outside: outsideAddresses(service),
      sticky: sessionAffinity === 'ClientIP',
    } satisfies Target;
  });
}

/** A pod that reaches itself through a service would get answers from its own address, and drop them. */
function hairpins(targets: Target[], hostPorts: HostPort[]): string[] {
  const endpoints = [...targets.flatMap((t) => [...t.endpoints, ...t.outsideEndpoints]), ...hostPorts.map((h) => h.endpoint)];
  return unique(endpoints.map(({ address }) => `${address} . ${address}`));
}

/** By key: what is left of ` : `; the first wins, as two services cannot own one port. */
function unique(elements: string[]): string[] {
  const byKey = new Map<string, string>();
  for (const element of elements) {
    const key = element.split(' : ')[0] ?? element;
    if (!byKey.has(key)) byKey.set(key, element);
  }
  return [...byKey.values()].sort();
}
