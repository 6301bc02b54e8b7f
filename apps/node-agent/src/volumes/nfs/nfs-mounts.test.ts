import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PersistentVolume } from '@berth/api';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { NfsMounts, nfsArguments, nfsMountsIn } from './nfs-mounts.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'berth-nfs-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

function volume(spec: Partial<PersistentVolume['spec']>, annotations: Record<string, string> = {}): PersistentVolume {
  return { apiVersion: 'v1', kind: 'PersistentVolume', metadata: { name: 'pv', annotations }, spec };
}

const beta = 'volume.beta.kubernetes.io/mount-options';
test.each([
  ['without options', { server: 'files', path: '/data' }, false, undefined, ['files:/data', '/t']],
  ['read-only', { server: 'files', path: '/data', readOnly: true }, false, undefined, ['-o', 'ro', 'files:/data', '/t']],
  ['of a claim that the pod has read-only', { server: 'files', path: '/' }, true, volume({}), ['-o', 'ro', 'files:/', '/t']],
  ['at an address', { server: '10.0.0.1', path: '/a b' }, false, undefined, ['10.0.0.1:/a b', '/t']],
  ['at an address of IPv6', { server: 'fd00::1', path: '/data' }, false, undefined, ['[fd00::1]:/data', '/t']],
  [
    'with options, each once',
    { server: 'files', path: '/data', readOnly: true },
    true,
    volume({ mountOptions: ['nfsvers=4.2', 'hard', '', 'ro', 'hard', 'sec=krb5,nconnect=4'] }),
    ['-o', 'hard,nfsvers=4.2,ro,sec=krb5,nconnect=4', 'files:/data', '/t'],
  ],
  [
    'with options of the annotation, which counts first',
    { server: 'files', path: '/data' },
    false,
    volume({ mountOptions: ['soft'] }, { [beta]: 'vers=3,hard' }),
    ['-o', 'hard,vers=3', 'files:/data', '/t'],
  ],
])('a folder %s is asked for so', (_what, source, isReadOnly, of, expected) => {
  expect(nfsArguments(source, isReadOnly, '/t', of)).toEqual(['-t', 'nfs', ...expected]);
});

test.each([
  ['a kernel without NFS', 'nodev\tproc\n\text4\n', true, 'the kernel of this node has no NFS: neither built in nor as its module nfs'],
  ['a file system of another name', 'nodev\tnfsd\n', true, 'the kernel of this node has no NFS: neither built in nor as its module nfs'],
  [
    'a node without mount.nfs',
    'nodev\tproc\nnodev\tnfs4\n',
    false,
    'mount.nfs is not on this node: install nfs-common, or what has it elsewhere',
  ],
])('%s is said, and nothing is left', async (_what, fileSystems, hasHelper, message) => {
  const ran: string[] = [];
  const run = async (command: string) => {
    ran.push(command);
    throw new Error('not found');
  };
  const mounts = new NfsMounts({ run, fileSystems: async () => fileSystems, hasHelper: () => hasHelper });
  await expect(mounts.mount({ server: 'files', path: '/' }, false, join(folder, 'data'))).rejects.toThrow(message);
  expect(ran.includes('mount')).toBe(false);
  expect(await readdir(folder)).toEqual([]);
});

test('a module that nobody has needed yet is loaded, and what mount says of its failure is the reason', async () => {
  let fileSystems = 'nodev\tproc\n';
  const run = async (command: string) => {
    if (command === 'mount') throw new Error('mount: mount.nfs: access denied by server while mounting files:/');
    fileSystems += 'nodev\tnfs\n';
    return '';
  };
  const mounts = new NfsMounts({ run, fileSystems: async () => fileSystems, hasHelper: () => true });
  await expect(mounts.mount({ server: 'files', path: '/' }, false, join(folder, 'data'))).rejects.toThrow('access denied by server');
  expect(await readdir(folder)).toEqual([]);
});

test('what is of NFS is found in the order in which it was mounted', () => {
  const info = [
    '27 1 254:0 / / rw,relatime - ext4 /dev/vda rw',
    '30 27 0:50 / /pods/u/volumes/a\\040b rw,relatime shared:1 - nfs4 files:/ rw,vers=4.2',
    '31 27 0:51 / /pods/u/volumes/c rw,relatime - tmpfs tmpfs rw',
    '32 27 0:50 /x /pods/u/volume-subpaths/a rw,relatime - nfs files:/ rw',
    '33 27 0:50 / /pods/uu/volumes/a rw - nfs files:/ rw',
    '34 27 0:52 / /pods/u/volumes/d rw - nfsd nfsd rw',
  ].join('\n');
  expect(nfsMountsIn(info, '/pods/u')).toEqual(['/pods/u/volumes/a b', '/pods/u/volume-subpaths/a']);
});
