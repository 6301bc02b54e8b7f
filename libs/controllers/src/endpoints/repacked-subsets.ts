// The subsets of an Endpoints object in their simplest form (Kubernetes, "EndpointSlices", Mirroring): ports that have the same
// addresses stand together, and an address that is ready in one place and not in another is not.
import type { EndpointAddress, EndpointSubset } from '@berth/api';

type Port = NonNullable<EndpointSubset['ports']>[number];

export interface Subset {
  /** Empty for addresses that were given without a port. */
  ports: Port[];
  addresses: { address: EndpointAddress; isReady: boolean }[];
}

export function repacked(subsets: EndpointSubset[]): Subset[] {
  const byPort = new Map<string, { port: Port | undefined; addresses: Map<string, { address: EndpointAddress; isReady: boolean }> }>();
  for (const { addresses = [], notReadyAddresses = [], ports = [] } of subsets) {
    for (const port of ports.length > 0 ? ports : [undefined]) {
      const key = JSON.stringify(port && [port.name ?? '', port.protocol ?? 'TCP', port.port, port.appProtocol]);
      const known = byPort.get(key) ?? { port, addresses: new Map() };
      byPort.set(key, known);
      for (const [list, isReady] of [[addresses, true] as const, [notReadyAddresses, false] as const]) {
        for (const address of list) {
          const name = JSON.stringify([address.ip, address.targetRef?.uid ?? '']);
          const earlier = known.addresses.get(name);
          known.addresses.set(name, { address: earlier?.address ?? address, isReady: isReady && (earlier?.isReady ?? true) });
        }
      }
    }
  }
  const byAddresses = new Map<string, Subset>();
  for (const { port, addresses } of byPort.values()) {
    const sorted = [...addresses].sort(([a], [b]) => (a < b ? -1 : 1));
    const key = JSON.stringify([port === undefined, sorted.map(([name, { isReady }]) => [name, isReady])]);
    const subset = byAddresses.get(key) ?? { ports: [], addresses: sorted.map(([, found]) => found) };
    byAddresses.set(key, subset);
    if (port) subset.ports.push(port);
  }
  const rank = ({ name = '', protocol = 'TCP', port }: Port) => JSON.stringify([name, protocol, String(port).padStart(5, '0')]);
  for (const { ports } of byAddresses.values()) ports.sort((a, b) => (rank(a) < rank(b) ? -1 : 1));
  return [...byAddresses.values()];
}
