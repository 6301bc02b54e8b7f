// IP addresses and ranges as values: Kubernetes takes those that there is one way to read, so no leading zeros, zones, or IPv4 within IPv6.
import { isIPv4, isIPv6 } from 'node:net';

const ones = (bits: number) => (1n << BigInt(bits)) - 1n;
const bitsOf = (family: 4 | 6) => (family === 4 ? 32 : 128);
const mappedPrefix = 0xffffn;

export class IpAddress {
  readonly family: 4 | 6;
  readonly value: bigint;

  constructor(family: 4 | 6, value: bigint) {
    this.family = family;
    this.value = value;
  }

  /** Undefined for what is no address. */
  static parse(text: string): IpAddress | undefined {
    if (isIPv4(text)) return new IpAddress(4, fourBytes(text));
    if (!isIPv6(text) || text.includes('%')) return undefined;
    const value = sixteenBytes(text);
    return value >> 32n === mappedPrefix ? undefined : new IpAddress(6, value);
  }

  /** Whether the first `length` bits are these. */
  startsWith(bits: bigint, length: number): boolean {
    return this.value >> BigInt(bitsOf(this.family) - length) === bits;
  }

  get isUnspecified(): boolean {
    return this.value === 0n;
  }

  get isLoopback(): boolean {
    return this.family === 4 ? this.startsWith(127n, 8) : this.value === 1n;
  }

  get isMulticast(): boolean {
    return this.family === 4 ? this.startsWith(0b1110n, 4) : this.startsWith(0xffn, 8);
  }

  get isLinkLocalMulticast(): boolean {
    return this.family === 4 ? this.startsWith(0xe00000n, 24) : ((this.value >> 112n) & 0xff0fn) === 0xff02n;
  }

  get isLinkLocalUnicast(): boolean {
    return this.family === 4 ? this.startsWith(0xa9fen, 16) : this.startsWith(0b1111111010n, 10);
  }

  get isGlobalUnicast(): boolean {
    const isBroadcast = this.family === 4 && this.value === ones(32);
    return !(isBroadcast || this.isUnspecified || this.isLoopback || this.isMulticast || this.isLinkLocalUnicast);
  }

  /** In canonical form (RFC 5952). */
  toString(): string {
    const groups = (count: number, bits: number) =>
      Array.from({ length: count }, (_, i) => (this.value >> BigInt(bits * (count - 1 - i))) & ones(bits));
    if (this.family === 4) return groups(4, 8).join('.');
    const text = groups(8, 16)
      .map((group) => group.toString(16))
      .join(':');
    // The longest row of zeros, the first of several, unless it is a single one.
    const rows = [...text.matchAll(/(?:^|:)0(?::0)+(?=:|$)/g)];
    const longest = rows.reduce<RegExpMatchArray | undefined>(
      (best, row) => (!best || zeros(row[0]) > zeros(best[0]) ? row : best),
      undefined,
    );
    if (longest?.index === undefined) return text;
    const [before, after] = [text.slice(0, longest.index), text.slice(longest.index + longest[0].length).replace(/^:/, '')];
    return `${before}::${after}`;
  }
}

const zeros = (row: string) => row.split('0').length - 1;

export class IpRange {
  readonly address: IpAddress;
  readonly length: number;

  constructor(address: IpAddress, length: number) {
    this.address = address;
    this.length = length;
  }

  /** Undefined for what is no range. */
  static parse(text: string): IpRange | undefined {
    const [, start = '', digits = ''] = /^([^/]+)\/(0|[1-9]\d{0,2})$/.exec(text) ?? [];
    const address = IpAddress.parse(start);
    return address && Number(digits) <= bitsOf(address.family) ? new IpRange(address, Number(digits)) : undefined;
  }

  contains(address: IpAddress): boolean {
    const { family, value } = this.address;
    return family === address.family && address.startsWith(value >> BigInt(bitsOf(family) - this.length), this.length);
  }

  containsRange(other: IpRange): boolean {
    return this.length <= other.length && this.contains(other.address);
  }

  masked(): IpRange {
    const { family, value } = this.address;
    const rest = BigInt(bitsOf(family) - this.length);
    return new IpRange(new IpAddress(family, (value >> rest) << rest), this.length);
  }

  toString(): string {
    return `${this.address}/${this.length}`;
  }
}

function fourBytes(text: string): bigint {
  return text.split('.').reduce((value, part) => (value << 8n) | BigInt(part), 0n);
}

function sixteenBytes(text: string): bigint {
  const groupsOf = (part: string) =>
    part === ''
      ? []
      : part.split(':').flatMap((group) => {
          if (!group.includes('.')) return [BigInt(`0x${group}`)];
          const bytes = fourBytes(group);
          return [bytes >> 16n, bytes & 0xffffn];
        });
  const [head = '', tail] = text.split('::');
  const [first, last] = [groupsOf(head), tail === undefined ? [] : groupsOf(tail)];
  const middle = Array.from({ length: 8 - first.length - last.length }, () => 0n);
  return [...first, ...middle, ...last].reduce((value, group) => (value << 16n) | group, 0n);
}
