// The names and addresses that a control plane's serving certificate is made for.
import { advertisedAddress } from './advertised-address.ts';
import type { PkiConfig } from './config.ts';

/** The address that the `kubernetes` service gets: the first one of the service CIDR. */
export function firstServiceAddress(serviceCidr: string): string {
  const [network = ''] = serviceCidr.split('/');
  const octets = network.split('.').map(Number);
  const value = octets.reduce((sum, octet) => sum * 256 + octet, 0) + 1;
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.');
}

type NamingConfig = Omit<PkiConfig, 'dataDirectory'>;

export function servingNames(config: NamingConfig): string[] {
  const service = ['kubernetes', 'kubernetes.default', 'kubernetes.default.svc', `kubernetes.default.svc.${config.clusterDomain}`];
  const advertised = advertisedAddress(config);
  const bound = [config.apiAddress.host, config.gatewayAddress.host, ...(advertised ? [advertised.address] : [])].filter(
    (host) => host !== '0.0.0.0' && host !== '::',
  );
  return [
    ...new Set(['localhost', '127.0.0.1', '::1', ...bound, ...config.extraNames, ...service, firstServiceAddress(config.serviceCidr)]),
  ];
}
