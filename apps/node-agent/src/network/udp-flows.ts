// UDP has no end that the kernel could see: a flow that goes on keeps the endpoint that it began with, also when that is gone, and one that
// began before its port led anywhere never gets there. Which flows are stale, by what conntrack lists. Pure.
import type { EndpointSlice, Pod, Service } from '@berth/api';
import { endpointText, servingEndpointsOf, slicesByService, slicesOf } from './endpoints.ts';
import { hostPortsOf } from './host-ports.ts';
import { outsideAddresses } from './outside-addresses.ts';

/** What clients send to → where that may end, each as `address:port`. Node ports have `*` for an address. */
export type UdpFrontends = Map<string, Set<string>>;

/** All flows from one frontend to one endpoint. */
export interface StaleFlows {
  address: string;
  port: number;
  endpointAddress: string;
  endpointPort: number;
}

export function udpFrontends(services: Service[], slices: EndpointSlice[], pods: Pod[]): UdpFrontends {
  const frontends: UdpFrontends = new Map();
  const known = slicesByService(slices);
  for (const service of services) {
    const { clusterIP = '', type, ports = [] } = service.spec;
    if (clusterIP === '' || clusterIP === 'None' || type === 'ExternalName') continue;
    for (const port of ports) {
      if (port.protocol !== 'UDP') continue;
      const endpoints = new Set(servingEndpointsOf(port, slicesOf(known, service)).map(endpointText));
      frontends.set(`${clusterIP}:${port.port}`, endpoints);
      for (const { address } of outsideAddresses(service)) frontends.set(`${address}:${port.port}`, endpoints);
      if (port.nodePort) frontends.set(`*:${port.nodePort}`, endpoints);
    }
  }
  for (const { protocol, hostIp, hostPort, endpoint } of pods.flatMap(hostPortsOf)) {
    if (protocol === 'udp') frontends.set(`${hostIp ?? '*'}:${hostPort}`, new Set([endpointText(endpoint)]));
  }
  return frontends;
}

/**
 * Flows that have begun go on while their endpoint serves, whatever policies say by now. Where nothing serves, they wait for what comes next.
 * @param listed what `conntrack -L -p udp` prints
 * @param former keys of frontends, which lead nowhere if they are none any more
 * @param isOwnAddress whether node ports are asked for there
 */
export function staleFlows(
  listed: string,
  frontends: UdpFrontends,
  former: ReadonlySet<string>,
  isOwnAddress: (address: string) => boolean,
): StaleFlows[] {
  const stale = new Map<string, StaleFlows>();
  for (const line of listed.split('\n')) {
    const flow = flowOf(line);
    if (!flow) continue;
    const { address, port, endpointAddress, endpointPort } = flow;
    const keys = [`${address}:${port}`, ...(isOwnAddress(address) ? [`*:${port}`] : [])];
    const key = keys.find((each) => frontends.has(each));
    const endpoints = key === undefined ? undefined : frontends.get(key);
    const mayGoOn = endpoints
      ? endpoints.size === 0 || endpoints.has(`${endpointAddress}:${endpointPort}`)
      : !keys.some((each) => former.has(each));
    if (!mayGoOn) stale.set(Object.values(flow).join(' '), flow);
  }
  return [...stale.values()];
}

/** `udp 17 28 src=CLIENT dst=FRONTEND sport=… dport=… [UNREPLIED] src=ENDPOINT dst=… sport=… dport=… …` */
function flowOf(line: string): StaleFlows | undefined {
  const match = /^udp .*? dst=(\S+) sport=\d+ dport=(\d+) .*?src=(\S+) dst=\S+ sport=(\d+) /.exec(line);
  if (!match) return undefined;
  const [, address = '', port, endpointAddress = '', endpointPort] = match;
  return { address, port: Number(port), endpointAddress, endpointPort: Number(endpointPort) };
}
