// Parts of volumes, and local volumes: real folders and mounts below a temporary folder.
import { mkdir, mkdtemp, readdir, readFile, readlink, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ConfigMap, PersistentVolume, PersistentVolumeClaim, Pod, Volume } from '@berth/api';
import { descriptorPath, mountsBelow } from '@berth/runtime';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { HostVolumes } from './host-volumes.ts';
import { bindSubPath, openSubPath } from './sub-path.ts';
import { noSources } from './testing.ts';
import type { VolumeSources } from './volume-manager.ts';

let folder: string;
let volumes: HostVolumes;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'berth-volumes-'));
  volumes = new HostVolumes(join(folder, 'data'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const sources: VolumeSources = {
  ...{ ...noSources, podIps: ['10.1.0.2'] },
  configMap: (name) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { colour: 'blue' } }) as ConfigMap,
  accountToken: async (audience) => ({ token: `token for ${audience}`, expiresAtMs: 0 }),
};

function podWith(given: Volume[]): Pod {
  const spec = { containers: [], volumes: given };
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web', namespace: 'shop', uid: 'u1' }, spec };
}

async function prepared(volume: Volume): Promise<string> {
  return (await volumes.prepare(podWith([volume]), sources)).get(volume.name) ?? '';
}
const modeOf = async (path: string) => ((await stat(path)).mode & 0o7777).toString(8);
const text = (...path: string[]) => readFile(join(...path), 'utf8');

describe('subPath', () => {
  /** The path of what is held, as the kernel knows it. */
  async function resolved(path: string, subPath: string): Promise<string> {
    await using held = await openSubPath(path, subPath);
    return await readlink(descriptorPath(held));
  }

  test('makes folders as open as the volume', async () => {
    const path = await prepared({ name: 'v', emptyDir: {} });
    expect(await resolved(path, 'a//./b/')).toBe(join(path, 'a/b'));
    expect([await modeOf(join(path, 'a')), await modeOf(join(path, 'a/b'))]).toEqual(['777', '777']);
    expect(await resolved(path, './')).toBe(path);
  });

  test('follows links within the volume and refuses those that leave it', async () => {
    const path = await prepared({ name: 'v', emptyDir: {} });
    await mkdir(join(path, 'real/deep'), { recursive: true });
    await writeFile(join(path, 'file'), '');
    const links = {
      ...{ inner: 'real', back: 'real/deep/../../real', named: 'real/../file', absolute: join(path, 'real/deep') },
      ...{ outer: folder, upwards: '../../..', 'real/deep/over': '../../..', loop: 'loop', fully: '/proc/self/root/etc' },
    };
    for (const [name, target] of Object.entries(links)) await symlink(target, join(path, name));
    expect(await resolved(path, 'inner/x')).toBe(join(path, 'real/x'));
    expect(await resolved(path, 'back/y')).toBe(join(path, 'real/y'));
    expect(await resolved(path, 'named')).toBe(join(path, 'file'));
    expect(await resolved(path, 'absolute/z')).toBe(join(path, 'real/deep/z'));
    for (const bad of ['outer', 'outer/made', 'upwards/x', 'real/deep/over/x', 'fully'])
      await expect(resolved(path, bad)).rejects.toThrow('leads out of its volume');
    await expect(resolved(path, 'loop/x')).rejects.toThrow('more than 40 links');
    await expect(resolved(path, 'file/x')).rejects.toThrow('/file is not a folder');
    await expect(stat(join(folder, 'made'))).rejects.toThrow('ENOENT');
    for (const bad of ['../x', '/etc', 'a/../../x']) await expect(resolved(path, bad)).rejects.toThrow('must stay inside');
  });

  test('of a config map is the file itself', async () => {
    const path = await prepared({ name: 'v', configMap: { name: 'settings' } });
    expect(await text(await resolved(path, 'colour'))).toBe('blue');
  });

  test('stays what it was when it was mounted, is mounted anew by the next start, and goes with the pod', async () => {
    const path = await prepared({ name: 'v', emptyDir: {} });
    const target = join(volumes.podDirectory('u1'), 'volume-subpaths/v/main/0');
    await mkdir(join(path, 'd'));
    await writeFile(join(path, 'd/mine'), 'first');
    try {
      await bindSubPath(path, 'd', target);
      await rename(join(path, 'd'), join(path, 'former'));
      await symlink('/etc', join(path, 'd'));
      expect(await readdir(target)).toEqual(['mine']);
      await rm(join(path, 'd'));
      await writeFile(join(path, 'd'), 'a file');
      await bindSubPath(path, 'd', target);
      expect(await text(target)).toBe('a file');
      expect(await mountsBelow(volumes.podDirectory('u1'))).toEqual([target]);
    } finally {
      await volumes.cleanUp('u1');
    }
    expect(await mountsBelow(folder)).toEqual([]);
    expect(await volumes.knownPods()).toEqual([]);
  });
});

describe('local volumes', () => {
  const claiming = (path: string): VolumeSources => ({
    ...sources,
    claim: () => ({ spec: { volumeName: 'pv' } }) as PersistentVolumeClaim,
    persistentVolume: () => local(path),
  });
  const local = (path: string) => ({ metadata: { name: 'pv' }, spec: { local: { path } } }) as PersistentVolume;
  const provided = async (path: string) =>
    (await volumes.prepare(podWith([{ name: 'v', persistentVolumeClaim: { claimName: 'c' } }]), claiming(path))).get('v') ?? '';

  test('are made open to all, kept with the pod gone, and deleted when released', async () => {
    const path = join(folder, 'data/volumes/pv');
    expect(await provided(path)).toBe(path);
    expect(await modeOf(path)).toBe('777');
    await writeFile(join(path, 'kept'), 'x');
    await volumes.cleanUp('u1');
    expect(await text(path, 'kept')).toBe('x');
    await volumes.removeLocal(local(path));
    await expect(stat(path)).rejects.toThrow('ENOENT');
    await volumes.removeLocal(local(path));
  });

  test('inside of another one, are neither made, mounted nor deleted along a path that its containers swap', async () => {
    const outer = join(folder, 'data/volumes/pv');
    const victim = join(folder, 'victim');
    await mkdir(victim);
    await writeFile(join(victim, 'secret'), 'x');
    await provided(outer);
    try {
      const given = await provided(join(outer, 'sub/inner'));
      expect(given).toBe(join(volumes.podDirectory('u1'), 'volumes/v'));
      await writeFile(join(given, 'file'), 'in it');
      expect(await text(outer, 'sub/inner/file')).toBe('in it');
    } finally {
      await volumes.cleanUp('u1');
    }
    await rename(join(outer, 'sub'), join(outer, 'former'));
    await symlink(folder, join(outer, 'sub'));
    await expect(provided(join(outer, 'sub/victim'))).rejects.toThrow('ENOTDIR');
    await expect(volumes.removeLocal(local(join(outer, 'sub/victim')))).rejects.toThrow('ENOTDIR');
    expect(await text(victim, 'secret')).toBe('x');
  });

  test('elsewhere on the host are never deleted', async () => {
    const path = join(folder, 'disk');
    await mkdir(path);
    expect(await provided(path)).toBe(path);
    await volumes.removeLocal(local(path));
    expect((await stat(path)).isDirectory()).toBe(true);
  });
});
