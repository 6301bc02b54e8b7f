// Where pods reach the API: what the service `kubernetes` leads to, what the serving certificate is for, and where tokens' keys are.
import { networkInterfaces } from 'node:os';
import type { PkiConfig } from './config.ts';

const allInterfaces = ['0.0.0.0', '::'];
const loopback = ['127.0.0.1', 'localhost', '::1'];

type AddressConfig = Pick<PkiConfig, 'roles' | 'apiAddress' | 'advertiseAddress'>;

/**
 * The address that was asked for, or the one that the API listens on; of all of this machine's the first that is no loopback.
 * Undefined where pods cannot reach it: without the role `api`, and on the loopback address alone.
 */
export function advertisedAddress({ roles, apiAddress, advertiseAddress }: AddressConfig): { address: string; port: number } | undefined {
  if (!roles.includes('api')) return undefined;
  if (advertiseAddress) return { address: advertiseAddress.host, port: advertiseAddress.port };
  const { host, port } = apiAddress;
  if (loopback.includes(host)) return undefined;
  if (!allInterfaces.includes(host)) return { address: host, port };
  const found = Object.values(networkInterfaces())
    .flat()
    .find((item) => item && item.family === 'IPv4' && !item.internal);
  return found && { address: found.address, port };
}

/** Whether the API has to listen there, beyond its own address. */
export function listensApart({ apiAddress, advertiseAddress }: AddressConfig): boolean {
  if (!advertiseAddress) return false;
  const { host, port } = advertiseAddress;
  return port !== apiAddress.port || (host !== apiAddress.host && !allInterfaces.includes(apiAddress.host));
}
