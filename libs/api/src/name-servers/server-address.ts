// Addresses of name servers as they are written in configurations: `10.0.0.1`, `10.0.0.1:5353`, `[2001:db8::1]:53`. Pure.
import { isIPv4, isIPv6 } from '../validation/ip.ts';

const defaultPort = 53;
const portMax = 65_535;

/** With its port, as `10.0.0.1:53` or `[2001:db8::1]:53`. Undefined for what is none, names of servers among them: somebody would have to look these up. */
export function serverAddress(text: string): string | undefined {
  if (isIPv4(text)) return `${text}:${defaultPort}`;
  if (isIPv6(text)) return `[${text}]:${defaultPort}`;
  const match = /^(?:\[(.+)\]|([^:]+)):(\d{1,5})$/.exec(text) ?? /^\[(.+)\](.?)$/.exec(text);
  if (!match) return undefined;
  const [, v6, v4 = '', digits = `${defaultPort}`] = match;
  const port = Number(digits);
  if (port < 1 || port > portMax) return undefined;
  if (v6 !== undefined) return isIPv6(v6) ? `[${v6}]:${port}` : undefined;
  return isIPv4(v4) ? `${v4}:${port}` : undefined;
}
