// Volumes filled from a folder that stands for an image's files: what is copied, when, and that nothing but the volume is written.
import { execFileSync, spawn } from 'node:child_process';
import { link, lstat, mkdir, mkdtemp, readdir, readFile, readlink, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Container, PersistentVolume, PersistentVolumeClaim, Pod, Volume } from '@berth/api';
import type { ImageFiles } from '@berth/runtime';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { HostVolumes } from '../host-volumes.ts';
import type { VolumeSources } from '../volume-manager.ts';
import { imagePath } from './image-path.ts';

let folder: string;
let image: string;
let volumes: HostVolumes;
let reads: number;
let claimed: Partial<PersistentVolumeClaim['metadata']>;

const images: ImageFiles = {
  read: (_image, _place, use) => {
    reads += 1;
    return use(image);
  },
  release: async () => undefined,
  mount: async () => undefined,
  placesBelow: async () => [],
};

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'berth-filling-'));
  image = join(folder, 'image');
  reads = 0;
  claimed = { annotations: { 'berth.io/populate': 'image' } };
  volumes = new HostVolumes(join(folder, 'data'), images);
  await mkdir(join(image, 'var/lib/app/deep'), { recursive: true });
  await writeFile(join(image, 'var/lib/app/deep/file'), 'from the image');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const local = () =>
  ({ metadata: { name: 'pv', uid: 'pv-1' }, spec: { local: { path: join(folder, 'data/volumes/pv') } } }) as PersistentVolume;
const sources = () =>
  ({
    claim: (name: string) => ({ metadata: { name, namespace: 'ns', ...claimed }, spec: { volumeName: 'pv' } }) as PersistentVolumeClaim,
    persistentVolume: local,
  }) as Partial<VolumeSources> as VolumeSources;

const onClaim: Volume = { name: 'data', persistentVolumeClaim: { claimName: 'data' } };
const app: Container = { name: 'app', image: 'app', volumeMounts: [{ name: 'data', mountPath: '/var/lib/app' }] };

function podWith(volume: Volume, more: Partial<Pod['spec']> = {}, annotations: Record<string, string> = {}): Pod {
  return {
    metadata: { name: 'p', namespace: 'ns', uid: 'uid-1', annotations },
    spec: { containers: [app], volumes: [volume], ...more },
  } as Pod;
}

/** Where the volume is, and the names of the volumes that were filled. */
async function start(pod: Pod, container = app): Promise<{ path: string; filled: string[] }> {
  const paths = await volumes.prepare(pod, sources());
  const filled = await volumes.fill(pod, container, 'sha256:1', paths, sources());
  return { path: paths.get('data') ?? '', filled: filled.map(({ name }) => name) };
}

test('a claim starts out with what the image holds there, as it is', async () => {
  const there = join(image, 'var/lib/app');
  await symlink('/etc/shadow', join(there, 'link'));
  await link(join(there, 'deep/file'), join(there, 'same'));
  execFileSync(
    'sh',
    [
      '-c',
      'mkfifo pipe; chown 12:34 deep/file deep; chmod 2751 deep; chmod 4640 deep/file; chown 7:8 .; chmod 1770 .; touch .hidden; touch -d @1000 deep',
    ],
    { cwd: there },
  );
  const { path, filled } = await start(podWith(onClaim));
  expect(filled).toEqual(['data']);
  expect((await readdir(path)).sort()).toEqual(['.hidden', 'deep', 'link', 'pipe', 'same']);
  expect(await readFile(join(path, 'deep/file'), 'utf8')).toBe('from the image');
  expect(await readlink(join(path, 'link'))).toBe('/etc/shadow');
  expect((await lstat(join(path, 'pipe'))).isFIFO()).toBe(true);
  const [root, deep, file, same] = await Promise.all(['.', 'deep', 'deep/file', 'same'].map((name) => stat(join(path, name))));
  expect(root).toMatchObject({ uid: 7, gid: 8 });
  expect((root?.mode ?? 0) & 0o7777).toBe(0o1770);
  expect(deep).toMatchObject({ uid: 12, gid: 34, mtimeMs: 1_000_000 });
  expect((deep?.mode ?? 0) & 0o7777).toBe(0o2751);
  expect((file?.mode ?? 0) & 0o7777).toBe(0o4640);
  expect(same?.ino).toBe(file?.ino);
});

test('once: what was deleted or changed since stays so, also for another container and after a restart of the agent', async () => {
  const { path } = await start(podWith(onClaim));
  await rm(join(path, 'deep'), { recursive: true });
  volumes = new HostVolumes(join(folder, 'data'), images);
  expect((await start(podWith(onClaim))).filled).toEqual([]);
  expect(await readdir(path)).toEqual([]);
  expect(reads).toBe(1);
  await volumes.removeLocal(local());
  expect((await start(podWith(onClaim))).filled).toEqual(['data']);
});

test('what a volume holds already stays as it is, and is never added to', async () => {
  const { path } = await start(podWith(onClaim), { ...app, volumeMounts: [] });
  await writeFile(join(path, 'mine'), '');
  expect((await start(podWith(onClaim))).filled).toEqual([]);
  await rm(join(path, 'mine'));
  expect((await start(podWith(onClaim))).filled).toEqual([]);
});

test('a container whose image holds nothing there leaves the volume to the next one', async () => {
  const elsewhere: Container = { ...app, volumeMounts: [{ name: 'data', mountPath: '/backup' }] };
  expect((await start(podWith(onClaim), elsewhere)).filled).toEqual([]);
  expect((await start(podWith(onClaim))).filled).toEqual(['data']);
});

test.each<[string, Partial<Volume>, Partial<NonNullable<Container['volumeMounts']>[number]>, Record<string, string>]>([
  ['not annotated', {}, {}, {}],
  ['annotated with something else', {}, {}, { 'berth.io/populate': 'yes' }],
  ['read-only', { persistentVolumeClaim: { claimName: 'data', readOnly: true } }, {}, { 'berth.io/populate': 'image' }],
  ['mounted in part', {}, { subPath: 'part' }, { 'berth.io/populate': 'image' }],
])('a claim that is %s is not filled', async (_, volume, mount, annotations) => {
  claimed = { annotations };
  const container = { ...app, volumeMounts: [{ name: 'data', mountPath: '/var/lib/app', ...mount }] };
  expect((await start(podWith({ ...onClaim, ...volume }), container)).filled).toEqual([]);
  expect(reads).toBe(0);
});

test("a claim of the pod's own, made for an ephemeral volume, is filled too; another pod's is refused", async () => {
  const volume: Volume = { name: 'data', ephemeral: {} };
  await expect(start(podWith(volume))).rejects.toThrow('PVC ns/p-data was not created for pod ns/p (pod is not owner)');
  claimed = { ...claimed, ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'p', uid: 'uid-1', controller: true }] };
  expect((await start(podWith(volume))).filled).toEqual(['data']);
});

test.each<[string, Volume]>([
  ['on disk', { name: 'data', emptyDir: {} }],
  ['in memory', { name: 'data', emptyDir: { medium: 'Memory', sizeLimit: '1Mi' } }],
])("a pod's emptyDir %s is filled where the pod asks for it, and belongs to its group then", async (_, volume) => {
  expect((await start(podWith(volume))).filled).toEqual([]);
  const { path, filled } = await start(podWith(volume, { securityContext: { fsGroup: 4321 } }, { 'berth.io/populate': 'image' }));
  expect(filled).toEqual(['data']);
  expect(await stat(join(path, 'deep/file'))).toMatchObject({ gid: 4321 });
  await volumes.cleanUp('uid-1');
});

test('a volume that is too small is left empty, with the reason, and filled once there is room', async () => {
  const tiny: Volume = { name: 'data', emptyDir: { medium: 'Memory', sizeLimit: '64Ki' } };
  const pod = podWith(tiny, {}, { 'berth.io/populate': 'image' });
  await writeFile(join(image, 'var/lib/app/large'), Buffer.alloc(2 ** 20));
  await expect(start(pod)).rejects.toThrow(/volume "data" cannot be filled .* at \/var\/lib\/app: .*No space left on device/);
  await rm(join(image, 'var/lib/app/large'));
  const { path, filled } = await start(pod);
  expect(filled).toEqual(['data']);
  expect(await readdir(path)).toEqual(['deep']);
  await volumes.cleanUp('uid-1');
});

test('a copy that was cut off starts anew, and one that was being moved into place goes on', async () => {
  const { path } = await start(podWith(onClaim), { ...app, volumeMounts: [] });
  await mkdir(join(path, '.berth-filling/half'), { recursive: true });
  await start(podWith(onClaim));
  expect(await readdir(path)).toEqual(['deep']);
  await rm(join(folder, 'data/filled-volumes/pv-1/filled'));
  await mkdir(join(path, '.berth-filled'));
  await writeFile(join(path, '.berth-filled/rest'), '');
  await start(podWith(onClaim));
  expect((await readdir(path)).sort()).toEqual(['deep', 'rest']);
});

test('starts at the same time fill a volume once', async () => {
  const pods = ['a', 'b', 'c'].map((uid) => ({ ...podWith(onClaim), metadata: { name: uid, uid } }) as Pod);
  const filled = await Promise.all(pods.map((pod) => start(pod)));
  expect(filled.flatMap((one) => one.filled)).toEqual(['data']);
});

test('a container that swaps folders for links while they are copied leads the copy nowhere else on the host', async () => {
  const outside = join(folder, 'outside');
  await mkdir(outside);
  const { path } = await start(podWith(onClaim), { ...app, volumeMounts: [] });
  const swap = `while :; do for name in .berth-filling .berth-filled .berth-filling/deep; do
    mv -T $name taken && ln -s ${outside} $name; rm -rf taken $name; done; done`;
  const swapping = spawn('sh', ['-c', swap], { cwd: path, stdio: 'ignore' });
  try {
    for (let round = 0; round < 8; round++) {
      // Whether a copy succeeds is the volume's own affair.
      await Promise.allSettled([start(podWith(onClaim))]);
      await volumes.removeLocal(local()).catch(() => undefined);
    }
  } finally {
    swapping.kill('SIGKILL');
  }
  expect(await readdir(outside)).toEqual([]);
});

test.each([
  ['/var/lib/app', 'var/lib/app'],
  ['/absolute', 'var/lib/app'],
  ['/var/relative/deep', 'var/lib/app/deep'],
  ['/../../var/lib', 'var/lib'],
  ['/climbing/etc', 'etc'],
  ['/nothing/there', undefined],
  ['/var/lib/app/deep/file/below', undefined],
])('in an image, %s is %s', async (path, expected) => {
  await symlink('/var/lib/app', join(image, 'absolute'));
  await symlink('lib/app', join(image, 'var/relative'));
  await symlink('../../../../..', join(image, 'climbing'));
  await mkdir(join(image, 'etc'));
  expect(await imagePath(image, path)).toBe(expected === undefined ? undefined : join(image, expected));
});

test('links in a circle are refused', async () => {
  await symlink('circle', join(image, 'circle'));
  await expect(imagePath(image, '/circle')).rejects.toThrow('leads through more than 40 links');
});
