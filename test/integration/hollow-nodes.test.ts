// Simulated nodes over the real protocol: they join with a token, have addresses of their own, and run pods as far as the API can tell.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Deployment, Node, Pod } from '@berth/api';
import { componentUsers } from '@berth/apiserver/core';
import { AgentGateway } from '@berth/gateway';
import { CertificateAuthority, ServingCertificate } from '@berth/pki';
import { seededRandom, silentLogger, systemClock } from '@berth/telemetry';
import { expect, onTestFinished, test, vi } from 'vitest';
import { defaultConfig } from '../../apps/control-plane/src/config.ts';
import { HollowNodes } from '../../apps/node-agent/src/hollow/hollow-nodes.ts';
import { deployment } from '../sim/chaos.ts';
import { KubectlCluster } from './kubectl-cluster.ts';

const ports = { clock: systemClock, random: seededRandom(3), logger: silentLogger };
const patience = { timeout: 30_000, interval: 100 };

/** On a port that is free when it listens. */
async function startGateway({ controlPlane: { api, tokens }, directory }: KubectlCluster): Promise<AgentGateway> {
  const authority = await CertificateAuthority.open(join(directory, 'data', 'pki'), systemClock);
  const serving = await ServingCertificate.create({ authority, commonName: 'gateway', names: ['127.0.0.1'], ...ports });
  onTestFinished(() => serving.stop());
  const config = {
    ...defaultConfig,
    store: { driver: 'memory' as const },
    gatewayAddress: { host: '127.0.0.1', port: 0 },
    dataDirectory: directory,
  };
  const verifyJoinToken = (token: string) => tokens.verifyJoinToken(token);
  const client = api.localClient(componentUsers.gateway);
  const gateway = new AgentGateway({ client, config, ...ports, pki: { authority, serving, verifyJoinToken } });
  onTestFinished(() => gateway.stop());
  await gateway.start();
  return gateway;
}

test('hollow nodes join a control plane with a token, and pods run on them', async () => {
  const cluster = await KubectlCluster.start(['api', 'controllers', 'scheduler']);
  onTestFinished(() => cluster.stop());
  const { port } = await startGateway(cluster);
  const { api, tokens } = cluster.controlPlane;
  const client = api.localClient({ name: 'admin', groups: ['system:masters', 'system:authenticated'] });
  const dataDirectory = await mkdtemp(join(tmpdir(), 'berth-hollow-'));
  onTestFinished(() => rm(dataDirectory, { recursive: true }));
  const token = await tokens.createJoinToken();
  const gateway = { host: '127.0.0.1', port };
  const nodes = new HollowNodes({ count: 3, prefix: 'hollow', firstAddress: '198.18.0.254', gateway, token, dataDirectory }, ports);
  onTestFinished(() => nodes.stop());
  await nodes.start();
  await vi.waitFor(() => expect(nodes.connected).toBe(3), patience);
  const { items } = await client.list(Node);
  expect(items.map(({ metadata, status }) => [metadata.labels?.['berth.io/hollow'], status?.nodeInfo?.containerRuntimeVersion])).toEqual(
    Array.from({ length: 3 }, () => ['true', 'hollow://0.1.0']),
  );
  const addresses = items.map(({ status }) => status?.addresses?.find(({ type }) => type === 'InternalIP')?.address);
  expect(addresses.sort()).toEqual(['198.18.0.254', '198.18.0.255', '198.18.1.0']);
  await vi.waitFor(() => client.create(Deployment, deployment('web', 12, 'first')), patience);
  await vi.waitFor(async () => {
    const pods = (await client.list(Pod, { namespace: 'default' })).items.filter(({ status }) => status?.phase === 'Running');
    expect(pods).toHaveLength(12);
    // Every pod has an address of its own, of its node's range.
    expect(new Set(pods.map(({ status }) => status?.podIP)).size).toBe(12);
  }, patience);
});
