// IP addresses and ranges as numbers: whether a range holds another, and how an address is written when it is a name.
import { isIPv4, isIPv6 } from './ip.ts';

export interface Cidr {
  isIPv6: boolean;
  /** The first address as a number. */
  first: bigint;
  prefixBits: number;
}

function widthOf(six: boolean): number {
  return six ? 128 : 32;
}

function addressNumber(text: string): bigint {
  if (isIPv4(text)) return text.split('.').reduce((sum, octet) => sum * 256n + BigInt(octet), 0n);
  return groupsOf(text).reduce((sum, group) => sum * 65536n + BigInt(group), 0n);
}

/** The eight 16-bit groups of an IPv6 address. */
function groupsOf(text: string): number[] {
  const [head = '', tail] = text.split('::');
  const read = (half: string): number[] =>
    half === ''
      ? []
      : half.split(':').flatMap((part) => {
          if (!part.includes('.')) return [Number.parseInt(part, 16)];
          const number = Number(addressNumber(part));
          return [Math.floor(number / 65536), number % 65536];
        });
  const first = read(head);
  const last = tail === undefined ? [] : read(tail);
  return [...first, ...Array<number>(Math.max(0, 8 - first.length - last.length)).fill(0), ...last];
}

/** `10.0.0.0/8` or `2001:db8::/64`; undefined when it is neither. Bits after the prefix are dropped. */
export function parseCidr(text: string): Cidr | undefined {
  const [address = '', bits = '', ...rest] = text.split('/');
  if (rest.length > 0 || !/^(0|[1-9]\d{0,2})$/.test(bits)) return undefined;
  const six = !isIPv4(address);
  if (six && !isIPv6(address)) return undefined;
  const prefixBits = Number(bits);
  if (prefixBits > widthOf(six)) return undefined;
  const hostBits = BigInt(widthOf(six) - prefixBits);
  return { isIPv6: six, first: (addressNumber(address) >> hostBits) << hostBits, prefixBits };
}

/** Whether `inner` is a part of `outer` and not the whole. */
export function isStrictSubset(inner: Cidr, outer: Cidr): boolean {
  if (inner.isIPv6 !== outer.isIPv6 || inner.prefixBits <= outer.prefixBits) return false;
  const hostBits = BigInt(widthOf(outer.isIPv6) - outer.prefixBits);
  return inner.first >> hostBits === outer.first >> hostBits;
}

export interface ParsedRange {
  /** Must be an address. */
  address: string;
  prefixBits: number;
}

/** `10.9.8.0/24` of `10.9.8.7/24`: the first address, in the one way to write it. */
export function rangeText({ address, prefixBits }: ParsedRange): string {
  const six = !isIPv4(address);
  const hostBits = BigInt(widthOf(six) - prefixBits);
  const first = (addressNumber(address) >> hostBits) << hostBits;
  if (!six) return `${[24n, 16n, 8n, 0n].map((shift) => (first >> shift) & 255n).join('.')}/${prefixBits}`;
  const groups = Array.from({ length: 8 }, (_, index) => ((first >> BigInt(112 - 16 * index)) & 65535n).toString(16));
  return `${canonicalAddress(groups.join(':'))}/${prefixBits}`;
}

/** The one way to write an address (RFC 5952 for IPv6); `text` must be an address. */
export function canonicalAddress(text: string): string {
  if (isIPv4(text)) return text;
  const groups = groupsOf(text);
  const run = longestZeroRun(groups);
  const hex = groups.map((group) => group.toString(16));
  if (run.length < 2) return hex.join(':');
  return `${hex.slice(0, run.start).join(':')}::${hex.slice(run.start + run.length).join(':')}`;
}

function longestZeroRun(groups: number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  for (let start = 0; start < groups.length; start++) {
    let length = 0;
    while (groups[start + length] === 0) length++;
    if (length > best.length) best = { start, length };
  }
  return best;
}
