// Certificates and keys of the registry in the cluster: those that are there stay, unless they have too little time left, come from another
// authority or are for another address.
import { randomBytes, X509Certificate } from 'node:crypto';
import { CertificateSigningRequest, installedRegistry, Secret, serviceServingSigner } from '@berth/api';
import type { HttpClient } from '@berth/client';
import { isReason } from '@berth/machinery';
import { selfSignedPair, signingRequest } from '@berth/pki';
import { until } from '../../compose/awaited-state.ts';
import { type RegistrySecrets, servingSecret } from './objects.ts';

const { namespace, host, tokenSecret } = installedRegistry;
const dayMs = 24 * 60 * 60 * 1000;
const lifetimeMs = 10 * 365 * dayMs;
/** Below it, a new one is made. */
export const leastLeftMs = 365 * dayMs;
const signSeconds = 60;

export interface RegistrySecretFacts {
  client: HttpClient;
  /** Of the registry's service. */
  address: string;
  /** Of the cluster, PEM. */
  authority: string;
  nowMs: number;
}

export async function registrySecrets(facts: RegistrySecretFacts): Promise<RegistrySecrets> {
  const serving = await secretText(facts.client, servingSecret);
  const tokens = await secretText(facts.client, tokenSecret);
  return {
    serving: pairOf(serving, (certificate) => isGood(certificate, facts)) ?? (await signedPair(facts)),
    token: pairOf(tokens, (certificate) => lastsLong(certificate, facts.nowMs)) ?? (await selfSignedPair(host, facts.nowMs, lifetimeMs)),
    uploads: tokens?.uploads ?? randomBytes(32).toString('hex'),
  };
}

/** Decoded; undefined where it is not there. */
async function secretText(client: HttpClient, name: string): Promise<Record<string, string> | undefined> {
  try {
    const { data = {} } = await client.get(Secret, { namespace, name });
    return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, Buffer.from(value, 'base64').toString('utf8')]));
  } catch (error) {
    if (isReason(error, 'NotFound')) return undefined;
    throw error;
  }
}

function pairOf(data: Record<string, string> | undefined, isKept: (certificate: X509Certificate) => boolean) {
  const { 'tls.crt': certificate, 'tls.key': key } = data ?? {};
  return certificate && key && isKept(new X509Certificate(certificate)) ? { certificate, key } : undefined;
}

function isGood(certificate: X509Certificate, { address, authority, nowMs }: RegistrySecretFacts): boolean {
  const isOurs = certificate.verify(new X509Certificate(authority).publicKey);
  return isOurs && certificate.checkHost(host) !== undefined && certificate.checkIP(address) !== undefined && lastsLong(certificate, nowMs);
}

function lastsLong({ validTo }: X509Certificate, nowMs: number): boolean {
  return Date.parse(validTo) - nowMs > leastLeftMs;
}

/** By the cluster's authority: asked for as anybody would, and approved by whoever runs this. */
async function signedPair({ client, address }: RegistrySecretFacts): Promise<{ certificate: string; key: string }> {
  const name = `registry-${randomBytes(6).toString('hex')}`;
  const { object, key } = await signingRequest(name, {
    ...{ signerName: serviceServingSigner, usages: ['digital signature', 'server auth'], subject: `CN=${host}` },
    ...{ dns: [host, `${host}.cluster.local`], ips: [address], expirationSeconds: lifetimeMs / 1000 },
  });
  const asked = await client.create(CertificateSigningRequest, object);
  try {
    const condition = { type: 'Approved', status: 'True', reason: 'RegistryInstalled', message: 'by berth registry install' };
    await client.update(CertificateSigningRequest, { ...asked, status: { conditions: [condition] } }, { subresource: 'approval' });
    let certificate = '';
    const isSigned = (requests: ReadonlyMap<string, CertificateSigningRequest>) => {
      const { certificate: found = '', conditions = [] } = requests.get(name)?.status ?? {};
      const failed = conditions.find(({ type }) => type === 'Failed' || type === 'Denied');
      if (failed) throw new Error(`the registry's certificate was not signed: ${failed.message}`);
      certificate = Buffer.from(found, 'base64').toString('utf8');
      return found !== '';
    };
    const watched = { kind: CertificateSigningRequest, fieldSelector: `metadata.name=${name}` };
    if (!(await until(client, watched, isSigned, AbortSignal.timeout(signSeconds * 1000))))
      throw new Error(`nobody has signed the registry's certificate within ${signSeconds} s: do the cluster's controllers run?`);
    return { certificate, key: `${key}\n` };
  } finally {
    await client.delete(CertificateSigningRequest, { name });
  }
}
