// Secrets with a service account's token for good: filled, working, and worth nothing once they or their account are gone.
import { Secret } from '@berth/api';
import { componentUsers } from '@berth/apiserver/core';
import type { Client } from '@berth/client';
import { isReason } from '@berth/machinery';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { KubectlCluster } from './kubectl-cluster.ts';

let cluster: KubectlCluster;
let client: Client;

beforeAll(async () => {
  cluster = await KubectlCluster.start(['api', 'controllers']);
  client = cluster.controlPlane.api.localClient(componentUsers.apiServer);
});
afterAll(() => cluster.stop());

async function makeSecret(name: string, account: string): Promise<void> {
  const yaml = `{apiVersion: v1, kind: Secret, type: kubernetes.io/service-account-token, metadata: {name: ${name}, annotations: {kubernetes.io/service-account.name: ${account}}}}`;
  await cluster.run(['apply', '-f', '-'], { input: yaml });
}

const read = (name: string) => client.get(Secret, { namespace: 'default', name });
const decoded = (text = '') => Buffer.from(text, 'base64').toString('utf8');

async function tokenIn(name: string): Promise<string> {
  return vi.waitFor(
    async () => {
      const { data } = await read(name);
      expect(data?.token).toBeTruthy();
      return decoded(data?.token);
    },
    { timeout: 5_000 },
  );
}

async function isGone(name: string): Promise<boolean> {
  return read(name).then(
    () => false,
    (error: unknown) => isReason(error, 'NotFound'),
  );
}

test('a secret is filled, and whoever holds its token is the account', async () => {
  await cluster.run(['create', 'serviceaccount', 'robot']);
  await makeSecret('robot-token', 'robot');
  const token = await tokenIn('robot-token');
  const { data, metadata } = await read('robot-token');
  expect(decoded(data?.namespace)).toBe('default');
  expect(decoded(data?.['ca.crt'])).toContain('-----BEGIN CERTIFICATE-----');
  expect(metadata.annotations?.['kubernetes.io/service-account.uid']).toMatch(/^[0-9a-f-]{36}$/);
  expect((await cluster.runWithToken(token, ['auth', 'whoami'])).stdout).toContain('system:serviceaccount:default:robot');
  expect((await cluster.run(['describe', 'serviceaccount', 'robot'])).code).toBe(0);

  await cluster.run(['delete', 'secret', 'robot-token']);
  expect((await cluster.runWithToken(token, ['auth', 'whoami'])).stderr).toContain('Unauthorized');
});

test('what was removed from a secret comes back, with a token of its own', async () => {
  await cluster.run(['create', 'serviceaccount', 'keeper']);
  await makeSecret('keeper-token', 'keeper');
  const first = await tokenIn('keeper-token');
  await cluster.run(['patch', 'secret', 'keeper-token', '--type=merge', '-p', '{"data":{"token":null,"ca.crt":null}}']);
  const second = await tokenIn('keeper-token');
  expect(second).not.toBe(first);
  expect((await cluster.runWithToken(first, ['auth', 'whoami'])).stderr).toContain('Unauthorized');
  expect((await cluster.runWithToken(second, ['auth', 'whoami'])).code).toBe(0);
});

test('a secret goes with its account, and one without an account does not stay', async () => {
  await cluster.run(['create', 'serviceaccount', 'leaver']);
  await makeSecret('leaver-token', 'leaver');
  const token = await tokenIn('leaver-token');
  await cluster.run(['delete', 'serviceaccount', 'leaver']);
  expect((await cluster.runWithToken(token, ['auth', 'whoami'])).stderr).toContain('Unauthorized');
  await makeSecret('nobody-token', 'nobody');
  await vi.waitFor(async () => expect([await isGone('leaver-token'), await isGone('nobody-token')]).toEqual([true, true]), {
    timeout: 5_000,
  });
});
