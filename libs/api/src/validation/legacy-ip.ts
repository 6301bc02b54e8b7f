// Addresses and ranges as fields that are older than strict rules take them: with leading zeros, IPv4 within IPv6, and bits
// beyond the prefix. Kubernetes warns of such forms, since programs read them differently, and says how to write them.
import { canonicalAddress, type ParsedRange, rangeText } from './cidr.ts';
import { type FieldError, invalid } from './errors.ts';
import { isIPv4, isIPv6 } from './ip.ts';

const octets = /^(\d+)\.(\d+)\.(\d+)\.(\d+)$/;
const octetDigitsMax = 16;

/** An address without leading zeros; undefined when it is no address. */
function withoutZeros(text: string): string | undefined {
  const match = octets.exec(text);
  if (match) {
    const numbers = match.slice(1).map((part) => (part.length > octetDigitsMax ? 256 : Number(part)));
    return numbers.every((number) => number < 256) ? numbers.join('.') : undefined;
  }
  const colon = text.lastIndexOf(':');
  const tail = colon < 0 ? undefined : text.slice(colon + 1);
  const plain = tail?.includes('.') ? `${text.slice(0, colon + 1)}${withoutZeros(tail) ?? 'none'}` : text;
  return isIPv6(plain) ? plain : undefined;
}

/** IPv4 as IPv6 writes it, `::ffff:10.0.0.1`, is IPv4. */
function unmapped(address: string): { text: string; isMapped: boolean } {
  if (isIPv4(address)) return { text: address, isMapped: false };
  const canonical = canonicalAddress(address);
  const match = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(canonical);
  if (!match) return { text: canonical, isMapped: false };
  const [high, low] = match.slice(1).map((part) => Number.parseInt(part, 16));
  return { text: [high, low].flatMap((part = 0) => [part >> 8, part & 255]).join('.'), isMapped: true };
}

export function isLegacyAddress(text: string): boolean {
  return withoutZeros(text) !== undefined;
}

export function legacyAddress(text: string, field: string): FieldError[] {
  return isLegacyAddress(text) ? [] : [invalid(field, text, 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)')];
}

export function addressWarnings(text: string | undefined, field: string): string[] {
  const plain = withoutZeros(text ?? '');
  if (text === undefined || plain === undefined) return [];
  const { text: preferred, isMapped } = unmapped(plain);
  if (plain !== text || isMapped) {
    return [
      `${field}: non-standard IP address ${JSON.stringify(text)} will be considered invalid in a future Kubernetes release: use ${JSON.stringify(preferred)}`,
    ];
  }
  if (preferred === text || isIPv4(text)) return [];
  return [`${field}: IPv6 address ${JSON.stringify(text)} should be in RFC 5952 canonical format (${JSON.stringify(preferred)})`];
}

interface LegacyRange {
  /** Without zeros, as far as it was written. */
  address: string;
  prefixBits: number;
  isStrict: boolean;
}

function readRange(text: string): LegacyRange | undefined {
  const match = /^([^/]+)\/(\d{1,9})$/.exec(text);
  const address = match?.[1] === undefined ? undefined : withoutZeros(match[1]);
  if (!match || address === undefined) return undefined;
  const prefixBits = Number(match[2]);
  if (prefixBits > (isIPv4(address) ? 32 : 128)) return undefined;
  return { address, prefixBits, isStrict: address === match[1] && String(prefixBits) === match[2] };
}

export function legacyCidr(text: string, field: string): FieldError[] {
  return readRange(text) ? [] : [invalid(field, text, 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)')];
}

/** A range that validation has let through, without what only looks different. */
export function plainCidr(text: string): string {
  const range = readRange(text);
  return range ? `${range.address}/${range.prefixBits}` : text;
}

export function cidrWarnings(text: string | undefined, field: string): string[] {
  const range = readRange(text ?? '');
  if (text === undefined || !range) return [];
  const { address, prefixBits } = range;
  const { text: shown, isMapped } = unmapped(address);
  const bits = isIPv4(address) ? 32 : 128;
  const parsed: ParsedRange = { address, prefixBits };
  const network = isMapped ? rangeText({ address: shown, prefixBits: Math.max(0, prefixBits - 96) }) : rangeText(parsed);
  const warnings: string[] = [];
  const quoted = JSON.stringify(text);
  if (network.split('/')[0] !== shown) {
    const one = JSON.stringify(`${shown}/${bits}`);
    warnings.push(`${field}: CIDR value ${quoted} is ambiguous in this context (should be ${JSON.stringify(network)} or ${one}?)`);
  }
  if (!range.isStrict || isMapped) {
    warnings.push(
      `${field}: non-standard CIDR value ${quoted} will be considered invalid in a future Kubernetes release: use ${JSON.stringify(network)}`,
    );
  }
  const canonical = `${shown}/${prefixBits}`;
  if (warnings.length === 0 && !isIPv4(address) && canonical !== text) {
    warnings.push(`${field}: IPv6 CIDR value ${quoted} should be in RFC 5952 canonical format (${JSON.stringify(canonical)})`);
  }
  return warnings;
}
