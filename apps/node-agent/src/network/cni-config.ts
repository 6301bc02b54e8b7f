// The CNI configuration that containerd reads: pods on one bridge, with addresses of the node's range. Masquerading and host
// ports are the agent's own rules, so no further plugin is needed.
import { join } from 'node:path';

const network = 'berth';

/** @param stateDirectory of the node's network */
export function ipamDirectory(stateDirectory: string): string {
  return join(stateDirectory, 'addresses');
}

/** Where host-local has a file for each address that is taken. */
export function leasesDirectory(stateDirectory: string): string {
  return join(ipamDirectory(stateDirectory), network);
}

export interface CniOptions {
  bridge: string;
  podCidr: string;
  /** Where host-local keeps which address is whose. */
  ipamDirectory: string;
  /** In bytes, of the network between nodes; the kernel's default where it is unknown. */
  mtu: number | undefined;
}

export function cniConfig({ bridge, podCidr, ipamDirectory, mtu }: CniOptions): string {
  const bridgePlugin = {
    type: 'bridge',
    bridge,
    isGateway: true,
    hairpinMode: true,
    ipMasq: false,
    ...(mtu !== undefined && { mtu }),
    ipam: { type: 'host-local', ranges: [[{ subnet: podCidr }]], routes: [{ dst: '0.0.0.0/0' }], dataDir: ipamDirectory },
  };
  return `${JSON.stringify({ cniVersion: '0.4.0', name: network, plugins: [bridgePlugin] }, null, 2)}\n`;
}
