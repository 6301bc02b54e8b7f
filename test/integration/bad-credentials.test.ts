// At least 200 tokens and certificate requests that must not work: none of the tokens is anybody, none of the requests becomes a
// certificate.
import { createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { CertificateSigningRequest, Secret } from '@berth/api';
import { componentUsers } from '@berth/apiserver/core';
import type { Client } from '@berth/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type BadRequest, badSigningRequests } from './authentication/bad-signing-requests.ts';
import { type BadToken, badTokens } from './authentication/bad-tokens.ts';
import { KubectlCluster } from './kubectl-cluster.ts';

let cluster: KubectlCluster;
let client: Client;
let good: string;
let tokens: BadToken[];
let requests: BadRequest[];
let agent: Agent;

beforeAll(async () => {
  cluster = await KubectlCluster.start(['api', 'controllers']);
  client = cluster.controlPlane.api.localClient(componentUsers.apiServer);
  agent = new Agent({ keepAlive: true, maxSockets: 4, ca: readFileSync(`${cluster.directory}/data/pki/ca.crt`) });
  await cluster.run(['create', 'serviceaccount', 'web']);
  good = (await cluster.run(['create', 'token', 'web'])).stdout.trim();
  await bootstrap('known1', {});
  await bootstrap('oldold', { expiration: '2020-01-01T00:00:00Z' });
  await bootstrap('unused', { 'usage-bootstrap-authentication': 'false' });
  const key = createPrivateKey(readFileSync(`${cluster.directory}/data/pki/sa.key`));
  tokens = await badTokens({ text: good, key });
  requests = await badSigningRequests();
});
afterAll(async () => {
  agent.destroy();
  await cluster.stop();
});

function bootstrap(id: string, more: Record<string, string>) {
  const stringData = { 'token-id': id, 'token-secret': '0123456789abcdef', 'usage-bootstrap-authentication': 'true', ...more };
  const metadata = { name: `bootstrap-token-${id}`, namespace: 'kube-system' };
  return client.create(Secret, { apiVersion: 'v1', kind: 'Secret', metadata, type: 'bootstrap.kubernetes.io/token', stringData });
}

/** The HTTP status of asking, with this token, for what every authenticated user may see. */
function ask(token: string): Promise<number> {
  const { port } = cluster.controlPlane.address ?? { port: 0 };
  const headers = { authorization: `Bearer ${token}` };
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, path: '/api', agent, headers }, (response) => {
      response.resume();
      response.once('end', () => resolve(response.statusCode ?? 0));
    });
    asked.once('error', reject);
    asked.end();
  });
}

test('there are at least 200 of them, and what they are made from works', async () => {
  expect(tokens.length + requests.length).toBeGreaterThanOrEqual(200);
  expect(new Set(tokens.map(([, token]) => token)).size).toBe(tokens.length);
  expect(await ask(good)).toBe(200);
  expect(await ask('known1.0123456789abcdef')).toBe(200);
});

test('no token is anybody', async () => {
  const accepted: string[] = [];
  for (const [why, token] of tokens) {
    const code = await ask(token);
    if (code !== 401) accepted.push(`${code}: ${why}`);
  }
  expect(accepted).toEqual([]);
});

test('no request becomes a certificate, although an administrator approves it', async () => {
  const wrong: string[] = [];
  for (const [why, object] of requests) {
    const outcome = await fateOf(object as unknown as CertificateSigningRequest);
    if (outcome !== 'refused' && outcome !== 'failed') wrong.push(`${outcome}: ${why}`);
  }
  expect(wrong).toEqual([]);
});

async function fateOf(object: CertificateSigningRequest): Promise<string> {
  const { name } = object.metadata;
  const created = await client.create(CertificateSigningRequest, object).catch((error: Error) => error);
  if (created instanceof Error) return 'refused';
  const approved = await cluster.run(['certificate', 'approve', name]);
  if (approved.code !== 0) return 'refused';
  for (const start = Date.now(); Date.now() - start < 5_000; ) {
    const { status } = await client.get(CertificateSigningRequest, { name });
    if (status?.certificate) return 'issued';
    if (status?.conditions?.some(({ type }) => type === 'Failed')) return 'failed';
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return 'nothing happened';
}
