// All of a control plane's certificates, ready to serve with.
import { join } from 'node:path';
import type { Ports } from '@berth/telemetry';
import { keepAdminKubeconfig } from './admin-kubeconfig.ts';
import { CertificateAuthority } from './certificate-authority.ts';
import type { PkiConfig } from './config.ts';
import { FrontProxy } from './front-proxy.ts';
import { ServingCertificate } from './serving-certificate.ts';
import { servingNames } from './serving-names.ts';
import { SigningKeys } from './signing-keys.ts';

export interface Pki {
  authority: CertificateAuthority;
  /** Towards servers that extend the API. */
  frontProxy: FrontProxy;
  /** For service accounts' tokens. */
  accountKeys: SigningKeys;
  apiServing: ServingCertificate;
  gatewayServing: ServingCertificate;
  /** Where the administrator's kubeconfig is. */
  kubeconfigPath: string;
  stop(): void;
}

/** Opens the data directory's PKI, or makes it at the first start. */
export async function openPki(config: PkiConfig, ports: Pick<Ports, 'clock' | 'logger'>): Promise<Pki> {
  const authority = await CertificateAuthority.open(join(config.dataDirectory, 'pki'), ports.clock);
  const names = servingNames(config);
  const apiServing = await ServingCertificate.create({ authority, ...ports, commonName: 'berth-api', names });
  const gatewayServing = await ServingCertificate.create({ authority, ...ports, commonName: 'berth-gateway', names });
  return {
    authority,
    frontProxy: await FrontProxy.open(join(config.dataDirectory, 'pki'), ports.clock),
    accountKeys: await SigningKeys.open(join(config.dataDirectory, 'pki')),
    apiServing,
    gatewayServing,
    kubeconfigPath: join(config.dataDirectory, 'admin.kubeconfig'),
    stop() {
      apiServing.stop();
      gatewayServing.stop();
    },
  };
}

/** How servers that extend the API know its clients, and this server when it speaks for one: keys of Kubernetes' ConfigMap. */
export function authenticationData({ authority, frontProxy }: Pki): Record<string, string> {
  return { 'client-ca-file': authority.pem, ...frontProxy.requestHeaderData() };
}

/** Keeps `admin.kubeconfig` for the address that the API listens on. @returns how to stop */
export function keepKubeconfig(
  pki: Pki,
  config: Pick<PkiConfig, 'apiAddress'>,
  ports: Pick<Ports, 'clock' | 'logger'>,
): Promise<() => void> {
  const { host, port } = config.apiAddress;
  const reachable = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
  const server = `https://${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}`;
  return keepAdminKubeconfig(pki.kubeconfigPath, pki.authority, server, ports);
}
