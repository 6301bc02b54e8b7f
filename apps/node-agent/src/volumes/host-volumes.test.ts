// Real folders below a temporary one; nothing is mounted here.
import { chmod, mkdir, mkdtemp, readdir, readFile, readlink, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ConfigMap, Pod, Secret, Volume } from '@berth/api';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { HostVolumes } from './host-volumes.ts';
import { noSources } from './testing.ts';
import type { VolumeSources } from './volume-manager.ts';

let folder: string;
let volumes: HostVolumes;
let refusal = '';
const maps = new Map<string, Record<string, string>>();
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'berth-volumes-'));
  volumes = new HostVolumes(join(folder, 'data'));
  maps.clear();
  refusal = '';
  maps.set('settings', { colour: 'blue', shape: 'round' });
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const secret: Secret = {
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'keys' },
  data: { token: Buffer.from('t0p').toString('base64') },
};
const sources: VolumeSources = {
  ...{ ...noSources, podIps: ['10.1.0.2'] },
  configMap: (name) => {
    const data = maps.get(name);
    return data && ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data } as ConfigMap);
  },
  secret: (name) => (name === 'keys' ? secret : undefined),
  accountToken: async (audience) => {
    if (refusal) throw new Error(refusal);
    return { token: `token for ${audience}`, expiresAtMs: 0 };
  },
};

function podWith(given: Volume[], fsGroup?: number): Pod {
  const spec = { containers: [], volumes: given, ...(fsGroup !== undefined && { securityContext: { fsGroup } }) };
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web', namespace: 'shop', uid: 'u1', labels: { app: 'web' } }, spec };
}

async function prepared(volume: Volume, fsGroup?: number): Promise<string> {
  return (await volumes.prepare(podWith([volume], fsGroup), sources)).get(volume.name) ?? '';
}
const modeOf = async (path: string) => ((await stat(path)).mode & 0o7777).toString(8);
const text = (...path: string[]) => readFile(join(...path), 'utf8');

describe('config maps, secrets and downward files', () => {
  test('a config map follows its object, all files at once', async () => {
    const volume: Volume = { name: 'v', configMap: { name: 'settings' } };
    const path = await prepared(volume);
    expect(await text(path, 'colour')).toBe('blue');
    expect(await modeOf(join(path, 'colour'))).toBe('644');
    const before = await stat(join(path, '..data', 'colour'));
    await prepared(volume);
    expect((await stat(join(path, '..data', 'colour'))).ino).toBe(before.ino);
    maps.set('settings', { colour: 'green' });
    await prepared(volume);
    expect(await text(path, 'colour')).toBe('green');
    await expect(text(path, 'shape')).rejects.toThrow('ENOENT');
  });

  test('what somebody else has put there is replaced, and never followed', async () => {
    const volume: Volume = { name: 'v', configMap: { name: 'settings' } };
    const path = await prepared(volume);
    const victim = join(folder, 'victim');
    await mkdir(join(victim, 'sub'), { recursive: true });
    await writeFile(join(victim, 'colour'), 'of the host');
    const tampering: (() => Promise<void>)[] = [
      () => symlink('../../../../../victim', join(path, '..data')),
      () => symlink(victim, join(path, '..data')),
      () => mkdir(join(path, '..data/full'), { recursive: true }).then(() => undefined),
    ];
    for (const [round, tamper] of tampering.entries()) {
      await rm(join(path, '..data'), { recursive: true });
      await tamper();
      await rm(join(path, 'colour'));
      await symlink(join(victim, 'colour'), join(path, 'colour'));
      await symlink(victim, join(path, '..data_tmp'));
      maps.set('settings', { colour: `round ${round}`, shape: 'round' });
      await prepared(volume);
      expect(await text(path, 'colour')).toBe(`round ${round}`);
      expect(await readlink(join(path, 'colour'))).toBe('..data/colour');
      expect([await readdir(victim), await text(victim, 'colour')]).toEqual([['colour', 'sub'], 'of the host']);
    }
    expect((await readdir(path)).filter((name) => name.startsWith('..'))).toHaveLength(2);
  });

  test('what a writer that was killed left behind goes with the next look', async () => {
    const path = await prepared({ name: 'v', configMap: { name: 'settings' } });
    await mkdir(join(path, '..2026_01_02_03_04_05.678/deep'), { recursive: true });
    await rm(join(path, 'shape'));
    await prepared({ name: 'v', configMap: { name: 'settings' } });
    expect((await readdir(path)).sort()).toEqual([await readlink(join(path, '..data')), '..data', 'colour', 'shape']);
  });

  test('chosen keys go where they are told to, with their mode', async () => {
    const items = [
      { key: 'token', path: 'deep/inside', mode: 0o440 },
      { key: 'token', path: 'plain' },
    ];
    const path = await prepared({ name: 'v', secret: { secretName: 'keys', items, defaultMode: 0o400 } });
    expect(await text(path, 'deep/inside')).toBe('t0p');
    expect([await modeOf(join(path, 'deep/inside')), await modeOf(join(path, 'plain'))]).toEqual(['440', '400']);
  });

  test('the group may read what only the owner could', async () => {
    const path = await prepared({ name: 'v', secret: { secretName: 'keys', defaultMode: 0o400 } }, 4242);
    expect(await modeOf(join(path, 'token'))).toBe('440');
    expect((await stat(join(path, 'token'))).gid).toBe(4242);
  });

  test('a projected volume joins several, downward files among them', async () => {
    const downwardAPI = { items: [{ path: 'me/labels', fieldRef: { fieldPath: 'metadata.labels' } }] };
    const projected = { sources: [{ configMap: { name: 'settings' } }, { secret: { name: 'keys' } }, { downwardAPI }] };
    const path = await prepared({ name: 'v', projected });
    expect([await text(path, 'shape'), await text(path, 'token'), await text(path, 'me/labels')]).toEqual(['round', 't0p', 'app="web"']);
  });

  test('a token is for the pod’s user or group where it names one, and stays when no new one can be had', async () => {
    const source = { serviceAccountToken: { path: 'token', audience: 'vault', expirationSeconds: 600 } };
    const volume = { name: 'v', projected: { defaultMode: 0o644, sources: [source] } };
    refusal = 'no session';
    await expect(prepared(volume)).rejects.toThrow('MountVolume.SetUp failed for volume "v" : no session');
    refusal = '';
    const path = await prepared(volume);
    expect([await text(path, 'token'), await modeOf(join(path, 'token'))]).toEqual(['token for vault', '644']);
    refusal = 'no session';
    expect(await text(await prepared(volume), 'token')).toBe('token for vault');
    refusal = '';
    const owned = await prepared({ ...volume, name: 'w' }, 4242);
    expect([await modeOf(join(owned, 'token')), (await stat(join(owned, 'token'))).gid]).toEqual(['640', 4242]);
  });

  test.each([
    [{ configMap: { name: 'none' } }, 'MountVolume.SetUp failed for volume "v" : configmap "none" not found'],
    [{ secret: { secretName: 'none' } }, 'MountVolume.SetUp failed for volume "v" : secret "none" not found'],
    [{ configMap: { name: 'settings', items: [{ key: 'z', path: 'z' }] } }, 'references non-existent config key: z'],
    [{ persistentVolumeClaim: { claimName: 'c' } }, 'persistentvolumeclaim "c" not found'],
  ])('what is missing is named: %j', async (source, message) => {
    await expect(prepared({ name: 'v', ...source })).rejects.toThrow(message);
  });

  test('one volume that is missing does not keep the others from being up to date', async () => {
    const pod = podWith([
      { name: 'none', configMap: { name: 'none' } },
      { name: 'v', configMap: { name: 'settings' } },
    ]);
    await expect(volumes.prepare(pod, sources)).rejects.toThrow('configmap "none" not found');
    expect(await text(volumes.podDirectory('u1'), 'volumes', 'v', 'colour')).toBe('blue');
  });

  test('what is optional may be missing', async () => {
    expect(await prepared({ name: 'v', configMap: { name: 'none', optional: true } })).toMatch(/volumes\/v$/);
    await prepared({ name: 'w', configMap: { name: 'settings', optional: true, items: [{ key: 'z', path: 'z' }] } });
  });
});

describe('emptyDir', () => {
  test('is open to all and keeps the mode that the pod gave it', async () => {
    const path = await prepared({ name: 'v', emptyDir: {} });
    expect(await modeOf(path)).toBe('777');
    await chmod(path, 0o700);
    await prepared({ name: 'v', emptyDir: {} });
    expect(await modeOf(path)).toBe('700');
  });

  test('belongs to the fsGroup, with what is in it', async () => {
    const path = await prepared({ name: 'v', emptyDir: {} });
    await mkdir(join(path, 'sub'));
    await writeFile(join(path, 'sub', 'file'), '', { mode: 0o600 });
    await symlink('/etc/passwd', join(path, 'link'));
    const ofHost = await stat('/etc/passwd');
    await prepared({ name: 'v', emptyDir: {} }, 4242);
    expect([await modeOf(path), await modeOf(join(path, 'sub')), await modeOf(join(path, 'sub/file'))]).toEqual(['2777', '2775', '660']);
    expect((await stat(join(path, 'sub/file'))).gid).toBe(4242);
    expect((await stat('/etc/passwd')).gid).toBe(ofHost.gid);
  });

  test('is gone with the pod', async () => {
    const path = await prepared({ name: 'v', emptyDir: {} });
    expect(await volumes.knownPods()).toEqual(['u1']);
    await volumes.cleanUp('u1');
    await expect(stat(path)).rejects.toThrow('ENOENT');
    expect(await volumes.knownPods()).toEqual([]);
  });
});

describe('hostPath', () => {
  const hostPath = (path: string, type?: string) => prepared({ name: 'v', hostPath: { path: join(folder, path), ...(type && { type }) } });

  test('makes what may be made', async () => {
    expect((await stat(await hostPath('a/b', 'DirectoryOrCreate'))).isDirectory()).toBe(true);
    expect((await stat(await hostPath('f', 'FileOrCreate'))).isFile()).toBe(true);
    expect(await hostPath('anything')).toBe(join(folder, 'anything'));
  });

  test('insists on the type', async () => {
    await writeFile(join(folder, 'file'), '');
    const server = createServer().listen(join(folder, 'socket'));
    await new Promise((resolve) => server.once('listening', resolve));
    try {
      expect(await hostPath('file', 'File')).toBe(join(folder, 'file'));
      expect(await hostPath('socket', 'Socket')).toBe(join(folder, 'socket'));
    } finally {
      server.close();
    }
    const failed = (what: string) => `hostPath type check failed: ${join(folder, 'file')} is not ${what}`;
    await expect(hostPath('file', 'Directory')).rejects.toThrow(failed('a directory'));
    await expect(hostPath('file', 'DirectoryOrCreate')).rejects.toThrow(failed('a directory'));
    await expect(hostPath('file', 'Socket')).rejects.toThrow(failed('a socket file'));
    await expect(hostPath('file', 'CharDevice')).rejects.toThrow(failed('a character device'));
    await expect(hostPath('file', 'BlockDevice')).rejects.toThrow(failed('a block device'));
    await expect(hostPath('missing', 'File')).rejects.toThrow('is not a file');
  });
});
