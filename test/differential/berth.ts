// Berth's side: the built control plane as a process of its own, with the role api alone, as the original runs without controllers.
import { join } from 'node:path';
import { readKubeconfig } from '@berth/client';
import { build } from '../../tools/build.ts';
import { startApi } from '../bench/support/bench-servers.ts';
import { ApiServer } from './api-server.ts';

/**
 * @param directory for its state; whoever calls removes it
 * @param options further ones of its command line
 */
export async function startBerth(directory: string, serviceCidr: string, options: readonly string[] = []): Promise<ApiServer> {
  await build(['control-plane']);
  const own = ['--store', 'memory', '--service-cidr', serviceCidr, '--cluster-dns', dnsIn(serviceCidr)];
  const api = await startApi(directory, [...own, ...options]);
  const { certificateAuthority, clientCertificate, clientKey } = await readKubeconfig(join(directory, 'admin.kubeconfig'));
  const { host, port } = api.endpoint;
  const endpoint = { host, port, ca: certificateAuthority ?? '', cert: clientCertificate ?? '', key: clientKey ?? '' };
  return new ApiServer('berth', endpoint, () => api.stop());
}

/** The tenth address of the range. */
function dnsIn(serviceCidr: string): string {
  return serviceCidr.replace(/\.0\/\d+$/, '.10');
}
