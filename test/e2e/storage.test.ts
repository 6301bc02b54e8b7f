import { execFile } from 'node:child_process';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { PersistentVolume, PersistentVolumeClaim, Pod } from '@berth/api';
import { afterEach, expect, test } from 'vitest';
import { provideImage } from '../../tools/cluster/images.ts';
import { root } from '../../tools/cluster/layout.ts';
import { killContainerd } from './kill-containerd.ts';
import { apply, cluster, get, kubectl, until, withNamespace } from './kubectl.ts';
import { lane } from './lane.ts';
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

test('a claim waits for its first pod and is bound to a volume of its size, which stops who fills it and goes with its data', () =>
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
    const size = 16 * 2 ** 20;
    // Reserved, not only promised.
    const { size: bytes, blocks } = await stat(path);
    expect([volume.spec.local?.fsType, bytes, blocks * 512 >= size]).toEqual(['ext4', size, true]);
    const fill =
      "b=/bin/busybox; $b dd if=/dev/zero of=/data/filler bs=1M count=64 2>&1; $b ls /data; $b df -k /data | $b tail -n 1 | $b awk '{print $2}'";
    const said = await kubectl('-n', ns, 'exec', 'keeper', '--', '/bin/busybox', 'sh', '-c', fill);
    expect(said).toContain('No space left on device');
    expect(said).toMatch(/\nfile\nfiller\n/);
    expect(Number(said.trim().split('\n').at(-1))).toBeLessThanOrEqual(size / 1024);
    expect(await read(ns, 'keeper')).toBe('here\n');
    const { uid = '' } = (await get<Pod>('-n', ns, 'pod', 'keeper')).metadata;
    await kubectl('-n', ns, 'delete', 'pod', 'keeper');
    // Whoever sees that the pod is gone finds nothing of it mounted.
    expect(await readFile('/proc/self/mountinfo', 'utf8')).not.toContain(uid);
    await kubectl('-n', ns, 'delete', 'pvc', 'data');
    await kubectl('wait', '--for=delete', `pv/${volume.metadata.name}`, '--timeout=60s');
    await expect(stat(path)).rejects.toThrow('ENOENT');
    expect(await readFile('/proc/self/mountinfo', 'utf8')).not.toContain(bound.spec.volumeName);
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
    await killContainerd();
    await back('containerd');
    await cluster().processes.crash('control-plane');
    await cluster().startControlPlane();
    await back('the control plane');
    await apply(keeper(ns, 'second'));
    await ready(ns, 'second');
    expect(await read(ns, 'second')).toBe('kept\n');
  }));

test('a block volume is a device of its containers, keeps its bytes, and leaves no device behind', () =>
  withNamespace(async (ns) => {
    const main = shell('main', waitForEver, {
      volumeDevices: [{ name: 'data', devicePath: '/dev/data' }],
      securityContext: { runAsUser: 0 },
    });
    const blockPod = pod(ns, 'block', [main], { volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }] });
    const { spec } = claim(ns);
    await apply({ ...claim(ns), spec: { ...spec, volumeMode: 'Block' } }, blockPod);
    await ready(ns, 'block');
    const inPod = (script: string) => kubectl('-n', ns, 'exec', 'block', '--', '/bin/busybox', 'sh', '-c', script);
    await inPod('echo kept | /bin/busybox dd of=/dev/data conv=fsync 2>&1');
    expect((await inPod('/bin/busybox blockdev --getsize64 /dev/data')).trim()).toBe(String(16 * 2 ** 20));
    await kubectl('-n', ns, 'delete', 'pod', 'block');
    await apply(blockPod);
    await ready(ns, 'block');
    expect(await inPod('/bin/busybox head -c 5 /dev/data')).toBe('kept\n');
    const { spec: bound } = await get<PersistentVolumeClaim>('-n', ns, 'pvc', 'data');
    await kubectl('-n', ns, 'delete', 'pod', 'block');
    await kubectl('-n', ns, 'delete', 'pvc', 'data');
    await kubectl('wait', '--for=delete', `pv/${bound.volumeName}`, '--timeout=60s');
    const { stdout } = await promisify(execFile)('losetup', ['--list', '--noheadings', '--output', 'BACK-FILE']);
    expect(stdout).not.toContain(bound.volumeName);
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

test('volumes that ask for it start out with what the image holds there, once', () =>
  withNamespace(async (ns) => {
    const image = await provideImage(lane().layout, {
      ...{ repository: 'berth/with-data', tag: '1.0' },
      folder: join(root, 'test', 'e2e', 'images', 'with-data'),
    });
    const annotations = { 'berth.io/populate': 'image' };
    const asking = claim(ns);
    const mounts = ['data', 'scratch'].map((name, index) => ({ name, mountPath: index === 0 ? '/var/lib/app' : '/var/lib/app/deep' }));
    const filled = pod(ns, 'filled', [shell('main', waitForEver, { image, volumeMounts: mounts })], {
      volumes: [
        { name: 'data', persistentVolumeClaim: { claimName: 'data' } },
        { name: 'scratch', emptyDir: {} },
      ],
    });
    const app = { ...filled, metadata: { ...filled.metadata, annotations } };
    const exec = (...command: string[]) => kubectl('-n', ns, 'exec', 'filled', '--', '/bin/busybox', ...command);
    await apply({ ...asking, metadata: { ...asking.metadata, annotations } }, app);
    await ready(ns, 'filled');
    expect(await exec('cat', '/var/lib/app/welcome', '/var/lib/app/deep/file')).toBe('from the image\ndeep\n');
    expect(await exec('stat', '-c', '%u', '/var/lib/app', '/var/lib/app/welcome')).toBe('1234\n1234\n');
    const events = await kubectl('-n', ns, 'events', '--for', 'pod/filled');
    for (const name of ['data', 'scratch']) expect(events).toContain(`Filled volume "${name}" with what image "${image}" holds there`);
    await exec('rm', '/var/lib/app/welcome', '/var/lib/app/deep/file');
    await kubectl('-n', ns, 'delete', 'pod', 'filled');
    await apply(app);
    await ready(ns, 'filled');
    // The claim keeps what became of it; the emptyDir is another one.
    expect(await exec('ls', '/var/lib/app')).toBe('deep\n');
    expect(await exec('ls', '/var/lib/app/deep')).toBe('file\n');
  }));

test('an ephemeral volume gets a claim of its own, which goes with its pod', () =>
  withNamespace(async (ns) => {
    const { spec } = claim(ns);
    const main = shell('main', "echo mine > /data/file; trap 'exit 0' TERM; while true; do /bin/busybox sleep 1 & wait; done", {
      ...{ volumeMounts: [{ name: 'data', mountPath: '/data' }], securityContext: { runAsUser: 0 } },
    });
    await apply(pod(ns, 'keeper', [main], { volumes: [{ name: 'data', ephemeral: { volumeClaimTemplate: { spec } } }] }));
    await ready(ns, 'keeper');
    expect(await read(ns, 'keeper')).toBe('mine\n');
    const made = await get<PersistentVolumeClaim>('-n', ns, 'pvc', 'keeper-data');
    expect(made.metadata.ownerReferences).toMatchObject([{ kind: 'Pod', name: 'keeper', controller: true }]);
    await kubectl('-n', ns, 'delete', 'pod', 'keeper');
    await kubectl('-n', ns, 'wait', '--for=delete', 'pvc/keeper-data', '--timeout=60s');
    await kubectl('wait', '--for=delete', `pv/${made.spec.volumeName}`, '--timeout=60s');
  }));

test('a claim for more than the disk has waits, and its pod says why', () =>
  withNamespace(async (ns) => {
    const { spec, ...asking } = claim(ns);
    await apply({ ...asking, spec: { ...spec, resources: { requests: { storage: '1000Ti' } } } }, keeper(ns));
    await until('the reason', 30_000, async () =>
      (await kubectl('-n', ns, 'describe', 'pod', 'keeper')).includes('1 node(s) did not have enough free storage'),
    );
    expect((await get<PersistentVolumeClaim>('-n', ns, 'pvc', 'data')).status?.phase).toBe('Pending');
  }));

test('a snapshot shows what was there at its moment in a claim that begins with it, and a clone what its claim holds', () =>
  withNamespace(async (ns) => {
    const beginning = (name: string, dataSource: object) => ({
      ...{ ...claim(ns), metadata: { name, namespace: ns } },
      spec: { ...claim(ns).spec, dataSource },
    });
    await apply(claim(ns), keeper(ns));
    await ready(ns, 'keeper');
    await write(ns, 'before');
    await apply({
      ...{ apiVersion: 'snapshot.storage.k8s.io/v1', kind: 'VolumeSnapshot', metadata: { name: 'moment', namespace: ns } },
      spec: { source: { persistentVolumeClaimName: 'data' } },
    });
    await kubectl('-n', ns, 'wait', '--for=jsonpath={.status.readyToUse}=true', 'volumesnapshot/moment', '--timeout=60s');
    await write(ns, 'after');
    const main = shell('main', waitForEver, {
      volumeMounts: ['restored', 'clone'].map((name) => ({ name, mountPath: `/${name}` })),
      securityContext: { runAsUser: 0 },
    });
    const volumes = ['restored', 'clone'].map((name) => ({ name, persistentVolumeClaim: { claimName: name } }));
    await apply(
      beginning('restored', { apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name: 'moment' }),
      beginning('clone', { kind: 'PersistentVolumeClaim', name: 'data' }),
      pod(ns, 'reader', [main], { volumes }),
    );
    await ready(ns, 'reader');
    const files = ['/restored/file', '/clone/file'];
    expect(await kubectl('-n', ns, 'exec', 'reader', '--', '/bin/busybox', 'cat', ...files)).toBe('before\nafter\n');
    // What was asked of the writes' pause stands in the agent's log.
    const log = await readFile(cluster().processes.logFile('node-agent'), 'utf8');
    const pauses = [...log.matchAll(/"took a snapshot".*"pauseMs":([0-9.]+)/g)].map(([, pauseMs]) => Number(pauseMs));
    expect(pauses.at(-1)).toBeGreaterThan(0);
    expect(pauses.at(-1)).toBeLessThan(30_000);
  }));
