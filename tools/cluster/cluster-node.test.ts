// An agent joins with a token once: where its node has an identity that is good still, another start asks for none.
import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { X509CertificateGenerator } from '@peculiar/x509';
import { expect, onTestFinished, test } from 'vitest';
import { IdentityFile, type NodeIdentity } from '../../apps/node-agent/src/session/node-identity.ts';
import { ClusterNode } from './cluster-node.ts';
import { layoutOf } from './layout.ts';
import { nodeLayouts } from './node-layout.ts';

const dayMs = 86_400_000;

/** Environments that its agents were started with. */
async function startOf(directory: string): Promise<NodeJS.ProcessEnv[]> {
  const layout = { ...layoutOf(13), directory };
  const [node] = nodeLayouts(layout, 1);
  if (!node) throw new Error('a cluster has one node at least');
  const environments: NodeJS.ProcessEnv[] = [];
  const record = { pid: 1, startTicks: '1', command: [], logOffset: 0 };
  const processes = {
    running: () => undefined,
    stop: async () => false,
    start: (_name: string, _command: string[], env: NodeJS.ProcessEnv = {}) => {
      environments.push(env);
      return { record, started: true };
    },
  };
  const never = () => Promise.reject(new Error('nobody asks the API'));
  const parts = { layout, node, processes, program: ['agent'], gateway: '127.0.0.1:1', client: never };
  await new ClusterNode({ ...parts, joinToken: async () => 'the token', ready: async () => undefined }).start();
  return environments;
}

async function identityUntil(endsAtMs: number): Promise<NodeIdentity> {
  const keys = await webcrypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify']);
  const notAfter = new Date(endsAtMs);
  const certificate = await X509CertificateGenerator.createSelfSigned({ name: 'CN=node', keys, notBefore: new Date(0), notAfter });
  return { key: 'key\n', certificate: certificate.toString('pem'), ca: certificate.toString('pem'), notBeforeMs: 0, notAfterMs: endsAtMs };
}

test('a token is made for the first start, and for one after the certificate has ended', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'berth-cluster-node-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  expect(await startOf(directory)).toMatchObject([{ BERTH_JOIN_TOKEN: 'the token' }]);
  const identity = new IdentityFile(join(directory, 'node'));
  await identity.save(await identityUntil(Date.now() + dayMs));
  const [again] = await startOf(directory);
  expect(again).not.toHaveProperty('BERTH_JOIN_TOKEN');
  await identity.save(await identityUntil(Date.now() - dayMs));
  expect(await startOf(directory)).toMatchObject([{ BERTH_JOIN_TOKEN: 'the token' }]);
});
