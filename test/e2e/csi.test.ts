// A CSI driver (test/e2e/csi, a Go module) beside the unmodified external-provisioner, -attacher, -resizer and -snapshotter, as pods of the
// cluster. It runs where BERTH_E2E_CSI names a folder with the programs, or is `build`, for which Go is needed and minutes.
import { cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { env } from 'node:process';
import type { CSINode, CSIStorageCapacity, PersistentVolume, PersistentVolumeClaim, VolumeAttachment } from '@berth/api';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { provideImage } from '../../tools/cluster/images.ts';
import { runCommand } from '../../tools/cluster/run-command.ts';
import { clusterWide, driver, installation, snapshotClass, storageClassName } from './csi/manifests.ts';
import { apply, cluster, get, kubectl, until, withNamespace } from './kubectl.ts';
import { lane } from './lane.ts';
import { pod, shell, waitForEver } from './manifests.ts';
import { exec, ready } from './pod-commands.ts';

const buildTimeoutMs = 3_600_000;
const source = join(import.meta.dirname, 'csi');
const sidecars = [
  'external-attacher/v4/cmd/csi-attacher',
  'external-provisioner/v6/cmd/csi-provisioner',
  'external-resizer/v2/cmd/csi-resizer',
  'external-snapshotter/v8/cmd/csi-snapshotter',
].map((path) => `github.com/kubernetes-csi/${path}`);
const namespace = 'csi-folders';
let dataFolder: string;

beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'berth-csi-'));
  dataFolder = await mkdtemp(join(tmpdir(), 'berth-csi-data-'));
  try {
    if (env.BERTH_E2E_CSI === 'build') {
      const options = { cwd: source, env: { ...env, CGO_ENABLED: '0' }, timeoutMs: buildTimeoutMs };
      await runCommand(['go', 'build', '-trimpath', '-ldflags=-s -w', '-o', `${folder}/`, '.', ...sidecars], options);
    } else await cp(env.BERTH_E2E_CSI ?? '', folder, { recursive: true });
    await cp(join(source, 'Dockerfile'), join(folder, 'Dockerfile'));
    const image = await provideImage(cluster().layout, { repository: 'berth/csi-folders', tag: '1.0', folder });
    await kubectl('create', 'namespace', namespace);
    await apply(...installation(namespace, image, dataFolder), snapshotClass);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  await kubectl('-n', namespace, 'rollout', 'status', 'statefulset/csi-folders', '--timeout=120s');
}, buildTimeoutMs);

afterAll(async () => {
  for (let at = 0; at < clusterWide.length; at += 2) await kubectl('delete', ...clusterWide.slice(at, at + 2), '--ignore-not-found');
  await kubectl('delete', 'volumesnapshotclass', snapshotClass.metadata.name, '--ignore-not-found');
  await kubectl('delete', 'namespace', namespace, '--ignore-not-found', '--timeout=90s');
  await rm(dataFolder, { recursive: true, force: true });
});

const claim = (ns: string, name: string, more: Partial<PersistentVolumeClaim['spec']> = {}) => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name, namespace: ns },
  spec: { accessModes: ['ReadWriteOnce'], storageClassName, resources: { requests: { storage: '64Mi' } }, ...more },
});

function keeper(ns: string, name: string, claimName: string) {
  const main = shell('main', waitForEver, { volumeMounts: [{ name: 'data', mountPath: '/data' }] });
  return pod(ns, name, [main], { volumes: [{ name: 'data', persistentVolumeClaim: { claimName } }] });
}

const claimOf = (ns: string, name: string) => get<PersistentVolumeClaim>('-n', ns, 'pvc', name);
const kept = () => readdir(join(dataFolder, 'volumes')).catch(() => []);

async function removeAll(ns: string): Promise<void> {
  await kubectl('-n', ns, 'delete', 'pod', '--all', '--timeout=60s');
  await kubectl('-n', ns, 'delete', 'pvc', '--all', '--timeout=60s');
}

/** Of the driver, whatever its tests had. */
async function expectNothingLeft(): Promise<void> {
  await until('volumes and attachments to go', 60_000, async () => {
    const volumes = (await get<{ items: PersistentVolume[] }>('pv')).items.filter(({ spec }) => spec.csi?.driver === driver);
    const attachments = (await get<{ items: VolumeAttachment[] }>('volumeattachments')).items;
    return volumes.length + attachments.length === 0;
  });
  expect(await kept()).toEqual([]);
  expect(await readFile('/proc/self/mountinfo', 'utf8')).not.toContain(dataFolder);
  const { status } = await get<{ status: object }>('node', lane().layout.nodeName);
  expect(status).not.toHaveProperty('volumesAttached');
  expect(status).not.toHaveProperty('volumesInUse');
}

test('a driver makes itself known to the node, and its provisioner what it has room for', async () => {
  const { layout } = lane();
  await until('the driver on the node', 60_000, async () =>
    (await get<CSINode>('csinode', layout.nodeName)).spec.drivers.some(({ name }) => name === driver),
  );
  const { spec } = await get<CSINode>('csinode', layout.nodeName);
  expect(spec.drivers.find(({ name }) => name === driver)).toEqual({
    ...{ name: driver, nodeID: layout.nodeName, allocatable: { count: 20 } },
    topologyKeys: ['topology.folders.csi.berth.example/node'],
  });
  const capacities = async () => (await get<{ items: CSIStorageCapacity[] }>('-n', namespace, 'csistoragecapacities')).items;
  await until('its capacity', 60_000, async () => (await capacities()).some(({ capacity }) => capacity === '10Gi'));
});

test('a claim gets a volume that is attached, staged and written to, grows while it is used, and leaves nothing', () =>
  withNamespace(async (ns) => {
    await apply(claim(ns, 'data'), keeper(ns, 'keeper', 'data'));
    await ready(ns, 'keeper');
    await exec(ns, 'keeper', 'sh', '-c', 'echo here > /data/file');
    const bound = await claimOf(ns, 'data');
    const { spec, metadata } = await get<PersistentVolume>('pv', bound.spec.volumeName ?? '');
    expect(metadata.annotations?.['pv.kubernetes.io/provisioned-by']).toBe(driver);
    const handle = spec.csi?.volumeHandle ?? '';
    expect(await readFile(join(dataFolder, 'volumes', handle, 'content', 'file'), 'utf8')).toBe('here\n');
    const attached = (await get<{ items: VolumeAttachment[] }>('volumeattachments')).items;
    expect(attached.map(({ spec: of, status }) => [of.attacher, of.nodeName, status?.attached])).toEqual([
      [driver, lane().layout.nodeName, true],
    ]);
    expect(await kubectl('-n', ns, 'describe', 'pod', 'keeper')).toContain('AttachVolume.Attach succeeded for volume');

    await kubectl('-n', ns, 'patch', 'pvc', 'data', '-p', '{"spec":{"resources":{"requests":{"storage":"128Mi"}}}}');
    await until('the volume to grow', 60_000, async () => (await claimOf(ns, 'data')).status?.capacity?.storage === '128Mi');
    const { status } = await claimOf(ns, 'data');
    expect([status?.conditions ?? [], status?.allocatedResourceStatuses ?? {}]).toEqual([[], {}]);
    expect(await exec(ns, 'keeper', 'cat', '/data/file')).toBe('here\n');

    await removeAll(ns);
    await expectNothingLeft();
  }));

test('a volume begins with a snapshot, or with another volume', () =>
  withNamespace(async (ns) => {
    await apply(claim(ns, 'data'), keeper(ns, 'keeper', 'data'));
    await ready(ns, 'keeper');
    await exec(ns, 'keeper', 'sh', '-c', 'echo before > /data/file');
    const from = { volumeSnapshotClassName: snapshotClass.metadata.name, source: { persistentVolumeClaimName: 'data' } };
    await apply({
      apiVersion: 'snapshot.storage.k8s.io/v1',
      kind: 'VolumeSnapshot',
      metadata: { name: 'taken', namespace: ns },
      spec: from,
    });
    await kubectl('-n', ns, 'wait', '--for=jsonpath={.status.readyToUse}=true', 'volumesnapshot/taken', '--timeout=60s');
    await exec(ns, 'keeper', 'sh', '-c', 'echo after > /data/file');
    const snapshot = { apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name: 'taken' };
    await apply(claim(ns, 'restored', { dataSource: snapshot }), keeper(ns, 'restored', 'restored'));
    const clone = { kind: 'PersistentVolumeClaim', name: 'data' };
    await apply(claim(ns, 'clone', { dataSource: clone }), keeper(ns, 'clone', 'clone'));
    await ready(ns, 'restored');
    await ready(ns, 'clone');
    expect(await exec(ns, 'restored', 'cat', '/data/file')).toBe('before\n');
    expect(await exec(ns, 'clone', 'cat', '/data/file')).toBe('after\n');
    await kubectl('-n', ns, 'delete', 'volumesnapshot', 'taken', '--timeout=60s');
    await until('the content to go', 60_000, async () => (await readdir(join(dataFolder, 'snapshots'))).length === 0);
    await removeAll(ns);
    await expectNothingLeft();
  }));

test('a volume is a device of its pod', () =>
  withNamespace(async (ns) => {
    const root = { securityContext: { runAsUser: 0 } };
    const main = shell('main', waitForEver, { volumeDevices: [{ name: 'data', devicePath: '/dev/data' }], ...root });
    const volumes = [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }];
    await apply(claim(ns, 'data', { volumeMode: 'Block' }), pod(ns, 'keeper', [main], { volumes }));
    await ready(ns, 'keeper');
    expect((await exec(ns, 'keeper', 'blockdev', '--getsize64', '/dev/data')).trim()).toBe(String(64 * 2 ** 20));
    await exec(ns, 'keeper', 'sh', '-c', 'echo block | dd of=/dev/data conv=fsync 2>&1');
    expect(await exec(ns, 'keeper', 'head', '-c', '6', '/dev/data')).toBe('block\n');
    await removeAll(ns);
    await expectNothingLeft();
    const loops = (await runCommand(['losetup', '--list', '--noheadings', '--output', 'BACK-FILE'])).stdout;
    expect(loops).not.toContain(dataFolder);
  }));

test('a volume comes and goes with its pod, and knows which it is', () =>
  withNamespace(async (ns) => {
    const main = shell('main', waitForEver, { volumeMounts: [{ name: 'data', mountPath: '/data' }] });
    await apply(pod(ns, 'keeper', [main], { volumes: [{ name: 'data', csi: { driver, volumeAttributes: { colour: 'blue' } } }] }));
    await ready(ns, 'keeper');
    expect(await exec(ns, 'keeper', 'cat', '/data/colour')).toBe('blue');
    expect(await kept()).toHaveLength(1);
    await removeAll(ns);
    await expectNothingLeft();
  }));
