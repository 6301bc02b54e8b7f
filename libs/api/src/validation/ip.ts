// IP addresses as text. Kubernetes accepts IPv4 in dotted decimal without leading zeros, and IPv6.

const octet = '(25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)';
const ipv4Pattern = new RegExp(`^${octet}(\\.${octet}){3}$`);

export function isIPv4(text: string): boolean {
  return ipv4Pattern.test(text);
}

export function isIPv6(text: string): boolean {
  if (!text.includes(':') || text.length > 45) return false;
  const halves = text.split('::');
  if (halves.length > 2) return false;
  let groups = 0;
  for (const [index, half] of halves.entries()) {
    const counted = countGroups(half, index === halves.length - 1);
    if (counted === undefined) return false;
    groups += counted;
  }
  return halves.length === 2 ? groups <= 7 : groups === 8;
}

/** 16-bit groups in a half of an address; only the last may end in an embedded IPv4 address, which counts as two. */
function countGroups(half: string, isLast: boolean): number | undefined {
  if (half === '') return 0;
  const parts = half.split(':');
  const tail = parts.at(-1) ?? '';
  const embedded = isLast && isIPv4(tail);
  const plain = embedded ? parts.slice(0, -1) : parts;
  if (!plain.every((part) => /^[0-9a-fA-F]{1,4}$/.test(part))) return undefined;
  return plain.length + (embedded ? 2 : 0);
}

/** Reasons why the text is no IP address; none if it is. */
export function ipAddress(text: string): string[] {
  return isIPv4(text) || isIPv6(text) ? [] : ['must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'];
}

/** Reasons why an address must not be an endpoint: such addresses never leave, or never mean, one machine. */
export function nonSpecialIp(text: string): string[] {
  const reasons: string[] = [];
  const lower = text.toLowerCase();
  if (lower === '0.0.0.0' || lower === '::') reasons.push(`may not be unspecified (${text})`);
  if (lower.startsWith('127.') || lower === '::1') reasons.push('may not be in the loopback range (127.0.0.0/8, ::1/128)');
  if (lower.startsWith('169.254.') || /^fe[89ab]/.test(lower))
    reasons.push('may not be in the link-local range (169.254.0.0/16, fe80::/10)');
  if (lower.startsWith('224.0.0.') || lower.startsWith('ff02:'))
    reasons.push('may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)');
  return reasons;
}
