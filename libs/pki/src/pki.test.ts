import 'reflect-metadata';
import { webcrypto, X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '@berth/telemetry';
import { SimulatedClock } from '@berth/telemetry/testing';
import { Pkcs10CertificateRequestGenerator } from '@peculiar/x509';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ensureAdminKubeconfig, keepAdminKubeconfig } from './admin-kubeconfig.ts';
import { CertificateAuthority, CertificateRequestError } from './certificate-authority.ts';
import { ServingCertificate } from './serving-certificate.ts';
import { firstServiceAddress } from './serving-names.ts';

const dayMs = 86_400_000;

let directory: string;
let clock: SimulatedClock;
let authority: CertificateAuthority;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'berth-pki-'));
  clock = new SimulatedClock();
  authority = await CertificateAuthority.open(directory, clock);
});
afterEach(() => rm(directory, { recursive: true }));

async function request(namedCurve = 'P-256'): Promise<Uint8Array> {
  const keys = await webcrypto.subtle.generateKey({ name: 'ECDSA', namedCurve }, true, ['sign', 'verify']);
  const made = await Pkcs10CertificateRequestGenerator.create({
    name: 'CN=admin, O=system:masters',
    keys,
    signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' },
  });
  return new Uint8Array(made.rawData);
}

async function otherAuthority(): Promise<string> {
  const other = join(directory, 'other');
  return (await CertificateAuthority.open(other, clock)).pem;
}

describe('certificate authority', () => {
  it('is the same after a restart, with a key that only its owner reads', async () => {
    const again = await CertificateAuthority.open(directory, clock);
    expect(again.fingerprint).toBe(authority.fingerprint);
    expect((await stat(join(directory, 'ca.key'))).mode & 0o777).toBe(0o600);
  });

  it.each([
    ['lost', (path: string) => rm(path)],
    ['empty', (path: string) => writeFile(path, '')],
  ])('makes a certificate that is %s anew from its key: what it has signed stays good', async (_, harm) => {
    const signed = new X509Certificate((await authority.issueClient('ann', [])).certificate);
    await harm(join(directory, 'ca.crt'));
    const again = await CertificateAuthority.open(directory, clock);
    const certificate = new X509Certificate(again.pem);
    expect([signed.checkIssued(certificate), signed.verify(certificate.publicKey)]).toEqual([true, true]);
    expect((await CertificateAuthority.open(directory, clock)).fingerprint).toBe(again.fingerprint);
  });

  it.each([
    ['a key that is empty', 'ca.key', () => ''],
    ['a key that is garbage', 'ca.key', () => '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n'],
    ['a certificate that is garbage', 'ca.crt', () => 'no certificate'],
    ['a certificate of another key', 'ca.crt', () => otherAuthority()],
  ])('refuses %s, names the file and overwrites nothing', async (_, file, content) => {
    const key = await readFile(join(directory, 'ca.key'), 'utf8');
    const harmed = await content();
    await writeFile(join(directory, file), harmed);
    await expect(CertificateAuthority.open(directory, clock)).rejects.toThrow(join(directory, file));
    expect(await readFile(join(directory, file), 'utf8')).toBe(harmed);
    if (file === 'ca.crt') expect(await readFile(join(directory, 'ca.key'), 'utf8')).toBe(key);
  });

  it('issues serving certificates for names and addresses that verify against it', async () => {
    const { certificate } = await authority.issueServing('berth-api', ['localhost', '127.0.0.1', '::1']);
    const parsed = new X509Certificate(certificate);
    expect(parsed.verify(new X509Certificate(authority.pem).publicKey)).toBe(true);
    expect(parsed.checkHost('localhost')).toBe('localhost');
    expect(parsed.checkIP('127.0.0.1')).toBe('127.0.0.1');
  });

  it('signs a node request with a subject of its own choice', async () => {
    const signed = new X509Certificate(await authority.signNodeRequest(await request(), 'worker-1'));
    expect(signed.subject).toBe('O=system:nodes\nCN=system:node:worker-1');
    expect(signed.ca).toBe(false);
  });

  it.each([
    ['garbage', async () => new Uint8Array([1, 2, 3]), 'node'],
    ['another curve', () => request('P-384'), 'node'],
    ['a name that would add a subject', () => request(), 'a,O=system:masters'],
  ])('refuses %s', async (_title, make, name) => {
    await expect(authority.signNodeRequest(await make(), name)).rejects.toBeInstanceOf(CertificateRequestError);
  });
});

describe('serving certificate', () => {
  it('renews itself before it ends', async () => {
    const serving = await ServingCertificate.create({ authority, clock, logger: silentLogger, commonName: 'api', names: ['localhost'] });
    const before = serving.context.cert;
    await clock.advance(100 * dayMs);
    expect(serving.context.cert).toBe(before);
    const renewed = new Promise<string>((resolve) => serving.onRenewed((context) => resolve(context.cert)));
    await clock.advance(200 * dayMs);
    expect(await renewed).not.toBe(before);
    serving.stop();
  });
});

describe('admin kubeconfig', () => {
  it('stays as it is until the server changes', async () => {
    const path = join(directory, 'admin.kubeconfig');
    const write = async (server: string) => {
      await ensureAdminKubeconfig(path, authority, server, clock);
      return readFile(path, 'utf8');
    };
    const first = await write('https://127.0.0.1:6443');
    expect(await write('https://127.0.0.1:6443')).toBe(first);
    expect(await write('https://127.0.0.1:7443')).not.toBe(first);
  });

  it('is made anew while the server runs, once two thirds of its time are over', async () => {
    const path = join(directory, 'admin.kubeconfig');
    const stop = await keepAdminKubeconfig(path, authority, 'https://127.0.0.1:6443', { clock, logger: silentLogger });
    const first = await readFile(path, 'utf8');
    await clock.advance(240 * dayMs);
    expect(await readFile(path, 'utf8')).toBe(first);
    await clock.advance(10 * dayMs);
    await vi.waitFor(async () => expect(await readFile(path, 'utf8')).not.toBe(first), { timeout: 60_000, interval: 5 });
    stop();
  });
});

it('finds the first address of a service CIDR', () => {
  expect(firstServiceAddress('10.96.0.0/16')).toBe('10.96.0.1');
  expect(firstServiceAddress('10.0.0.255/31')).toBe('10.0.1.0');
});
