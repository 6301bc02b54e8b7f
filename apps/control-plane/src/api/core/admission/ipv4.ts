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

/** @throws RangeError for anything but an IPv4 CIDR with room for addresses. */
export function parseIpv4Range(cidr: string): Ipv4Range {
  const [address = '', bits = ''] = cidr.split('/');
  const value = parseIpv4(address);
  const prefixLength = /^\d{1,2}$/.test(bits) ? Number(bits) : 33;
  if (value === undefined || prefixLength > 30)
    throw new RangeError(`${cidr} is no IPv4 CIDR of at least four addresses, such as 10.96.0.0/16`);
  const size = 2 ** (32 - prefixLength);
  const first = Math.floor(value / size) * size;
  return { cidr, first, last: first + size - 1 };
}
