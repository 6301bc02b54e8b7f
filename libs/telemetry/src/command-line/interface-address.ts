// The address of an interface that an option names.
import { networkInterfaces } from 'node:os';
import { UsageError } from './usage-error.ts';

/** Of that interface the first one that is no loopback. @param option for the message @throws UsageError */
export function interfaceAddress(option: string, name: string): string {
  const interfaces = networkInterfaces();
  const found = interfaces[name]?.find(({ family, internal }) => family === 'IPv4' && !internal);
  if (found) return found.address;
  const others = Object.keys(interfaces).join(', ');
  throw new UsageError(`${option}: ${JSON.stringify(name)} has no IPv4 address that others can reach; there are ${others}`);
}
