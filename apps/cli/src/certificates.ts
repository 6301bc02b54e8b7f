// When the certificates that this machine serves with, and shows, end.
import { X509Certificate } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { parse } from 'yaml';
import { identityFile } from './installation.ts';

const timeoutMs = 5_000;

export interface CertificateEnd {
  whose: string;
  /** Absent where it could not be read. */
  endsAtMs?: number;
  problem?: string;
}

/** Of a server's data directory: its authority's and its administrator's. */
export function storedCertificates(dataDirectory: string): CertificateEnd[] {
  return [
    read('authority of the cluster', join(dataDirectory, 'pki', 'ca.crt'), (text) => text),
    read('administrator (admin.kubeconfig)', join(dataDirectory, 'admin.kubeconfig'), (text) => {
      const [{ user }] = (parse(text) as { users: [{ user: { 'client-certificate-data': string } }] }).users;
      return Buffer.from(user['client-certificate-data'], 'base64').toString('utf8');
    }),
  ].filter((end) => end !== undefined);
}

/** Of an agent's data directory. */
export function nodeCertificates(dataDirectory: string): CertificateEnd[] {
  const end = read('this node', identityFile(dataDirectory), (text) => text.slice(text.indexOf('-----BEGIN CERTIFICATE-----')));
  return end ? [end] : [];
}

/** Whether the agent can show who it is: one that was off for longer than its certificate was good has to join again. */
export function hasIdentity(agentDirectory: string, nowMs: number): boolean {
  const [own] = nodeCertificates(agentDirectory);
  return own !== undefined && (own.endsAtMs === undefined || own.endsAtMs > nowMs);
}

function read(whose: string, file: string, certificate: (text: string) => string): CertificateEnd | undefined {
  if (!existsSync(file)) return undefined;
  try {
    return { whose, endsAtMs: Date.parse(new X509Certificate(certificate(readFileSync(file, 'utf8'))).validTo) };
  } catch (error) {
    return { whose, problem: `${file} cannot be read: ${(error as Error).message}` };
  }
}

/** What a server shows whoever connects, if the authority vouches for it. @param authority PEM */
export function servedCertificate(
  whose: string,
  { host, port }: { host: string; port: number },
  authority: string,
): Promise<CertificateEnd> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, ca: authority, ALPNProtocols: ['h2', 'http/1.1'] });
    const end = (result: Omit<CertificateEnd, 'whose'>) => {
      socket.destroy();
      resolve({ whose, ...result });
    };
    socket.setTimeout(timeoutMs, () => end({ problem: `${host}:${port} does not answer` }));
    socket.once('error', (error) => end({ problem: `${host}:${port} cannot be reached: ${error.message}` }));
    socket.once('secureConnect', () => end({ endsAtMs: Date.parse(socket.getPeerCertificate().valid_to) }));
  });
}
