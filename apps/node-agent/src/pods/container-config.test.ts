import { mkdir, mkdtemp, readFile, rm, stat, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Container, Pod } from '@berth/api';
import { mountsBelow, unmountBelow } from '@berth/runtime';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { containerConfig } from './container-config.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'berth-config-'));
  await mkdir(join(folder, 'volume'));
});
afterEach(async () => {
  await unmountBelow(folder);
  await rm(folder, { recursive: true, force: true });
});

function configOf(container: Partial<Container>, spec: Partial<Pod['spec']> = {}, recursiveReadOnlyMounts = false) {
  const whole: Container = { name: 'main', image: 'web:1', ...container };
  const pod: Pod = {
    ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web', namespace: 'shop', uid: 'u1' } },
    spec: { containers: [whole], ...spec },
  };
  return containerConfig({
    ...{ pod, container: whole, attempt: 2, imageRef: 'sha256:1', image: { id: 'i', repoTags: [], repoDigests: [], sizeBytes: 1 } },
    ...{
      volumes: new Map([['data', join(folder, 'volume')]]),
      podDirectory: join(folder, 'pod'),
      writesFiles: true,
      ...{ seccompDirectory: '/seccomp', recursiveReadOnlyMounts },
    },
    sources: {
      ...{ pod, podIps: ['10.1.0.2'], hostIp: '10.0.0.1', allocatable: { cpuCores: 1, memoryBytes: 2 ** 30, storageBytes: 2 ** 34 } },
      ...{ configMap: () => undefined, secret: () => undefined, services: [], clusterDomain: 'cluster.local' },
    },
  });
}

test('commands and arguments see the environment; unknown names stay', async () => {
  const env = [{ name: 'WHO', value: 'you' }];
  const config = await configOf({ env, command: ['say', '$(WHO)'], args: ['$(NOBODY)', '$$(WHO)'] });
  expect(config).toMatchObject({ command: ['say', 'you'], args: ['$(NOBODY)', '$(WHO)'], logPath: 'main/2.log' });
  expect(config.env).toEqual([...env, { name: 'HOSTNAME', value: 'web' }]);
});

test('devices: by the path of the volume, read-only where the claim is, and none without its volume', async () => {
  const volumeDevices = [{ name: 'data', devicePath: '/dev/data' }];
  const volumes = (readOnly: boolean) => ({ volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'c', readOnly } }] });
  const device = { hostPath: join(folder, 'volume'), containerPath: '/dev/data' };
  expect((await configOf({ volumeDevices }, volumes(false))).devices).toEqual([{ ...device, permissions: 'mrw' }]);
  expect((await configOf({ volumeDevices }, volumes(true))).devices).toEqual([{ ...device, permissions: 'r' }]);
  const absent = [{ name: 'other', devicePath: '/dev/other' }];
  await expect(configOf({ volumeDevices: absent })).rejects.toThrow('cannot find volume "other" to pass into container "main"');
});

test('mounts: read-only, propagation, parts by expression', async () => {
  const volumeMounts = [
    { name: 'data', mountPath: '/a', readOnly: true, mountPropagation: 'HostToContainer' },
    { name: 'data', mountPath: '/b', subPathExpr: 'of/$(WHO)', mountPropagation: 'Bidirectional' },
  ];
  const { mounts } = await configOf({ env: [{ name: 'WHO', value: 'you' }], volumeMounts });
  const volume = join(folder, 'volume');
  const part = join(folder, 'pod/volume-subpaths/data/main/1');
  expect(mounts.slice(0, 2)).toEqual([
    { containerPath: '/a', hostPath: volume, readonly: true, propagation: 'hostToContainer' },
    { containerPath: '/b', hostPath: part, readonly: false, propagation: 'bidirectional' },
  ]);
  expect(await mountsBelow(folder)).toEqual([part]);
  expect((await stat(part)).ino).toBe((await stat(join(volume, 'of/you'))).ino);
});

test('volumes that show objects of the API are read-only, whatever a mount says, and claims where the pod says so', async () => {
  const sources = [
    { configMap: { name: 'm' } },
    { secret: { secretName: 's' } },
    { downwardAPI: {} },
    { projected: { sources: [] } },
    { persistentVolumeClaim: { claimName: 'c', readOnly: true } },
    { persistentVolumeClaim: { claimName: 'c' } },
    { emptyDir: {} },
    { hostPath: { path: '/srv' } },
  ];
  const readonly = async (source: object, mount: object) => {
    const volumes = [{ name: 'data', ...source }];
    const { mounts } = await configOf({ volumeMounts: [{ name: 'data', mountPath: '/a', ...mount }] }, { volumes });
    return mounts[0]?.readonly;
  };
  for (const mount of [{}, { readOnly: false }, { readOnly: false, subPath: 'x' }]) {
    const found = [];
    for (const source of sources) found.push(await readonly(source, mount));
    expect(found).toEqual([true, true, true, true, true, false, false, false]);
  }
  expect(await readonly({ emptyDir: {} }, { readOnly: true })).toBe(true);
});

test('a mount that must be read-only all the way down is refused where the runtime cannot; one that may be is read-only', async () => {
  const mount = (recursiveReadOnly: string) => ({ name: 'data', mountPath: '/a', readOnly: true, recursiveReadOnly });
  await expect(configOf({ volumeMounts: [mount('Enabled')] })).rejects.toThrow(
    'volume "data" requested recursive read-only mode, but it is not supported by the runtime',
  );
  for (const mode of ['IfPossible', 'Disabled'])
    expect((await configOf({ volumeMounts: [mount(mode)] })).mounts[0]).toEqual(expect.not.objectContaining({ recursiveReadOnly: true }));
  const made = async (mode: string) => (await configOf({ volumeMounts: [mount(mode)] }, {}, true)).mounts[0];
  for (const mode of ['IfPossible', 'Enabled']) expect(await made(mode)).toMatchObject({ readonly: true, recursiveReadOnly: true });
  expect(await made('Disabled')).toEqual({ containerPath: '/a', hostPath: join(folder, 'volume'), readonly: true, propagation: 'private' });
});

test('a part that leads out of its volume, and a volume that is not there, are errors of the configuration', async () => {
  await symlink('/etc', join(folder, 'volume', 'link'));
  const mount = (name: string) => configOf({ volumeMounts: [{ name, mountPath: '/a', subPath: 'link' }] });
  await expect(mount('data')).rejects.toMatchObject({
    ...{ name: 'ConfigError', message: expect.stringContaining('failed to prepare subPath for volumeMount "data" of container "main"') },
  });
  await expect(mount('none')).rejects.toMatchObject({ name: 'ConfigError' });
});

test('every pod has a hosts file, and every container a place for its last words that anybody may write', async () => {
  const hostAliases = [{ ip: '192.0.2.7', hostnames: ['a', 'b'] }];
  const { mounts } = await configOf({ terminationMessagePath: '/out/last' }, { hostAliases, hostname: 'h', subdomain: 's' });
  const [hosts, message] = mounts;
  expect(mounts.map((m) => m.containerPath)).toEqual(['/etc/hosts', '/out/last']);
  const text = await readFile(hosts?.hostPath ?? '', 'utf8');
  expect(text).toContain('10.1.0.2\th.s.shop.svc.cluster.local\th\n');
  expect(text.endsWith('\n# Entries added by HostAliases.\n192.0.2.7\ta\tb\n')).toBe(true);
  expect(((await stat(message?.hostPath ?? '')).mode & 0o777).toString(8)).toBe('666');
});

test("on the host's network the host's own names are kept, and added to", async () => {
  const own = await configOf({}, { hostNetwork: true });
  expect(own.mounts.map((m) => m.containerPath)).toEqual(['/dev/termination-log']);
  expect(own.env).toEqual([]);
  const { mounts } = await configOf({}, { hostNetwork: true, hostAliases: [{ ip: '192.0.2.7', hostnames: ['a'] }] });
  const text = await readFile(mounts[0]?.hostPath ?? '', 'utf8');
  expect(text).toBe(
    `# Kubernetes-managed hosts file (host network).\n${await readFile('/etc/hosts', 'utf8')}\n# Entries added by HostAliases.\n192.0.2.7\ta\n`,
  );
});

test("what the pod mounts itself is the pod's affair", async () => {
  const { mounts } = await configOf({ volumeMounts: [{ name: 'data', mountPath: '/etc/hosts' }] });
  expect(mounts.filter((m) => m.containerPath === '/etc/hosts')).toHaveLength(1);
});
