import { readFile } from 'node:fs/promises';
import type { PersistentVolume, PersistentVolumeClaim } from '@berth/api';
import { afterEach, expect, test } from 'vitest';
import { apply, cluster, get, kubectl, until, withNamespace } from './kubectl.ts';
import { pod, shell, waitForEver } from './manifests.ts';

afterEach(async () => {
  await cluster().startControlPlane();
  await cluster().startAgents();
});

const claim = (namespace: string) => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name: 'data', namespace },
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '16Mi' } } },
});

function keeper(namespace: string, name = 'keeper') {
  const main = shell('main', waitForEver, { volumeMounts: [{ name: 'data', mountPath: '/data' }], securityContext: { runAsUser: 0 } });
  return pod(namespace, name, [main], { volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }] });
}

const ready = (ns: string, name: string) => kubectl('-n', ns, 'wait', '--for=condition=Ready', `pod/${name}`, '--timeout=60s');
const read = (ns: string, name: string) => kubectl('-n', ns, 'exec', name, '--', '/bin/busybox', 'cat', '/data/file');
const write = (ns: string, text: string) =>
  kubectl('-n', ns, 'exec', 'keeper', '--', '/bin/busybox', 'sh', '-c', `echo ${text} > /data/file`);

test('a claim waits for its first pod, is bound to a local volume, and its data is deleted with it', () =>
  withNamespace(async (ns) => {
    await apply(claim(ns));
    await until('the claim to wait', 20_000, async () =>
      (await kubectl('-n', ns, 'describe', 'pvc', 'data')).includes('waiting for first consumer to be created before binding'),
    );
    await apply(keeper(ns));
    await ready(ns, 'keeper');
    const bound = await get<PersistentVolumeClaim>('-n', ns, 'pvc', 'data');
    expect(bound.status?.phase).toBe('Bound');
    const volume = await get<PersistentVolume>('pv', bound.spec.volumeName ?? '');
    await write(ns, 'here');
    const path = volume.spec.local?.path ?? '';
    expect(await readFile(`${path}/file`, 'utf8')).toBe('here\n');
    await kubectl('-n', ns, 'delete', 'pod', 'keeper');
    await kubectl('-n', ns, 'delete', 'pvc', 'data');
    await kubectl('wait', '--for=delete', `pv/${volume.metadata.name}`, '--timeout=60s');
    await expect(readFile(`${path}/file`, 'utf8')).rejects.toThrow('ENOENT');
  }));

test('a file survives its pod, and kill -9 of agent, containerd and control plane', () =>
  withNamespace(async (ns) => {
    await apply(claim(ns), keeper(ns));
    await ready(ns, 'keeper');
    await write(ns, 'kept');
    await kubectl('-n', ns, 'delete', 'pod', 'keeper');
    await apply(keeper(ns));
    await ready(ns, 'keeper');
    expect(await read(ns, 'keeper')).toBe('kept\n');
    const back = (what: string) => until(`the file after kill -9 of ${what}`, 60_000, async () => (await read(ns, 'keeper')) === 'kept\n');
    await cluster().processes.crash('node-agent');
    await cluster().startAgents();
    await back('the agent');
    process.kill(Number(await readFile(`${cluster().layout.directory}/node/c/containerd.pid`, 'utf8')), 'SIGKILL');
    await back('containerd');
    await cluster().processes.crash('control-plane');
    await cluster().startControlPlane();
    await back('the control plane');
    await apply(keeper(ns, 'second'));
    await ready(ns, 'second');
    expect(await read(ns, 'second')).toBe('kept\n');
  }));

test('a file survives a rolling update', () =>
  withNamespace(async (ns) => {
    const labels = { app: 'roll' };
    const { spec } = keeper(ns);
    const deployment = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'roll', namespace: ns },
      spec: { replicas: 1, selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
    };
    await apply(claim(ns), deployment);
    await kubectl('-n', ns, 'rollout', 'status', 'deploy/roll', '--timeout=60s');
    await kubectl('-n', ns, 'exec', 'deploy/roll', '--', '/bin/busybox', 'sh', '-c', 'echo before > /data/file');
    await kubectl('-n', ns, 'set', 'env', 'deploy/roll', 'ROUND=2');
    await kubectl('-n', ns, 'rollout', 'status', 'deploy/roll', '--timeout=60s');
    expect(await kubectl('-n', ns, 'exec', 'deploy/roll', '--', '/bin/busybox', 'cat', '/data/file')).toBe('before\n');
  }));
