// What becomes of requests that were approved: signed, failed for good, or tried again.
import { X509Certificate } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CertificateSigningRequest } from '@berth/api';
import { componentUsers } from '@berth/apiserver/core';
import { startTestServer } from '@berth/apiserver/testing';
import { type Client, InformerSet } from '@berth/client';
import { CertificateAuthority } from '@berth/pki';
import { signingObject, signingRequest } from '@berth/pki/testing';
import { type Logger, seededRandom, silentLogger, systemClock } from '@berth/telemetry';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { CertificateSigner } from './certificate-signer.ts';

const client = { signerName: 'kubernetes.io/kube-apiserver-client', usages: ['client auth'], subject: 'CN=carl' };

let directory: string;
let api: Client;
let stop: () => Promise<void>;
/** Told of each request that is tried again. */
let retried: (name: string) => void;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'berth-signer-'));
  // As an API that did not look at signatures yet: what it took is still there.
  const { server, client: admin } = await startTestServer({ disableAdmissionPlugins: ['CertificateRequestSignature'] });
  api = admin;
  const logger: Logger = { ...silentLogger, warn: (_message, fields) => retried(String(fields?.key)), with: () => logger };
  const deps = { client: server.localClient(componentUsers.controllerManager), clock: systemClock, random: seededRandom(3), logger };
  const informers = new InformerSet(deps);
  const authority = await CertificateAuthority.open(directory, systemClock);
  const signer = new CertificateSigner({ ...deps, authority, informers });
  await informers.start();
  retried = () => {};
  stop = async () => {
    informers.stop();
    await signer.stop();
    await server.stop();
  };
});
afterEach(async () => {
  await stop();
  await rm(directory, { recursive: true });
});

async function approved(object: object): Promise<string> {
  const created = await api.create(CertificateSigningRequest, object as CertificateSigningRequest);
  const condition = { type: 'Approved', status: 'True', reason: 'Test' };
  await api.update(CertificateSigningRequest, { ...created, status: { conditions: [condition] } }, { subresource: 'approval' });
  return created.metadata.name;
}

function triedTwice(): Promise<string> {
  return new Promise((resolve) => {
    let times = 0;
    retried = (name) => {
      if (++times === 2) resolve(name);
    };
  });
}

async function bent() {
  const { object, der } = await signingRequest('bent', client);
  const bytes = der.slice();
  bytes[bytes.length - 3] = (bytes[bytes.length - 3] ?? 0) ^ 1;
  return { ...object, ...signingObject('bent', client, pemOf(bytes)) };
}

test.each<[string, () => Promise<object>]>([
  ['a bad signature', bent],
  [
    'a key that is too short',
    async () => (await signingRequest('short', { ...client, algorithm: { name: 'RSASSA-PKCS1-v1_5', modulusLength: 512 } })).object,
  ],
  ['what cannot be read', async () => signingObject('zeros', client, pemOf(Buffer.from([0x30, 0x03, 0x02, 0x01, 0x00])))],
])('%s is tried again, and neither signed nor failed', async (_what, make) => {
  const again = triedTwice();
  const name = await approved(await make());
  expect(await again).toBe(name);
  const { status } = await api.get(CertificateSigningRequest, { name });
  expect(status?.conditions?.map(({ type }) => type)).toEqual(['Approved']);
  expect(status?.certificate).toBeUndefined();
});

function pemOf(der: Uint8Array): string {
  return `-----BEGIN CERTIFICATE REQUEST-----\n${Buffer.from(der).toString('base64')}\n-----END CERTIFICATE REQUEST-----\n`;
}

/** The request as it is once its signer has decided. */
async function decided(name: string): Promise<CertificateSigningRequest> {
  for await (const event of api.watch(CertificateSigningRequest)) {
    if (event.type === 'BOOKMARK') continue;
    const { object } = event;
    const { status } = object;
    if (object.metadata.name === name && (status?.certificate || (status?.conditions?.length ?? 0) > 1)) return object;
  }
  throw new Error('the watch ended before the signer decided');
}

test('what the signer’s rules forbid fails, whatever its signature is', async () => {
  const object = await bent();
  object.spec.usages = ['client auth', 'server auth'];
  const { status } = await decided(await approved(object));
  expect(status?.conditions?.[1]).toMatchObject({ type: 'Failed', reason: 'SignerValidationFailure' });
});

test('RSA keys of 1024 bits are signed for, as in Kubernetes', async () => {
  const algorithm = { name: 'RSASSA-PKCS1-v1_5', modulusLength: 1024 };
  const { status } = await decided(await approved((await signingRequest('old', { ...client, algorithm })).object));
  expect(Buffer.from(status?.certificate ?? '', 'base64').toString()).toContain('BEGIN CERTIFICATE');
});

const serving = {
  ...{ signerName: 'berth.io/service-serving', usages: ['digital signature', 'server auth'], subject: 'CN=web.shop.svc' },
  ...{ dns: ['web.shop.svc', 'web.shop.svc.cluster.local'], ips: ['10.96.0.9'] },
};

test('a server behind a service gets a certificate for its names, for as long as it asks', async () => {
  const years = 9 * 365 * 24 * 3600;
  const { status } = await decided(await approved((await signingRequest('web', { ...serving, expirationSeconds: years })).object));
  const certificate = new X509Certificate(Buffer.from(status?.certificate ?? '', 'base64'));
  expect(certificate.subjectAltName).toBe('DNS:web.shop.svc, DNS:web.shop.svc.cluster.local, IP Address:10.96.0.9');
  expect(Date.parse(certificate.validTo) - Date.now()).toBeGreaterThan((years - 3600) * 1000);
});

test.each<[string, object]>([
  ['of two services', { dns: ['web.shop.svc', 'other.shop.svc'] }],
  ['of no service', { dns: ['example.com'], subject: 'CN=example.com' }],
  ['of the API', { dns: ['kubernetes.default.svc'], subject: 'CN=kubernetes.default.svc' }],
  ['without a name', { dns: [] }],
  ['for a node', { subject: 'O=system:nodes,CN=web.shop.svc' }],
  ['for somebody else', { subject: 'CN=system:admin' }],
  ['for a client', { usages: ['digital signature', 'client auth'] }],
])('a certificate %s is not signed for servers behind services', async (_what, parts) => {
  const { status } = await decided(await approved((await signingRequest('web', { ...serving, ...parts })).object));
  expect(status?.conditions?.[1]).toMatchObject({ type: 'Failed', reason: 'SignerValidationFailure' });
});
