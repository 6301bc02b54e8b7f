// A control plane is lost with its store, and one made of a backup takes its place: `berth backup` against a running one, then a new data
// directory and a new store. The clients of the old one, with what they remember, go on at the new one.
import 'reflect-metadata';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigMap, Secret } from '@berth/api';
import { HttpClient, readKubeconfig, Tokens } from '@berth/client';
import { seededRandom, silentLogger, systemClock } from '@berth/telemetry';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { askForBackup } from '../../apps/cli/src/backup.ts';
import { restoreBackup } from '../../apps/control-plane/src/backup/restore.ts';
import { type ControlPlaneConfig, defaultConfig } from '../../apps/control-plane/src/config.ts';
import { type ControlPlane, startControlPlane } from '../../apps/control-plane/src/control-plane.ts';
import { EtcdProcess } from './etcd-process.ts';

const ports = { clock: systemClock, random: seededRandom(1), logger: silentLogger };
const namespace = 'default';
const cleanups: (() => Promise<unknown>)[] = [];
let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'berth-lost-'));
  cleanups.push(() => rm(directory, { recursive: true, force: true }));
});
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function configOf(name: string, driver: 'sqlite' | 'etcd'): Promise<ControlPlaneConfig> {
  const dataDirectory = join(directory, name);
  return {
    ...defaultConfig,
    roles: ['api'],
    apiAddress: { host: '127.0.0.1', port: 0 },
    dataDirectory,
    store: await storeOf(driver, dataDirectory),
  };
}

async function storeOf(driver: 'sqlite' | 'etcd', dataDirectory: string): Promise<ControlPlaneConfig['store']> {
  if (driver === 'sqlite') return { driver, file: join(dataDirectory, 'store.sqlite') };
  const etcd = await EtcdProcess.start();
  cleanups.push(() => etcd.remove());
  return { driver, endpoints: [etcd.endpoint] };
}

async function start(config: ControlPlaneConfig): Promise<{ controlPlane: ControlPlane; client: HttpClient; tokens: Tokens }> {
  const controlPlane = await startControlPlane(config, ports, { dashboardDirectory: join(directory, 'no-dashboard') });
  const connection = await readKubeconfig(controlPlane.kubeconfigPath);
  const client = new HttpClient(connection);
  let isRunning = true;
  const stop = controlPlane.stop;
  const once = async () => {
    if (!isRunning) return;
    isRunning = false;
    client.close();
    await stop();
  };
  cleanups.push(once);
  return {
    controlPlane: { ...controlPlane, stop: once },
    client,
    tokens: Tokens.pinnedTo(connection.certificateAuthority ?? '', { client, clock: systemClock }),
  };
}

const configMap = (name: string) => ({
  apiVersion: 'v1' as const,
  kind: 'ConfigMap' as const,
  metadata: { name, namespace },
  data: { key: name },
});

test.each(['sqlite', 'etcd'] as const)('everything is there again, and nobody misses a change: %s', async (driver) => {
  const old = await start(await configOf('old', driver));
  await old.client.create(ConfigMap, configMap('kept'));
  await old.client.create(Secret, { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's', namespace }, data: { key: 'c2VjcmV0' } });
  const token = await old.tokens.createJoinToken();
  const file = join(directory, 'berth.backup');
  const made = await askForBackup(join(directory, 'old'), file);
  expect(made).toMatchObject({ file, files: expect.any(Number), keys: expect.any(Number) });
  const kept = await old.client.get(ConfigMap, { namespace, name: 'kept' });
  // Lost with the server; whoever has seen it must learn that it is gone.
  const lost = await old.client.create(ConfigMap, configMap('lost'));
  await old.controlPlane.stop();

  const config = await configOf('new', driver);
  expect(await restoreBackup(file, config, ports)).toMatchObject({ keys: made.keys, files: made.files });
  const restored = await start(config);
  const again = await restored.client.get(ConfigMap, { namespace, name: 'kept' });
  expect({ ...again, metadata: { ...again.metadata, resourceVersion: '' } }).toEqual({
    ...kept,
    metadata: { ...kept.metadata, resourceVersion: '' },
  });
  expect(Number(again.metadata.resourceVersion)).toBeGreaterThan(Number(lost.metadata.resourceVersion));
  expect((await restored.client.get(Secret, { namespace, name: 's' })).data).toEqual({ key: 'c2VjcmV0' });
  expect(await restored.tokens.verifyJoinToken(token)).toBe(true);
  await expect(restored.client.update(ConfigMap, { ...kept, data: {} })).rejects.toThrow('the object has been modified');
  const watch = restored.client.watch(ConfigMap, { namespace, resourceVersion: lost.metadata.resourceVersion ?? '' });
  await expect(watch.next()).rejects.toMatchObject({ code: 410, reason: 'Expired' });
  const next = await restored.client.create(ConfigMap, configMap('next'));
  expect(Number(next.metadata.resourceVersion)).toBeGreaterThan(Number(again.metadata.resourceVersion));
});
