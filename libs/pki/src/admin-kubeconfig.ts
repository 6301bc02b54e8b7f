// The administrator's kubeconfig: a client certificate in system:masters. Kept as it is while it still fits, because people
// copy it; made anew when the CA or the address changed or the certificate nears its end.
import { X509Certificate } from 'node:crypto';
import type { Clock, Logger, Timer } from '@berth/telemetry';
import { parse, stringify } from 'yaml';
import { type CertificateAuthority, servingLifetimeMs } from './certificate-authority.ts';
import { readIfPresent, writePrivateFile } from './private-files.ts';

export interface Kubeconfig {
  apiVersion: 'v1';
  kind: 'Config';
  clusters: { name: string; cluster: { server: string; 'certificate-authority-data': string } }[];
  users: { name: string; user: { 'client-certificate-data': string; 'client-key-data': string } }[];
  contexts: { name: string; context: { cluster: string; user: string } }[];
  'current-context': string;
}

const base64 = (text: string) => Buffer.from(text).toString('base64');

/** @param server URL of the API, e.g. `https://127.0.0.1:6443`. */
export async function ensureAdminKubeconfig(path: string, authority: CertificateAuthority, server: string, clock: Clock): Promise<void> {
  const present = await readIfPresent(path);
  if (present !== undefined && stillFits(present, authority, server, clock.now())) return;
  const { certificate, key } = await authority.issueClient('kubernetes-admin', ['system:masters']);
  const kubeconfig: Kubeconfig = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'berth', cluster: { server, 'certificate-authority-data': base64(authority.pem) } }],
    users: [{ name: 'berth-admin', user: { 'client-certificate-data': base64(certificate), 'client-key-data': base64(key) } }],
    contexts: [{ name: 'berth', context: { cluster: 'berth', user: 'berth-admin' } }],
    'current-context': 'berth',
  };
  await writePrivateFile(path, stringify(kubeconfig, { lineWidth: 0 }));
}

const checkIntervalMs = 60 * 60 * 1000;

/** Writes it now and, before its certificate ends, anew: a server may run for longer than that. @returns how to stop looking */
export async function keepAdminKubeconfig(
  path: string,
  authority: CertificateAuthority,
  server: string,
  { clock, logger }: { clock: Clock; logger: Logger },
): Promise<() => void> {
  const ensure = () => ensureAdminKubeconfig(path, authority, server, clock);
  let timer: Timer | undefined;
  let isStopped = false;
  const lookAgain = () => {
    if (isStopped) return;
    timer = clock.after(checkIntervalMs, () => {
      ensure()
        .catch((error) => logger.error('the administrator’s kubeconfig could not be renewed, trying again in an hour', { path, error }))
        .finally(lookAgain);
    });
  };
  await ensure();
  lookAgain();
  return () => {
    isStopped = true;
    timer?.cancel();
  };
}

function stillFits(text: string, authority: CertificateAuthority, server: string, nowMs: number): boolean {
  try {
    const config = parse(text) as Kubeconfig;
    const cluster = config.clusters[0]?.cluster;
    if (cluster?.server !== server || cluster['certificate-authority-data'] !== base64(authority.pem)) return false;
    const certificate = new X509Certificate(Buffer.from(config.users[0]?.user['client-certificate-data'] ?? '', 'base64'));
    return Date.parse(certificate.validTo) - nowMs > servingLifetimeMs / 3;
  } catch {
    // A file that cannot be read as a kubeconfig is replaced by one that can.
    return false;
  }
}
