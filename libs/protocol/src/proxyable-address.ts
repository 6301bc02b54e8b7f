// Where a proxy may dial for a client: addresses that others on the network could dial as well. What listens on a machine's loopback
// or link-local addresses counts on being reached from that machine alone, and no client may borrow the machine for it.
import { BlockList, isIP } from 'node:net';

const refused = new BlockList();
refused.addSubnet('127.0.0.0', 8, 'ipv4');
refused.addSubnet('169.254.0.0', 16, 'ipv4');
refused.addSubnet('224.0.0.0', 4, 'ipv4');
refused.addSubnet('0.0.0.0', 8, 'ipv4');
refused.addAddress('255.255.255.255', 'ipv4');
refused.addAddress('::', 'ipv6');
refused.addAddress('::1', 'ipv6');
refused.addSubnet('fe80::', 10, 'ipv6');
refused.addSubnet('ff00::', 8, 'ipv6');

/** As Go's IsGlobalUnicast, which kube-apiserver asks; an IPv4 address written as IPv6 is that IPv4 address. */
export function isProxyableAddress(address: string): boolean {
  const family = isIP(address);
  if (family === 4) return !refused.check(address, 'ipv4');
  if (family !== 6 || address.includes('%')) return false;
  return !refused.check(address, 'ipv6');
}
