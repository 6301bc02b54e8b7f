// The addresses that services of type LoadBalancer are given, as the option states them: networks and ranges of IPv4, none of them twice.
import { formatIpv4, type Ipv4Range, ipv4Range, parseIpv4 } from '@berth/api';

/** All addresses that are in use are one ConfigMap, whose size is bounded. */
export const poolAddressesMax = 16_384;

/** No address of a host in there: this network, loopback, link-local, multicast, reserved. */
const unusable = ['0.0.0.0/8', '127.0.0.0/8', '169.254.0.0/16', '224.0.0.0/4', '240.0.0.0/4'].map((cidr) => ipv4Range(cidr) as Ipv4Range);

interface Part extends Pick<Ipv4Range, 'first' | 'last'> {
  text: string;
}

export class AddressPool {
  readonly #parts: readonly Part[];

  private constructor(parts: Part[]) {
    this.#parts = parts;
  }

  /** @param text parts by commas, each a CIDR, FROM-TO or an address @throws RangeError that says which part is wrong, and why */
  static parse(text: string): AddressPool {
    const parts = text
      .split(',')
      .map((part) => part.trim())
      .filter((part) => part !== '')
      .map(parsePart);
    if (parts.length === 0) throw new RangeError('is empty: name a network such as 10.9.0.0/28, or a range such as 10.9.0.1-10.9.0.14');
    for (const part of parts) {
      const wrong = unusable.find((range) => overlap(range, part));
      if (wrong) throw new RangeError(`${part.text} is not for hosts of a network: ${wrong.cidr} has another meaning`);
    }
    parts.sort((a, b) => a.first - b.first);
    for (const [index, part] of parts.entries()) {
      const before = parts[index - 1];
      if (before && overlap(before, part)) throw new RangeError(`${before.text} and ${part.text} overlap: name each address once`);
    }
    const pool = new AddressPool(parts);
    if (pool.size > poolAddressesMax)
      throw new RangeError(`holds ${pool.size} addresses, and may hold ${poolAddressesMax}: name smaller networks or ranges`);
    return pool;
  }

  get size(): number {
    return this.#parts.reduce((sum, { first, last }) => sum + last - first + 1, 0);
  }

  has(address: string): boolean {
    const value = parseIpv4(address);
    return value !== undefined && this.#parts.some(({ first, last }) => first <= value && value <= last);
  }

  /** From the lowest on. */
  *addresses(): Generator<string> {
    for (const { first, last } of this.#parts) for (let value = first; value <= last; value++) yield formatIpv4(value);
  }

  /** @param cidr IPv4 @returns which part overlaps with it */
  overlapWith(cidr: string): string | undefined {
    const range = ipv4Range(cidr);
    return range && this.#parts.find((part) => overlap(range, part))?.text;
  }

  toString(): string {
    return this.#parts.map(({ text }) => text).join(',');
  }
}

function parsePart(text: string): Part {
  const [from = '', to = from, ...rest] = text.split('-').map((end) => end.trim());
  const [first, last] = [parseIpv4(from), parseIpv4(to)];
  const range = text.includes('/') ? ipv4Range(text) : undefined;
  if (range && !text.startsWith(`${formatIpv4(range.first)}/`))
    throw new RangeError(`${text} has bits beyond its prefix: did you mean ${range.cidr}?`);
  if (range) return { text, first: range.first, last: range.last };
  if (first === undefined || last === undefined || rest.length > 0)
    throw new RangeError(`${JSON.stringify(text)} is neither an IPv4 network such as 10.9.0.0/28 nor a range such as 10.9.0.1-10.9.0.14`);
  if (first > last) throw new RangeError(`${text} ends before it begins`);
  return { text, first, last };
}

function overlap(a: Pick<Part, 'first' | 'last'>, b: Pick<Part, 'first' | 'last'>): boolean {
  return a.first <= b.last && b.first <= a.last;
}
