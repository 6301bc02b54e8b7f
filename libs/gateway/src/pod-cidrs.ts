// Gives each node a /24 of the pod network. What must hold: no two nodes have the same.

/** The first free /24 of `podCidr` (IPv4); throws when all are taken. */
export function freePodCidr(podCidr: string, taken: Set<string>): string {
  const [address = '', prefixText = ''] = podCidr.split('/');
  const prefix = Number(prefixText);
  const octets = address.split('.').map(Number);
  const valid = octets.length === 4 && octets.every((octet) => Number.isInteger(octet) && octet >= 0 && octet <= 255);
  if (!valid || !Number.isInteger(prefix) || prefix < 8 || prefix > 24) {
    throw new Error(`pod network ${JSON.stringify(podCidr)} must be an IPv4 CIDR between /8 and /24, such as 10.244.0.0/16`);
  }
  const count = 2 ** (24 - prefix);
  const base = octets.slice(0, 3).reduce((sum, octet) => sum * 256 + octet, 0);
  const first = base - (base % count);
  for (let i = first; i < first + count; i++) {
    const candidate = `${Math.floor(i / 65536)}.${Math.floor(i / 256) % 256}.${i % 256}.0/24`;
    if (!taken.has(candidate)) return candidate;
  }
  throw new Error(
    `all ${count} node networks of ${podCidr} are in use: give the cluster a larger pod network, or delete nodes that are gone`,
  );
}
