// Certificates for the cluster's own etcd, both ways: any user of the machine reaches a loopback port, and whoever writes to etcd is
// administrator. They come from an authority that signs nothing else, as etcd takes every client that its authority vouches for,
// and nodes and users have certificates of the cluster's.
import { X509Certificate } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { request } from 'node:https';
import { join } from 'node:path';
import { CertificateAuthority, caLifetimeMs, type KeyPairPem, writePrivateFile } from '@berth/pki';
import { systemClock } from '@berth/telemetry';

const answerTimeoutMs = 2_000;
/** Certificates are valid as long as their authority; what is nearer to its end is made anew at the next start. */
const restMsMin = 30 * 24 * 60 * 60 * 1000;

export interface EtcdCertificates {
  ca: string;
  server: PairFiles;
  client: PairFiles;
}

interface PairFiles {
  certificate: string;
  key: string;
}

function filesIn(directory: string): EtcdCertificates {
  const file = (name: string) => join(directory, 'pki', 'etcd', name);
  const pair = (name: string): PairFiles => ({ certificate: file(`${name}.crt`), key: file(`${name}.key`) });
  return { ca: file('ca.crt'), server: pair('server'), client: pair('client') };
}

/** Makes what is missing or about to end. @param directory the cluster's @param address that etcd listens on */
export async function provideEtcdCertificates(directory: string, address: string): Promise<EtcdCertificates> {
  const files = filesIn(directory);
  const authority = await CertificateAuthority.open(join(directory, 'pki', 'etcd'), systemClock, 'berth-etcd-ca');
  await provide(files.server, () => authority.issuePeer('berth-etcd', ['localhost', address]));
  await provide(files.client, () => authority.issueClient('berth-api', [], caLifetimeMs));
  return files;
}

async function provide({ certificate, key }: PairFiles, issue: () => Promise<KeyPairPem>): Promise<void> {
  if (existsSync(certificate) && existsSync(key)) {
    const { validTo } = new X509Certificate(await readFile(certificate));
    if (Date.parse(validTo) - systemClock.now() > restMsMin) return;
  }
  const issued = await issue();
  await writePrivateFile(key, issued.key);
  await writePrivateFile(certificate, issued.certificate);
}

/** The same pair serves clients and, should there ever be a second member, peers. */
export function etcdFlags({ ca, server }: EtcdCertificates): string[] {
  return ['', 'peer-'].flatMap((side) => [
    ...[`--${side}trusted-ca-file`, ca, `--${side}cert-file`, server.certificate, `--${side}key-file`, server.key],
    `--${side}client-cert-auth`,
  ]);
}

/** What the control plane shows etcd. */
export function etcdClientFlags(directory: string): string[] {
  const { ca, client } = filesIn(directory);
  return ['--etcd-cafile', ca, '--etcd-certfile', client.certificate, '--etcd-keyfile', client.key];
}

export async function isEtcdHealthy(url: string, { ca, client }: EtcdCertificates): Promise<boolean> {
  const [authority, cert, key] = await Promise.all([ca, client.certificate, client.key].map((file) => readFile(file)));
  const options = { ca: authority, cert, key, agent: false, timeout: answerTimeoutMs };
  return new Promise((resolve, reject) => {
    const asked = request(`${url}/health`, options, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    asked.on('timeout', () => asked.destroy(new Error(`etcd did not answer within ${answerTimeoutMs / 1000} s`)));
    asked.on('error', reject);
    asked.end();
  });
}
