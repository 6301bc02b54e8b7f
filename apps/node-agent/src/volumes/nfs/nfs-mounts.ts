// Folders of NFS servers, mounted for each pod by mount.nfs with whatever options the API gives. What a node lacks for that is said in words, and a server
// that does not answer keeps no pod from going: after half a minute its mounts are given up.
import { existsSync } from 'node:fs';
import { mkdir, readFile, rmdir } from 'node:fs/promises';
import { isIPv6 } from 'node:net';
import { type PersistentVolume, type Volume, volumeMountOptions } from '@berth/api';
import { mountsBelow, unescapedPath, unmountBelow } from '@berth/runtime';
import type { RunCommand } from '../disks/run-command.ts';

type NfsFolder = NonNullable<Volume['nfs']>;
const unmountSecondsMax = 30;
const helpers = ['/sbin/mount.nfs', '/usr/sbin/mount.nfs'];

export interface NfsPorts {
  run: RunCommand;
  /** What the kernel has, as /proc/filesystems lists it. */
  fileSystems(): Promise<string>;
  hasHelper(): boolean;
}

export const nfsHere: Omit<NfsPorts, 'run'> = {
  fileSystems: () => readFile('/proc/filesystems', 'utf8'),
  hasHelper: () => helpers.some((path) => existsSync(path)),
};

export class NfsMounts {
  readonly #ports: NfsPorts;

  constructor(ports: NfsPorts) {
    this.#ports = ports;
  }

  /** Safe to repeat. @param volume the PersistentVolume that names the folder, if one does @throws Error; nothing is mounted then */
  async mount(source: NfsFolder, isReadOnly: boolean, target: string, volume?: PersistentVolume): Promise<void> {
    // The server may not let root look at what is mounted.
    if ((await mountsBelow(target)).includes(target)) return;
    await this.#check();
    await mkdir(target, { recursive: true, mode: 0o750 });
    try {
      await this.#ports.run('mount', ['--no-canonicalize', ...nfsArguments(source, isReadOnly, target, volume)]);
    } catch (error) {
      await unmountBelow(target);
      await rmdir(target);
      throw error;
    }
  }

  /** Unmounts what is of NFS at a folder and below it, whether the server answers or not. */
  async release(folder: string): Promise<void> {
    const { run } = this.#ports;
    for (const point of nfsMountsIn(await readFile('/proc/self/mountinfo', 'utf8'), folder).reverse()) {
      const flags = ['--no-canonicalize', '--internal-only'];
      await run('timeout', ['--signal=KILL', String(unmountSecondsMax), 'umount', ...flags, point]).catch(() =>
        // What was not written yet cannot be.
        run('umount', [...flags, '--force', '--lazy', point]),
      );
    }
  }

  async #check(): Promise<void> {
    const { run, fileSystems, hasHelper } = this.#ports;
    const hasNfs = async () => /\tnfs4?$/m.test(await fileSystems());
    // It may be a module that nobody has needed yet.
    if (!(await hasNfs())) await run('modprobe', ['nfs']).catch(() => undefined);
    if (!(await hasNfs())) throw new Error('the kernel of this node has no NFS: neither built in nor as its module nfs');
    if (!hasHelper()) throw new Error('mount.nfs is not on this node: install nfs-common, or what has it elsewhere');
  }
}

/** As Kubernetes orders them: each option once, by name. */
export function nfsArguments(
  { server, path, readOnly }: NfsFolder,
  isReadOnly: boolean,
  target: string,
  volume?: PersistentVolume,
): string[] {
  const options = [...new Set([...(volume ? volumeMountOptions(volume) : []), ...(isReadOnly || readOnly ? ['ro'] : [])])].sort();
  const flags = options.length > 0 ? ['-o', options.join(',')] : [];
  return ['-t', 'nfs', ...flags, `${isIPv6(server) ? `[${server}]` : server}:${path}`, target];
}

/** In the order in which they were mounted. */
export function nfsMountsIn(mountInfo: string, folder: string): string[] {
  return mountInfo.split('\n').flatMap((line) => {
    const [facts = '', type = ''] = line.split(' - ');
    const point = unescapedPath(facts.split(' ')[4] ?? '');
    return /^nfs4? /.test(type) && (point === folder || point.startsWith(`${folder}/`)) ? [point] : [];
  });
}
