// IPv4 addresses as numbers, for ranges of them.

export interface Ipv4Range {
  cidr: string;
  /** The network's address. */
  first: number;
  /** The broadcast address. */
  last: number;
}

export function parseIpv4(text: string): number | undefined {
  const parts = text.split('.');
  if (parts.length !== 4 || !parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255)) return undefined;
  return parts.reduce((value, part) => value * 256 + Number(part), 0);
}

export function formatIpv4(address: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.');
}

/** Undefined for what is no IPv4 CIDR. `cidr` is written with the network's address, whatever address was given. */
export function ipv4Range(text: string): Ipv4Range | undefined {
  const [address = '', bits = '', ...rest] = text.split('/');
  const value = parseIpv4(address);
  const prefixLength = /^\d{1,2}$/.test(bits) ? Number(bits) : 33;
  if (rest.length > 0 || value === undefined || prefixLength > 32) return undefined;
  const size = 2 ** (32 - prefixLength);
  const first = Math.floor(value / size) * size;
  return { cidr: `${formatIpv4(first)}/${prefixLength}`, first, last: first + size - 1 };
}

/** @throws RangeError for anything but an IPv4 CIDR with room for addresses. */
export function parseIpv4Range(cidr: string): Ipv4Range {
  const range = ipv4Range(cidr);
  if (!range || range.last - range.first < 3)
    throw new RangeError(`${cidr} is no IPv4 CIDR of at least four addresses, such as 10.96.0.0/16`);
  return range;
}

/** Whether it is an address for a host: neither the network's nor the broadcast address. */
export function holdsHost({ first, last }: Ipv4Range, address: number): boolean {
  return address > first && address < last;
}
