// Mounts of volumes' files, one for each pod that uses one. What is mounted is known to the kernel alone, so nothing has to be remembered
// or put right after a crash: mount attaches the file to a loop device, or finds the one that it has, and the device goes with the last
// mount (autoclear).
import { mkdir, readFile, stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DiskContent } from '@berth/api';
import { unescapedPath } from '@berth/runtime';
import { isMountPoint } from '../volume-usage.ts';
import { exists } from './disk-files.ts';
import type { RunCommand } from './run-command.ts';
import { endsEarly } from './super-block.ts';

/** For how long a device may outlive its mounts: 40 times 50 ms. */
const looksMax = 40;
const lookPauseMs = 50;

interface LoopDevice {
  name: string;
  isDirect: boolean;
}

export class DiskMounts {
  readonly #run: RunCommand;

  constructor(run: RunCommand) {
    this.#run = run;
  }

  /** Safe to repeat. @throws Error when the file is not there, or damaged beyond what may be repaired unasked */
  async mount(file: string, fileSystem: DiskContent, options: readonly string[], target: string): Promise<void> {
    if (await isMountPoint(target)) return;
    if (fileSystem === 'raw') throw new Error('a block volume has no file system to mount');
    if (!(await exists(file))) throw new Error(`the file that holds the volume is not there: ${file}`);
    if (fileSystem === 'ext4' && (await this.#isFree(file))) await this.#prepare(file);
    await mkdir(target, { recursive: true });
    await this.#run('mount', [
      '--no-canonicalize',
      '--internal-only',
      '-t',
      fileSystem,
      '-o',
      // A copy of a volume is called as the volume, which xfs minds.
      ['loop', ...(fileSystem === 'xfs' ? ['nouuid'] : []), ...options].join(','),
      file,
      target,
    ]);
    await this.#bypassCache(file);
    if (fileSystem === 'xfs' && (await endsEarly(file, fileSystem))) await this.grow(file, fileSystem);
  }

  /** Gives the file a device, or finds the one that it has. @throws Error when the file is not there */
  async attach(file: string): Promise<string> {
    if (!(await exists(file))) throw new Error(`the file that holds the volume is not there: ${file}`);
    const [known] = await this.devices(file);
    if (known) return known.name;
    const name = (await this.#run('losetup', ['--find', '--show', file])).trim();
    await this.#bypassCache(file);
    return name;
  }

  /** Safe to repeat. While a process holds the device, it goes with that. */
  async detach(file: string): Promise<void> {
    for (const { name } of await this.devices(file)) await this.#detach(name);
  }

  /** Gives the file system all of its file, where it is mounted. */
  async grow(file: string, fileSystem: DiskContent): Promise<void> {
    for (const { name } of await this.devices(file)) {
      await this.#run('losetup', ['--set-capacity', name]);
      const [point] = await mountsOf(name);
      if (point === undefined) continue;
      if (fileSystem === 'xfs') await this.#run('xfs_growfs', [point]);
      else await this.#run('resize2fs', [name]).catch(unlessForbidden);
    }
  }

  /** Where it is mounted, the newest first. */
  async points(file: string): Promise<string[]> {
    const points: string[] = [];
    for (const { name } of await this.devices(file)) points.push(...(await mountsOf(name)));
    return points;
  }

  /** The loop devices that a file is attached to: one, or none. */
  async devices(file: string): Promise<LoopDevice[]> {
    if (!(await exists(file))) return [];
    const lines = await this.#run('losetup', ['--associated', file, '--noheadings', '--raw', '--output', 'NAME,DIO']);
    return lines
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .flatMap(([name, dio]) => (name ? [{ name, isDirect: dio === '1' }] : []));
  }

  /** Unmounts it below a folder wherever it is, and lets go of its device, also while somebody else holds that. */
  async release(file: string, below: string): Promise<void> {
    for (const { name } of await this.devices(file)) {
      for (const point of await mountsOf(name, below)) await this.#run('umount', ['--no-canonicalize', '--internal-only', point]);
      await this.#detach(name);
    }
  }

  /** Whether no device has the file. One goes a moment after its last mount, which may be in a namespace that is just being made. */
  async #isFree(file: string): Promise<boolean> {
    for (let look = 0; look < looksMax; look++) {
      const devices = await this.devices(file);
      if (devices.length === 0) return true;
      for (const { name } of devices) if ((await mountsOf(name)).length > 0) return false;
      await sleep(lookPauseMs);
    }
    return false;
  }

  /** Of a file system that is mounted nowhere: it is sound, and as large as its file. */
  async #prepare(file: string): Promise<void> {
    await this.#repair(file);
    if (!(await endsEarly(file, 'ext4'))) return;
    await this.#repair(file, '-f');
    await this.#run('resize2fs', [file]);
    // Which a whole check makes. It is kept where it holds anything.
    await this.#run('debugfs', ['-w', file], 'rmdir lost+found\n');
  }

  /** Replays the journal, and mends what needs no decision: exit codes up to 1, or 2, say that all is well then. */
  async #repair(file: string, ...options: string[]): Promise<void> {
    try {
      await this.#run('e2fsck', ['-p', ...options, file]);
    } catch (error) {
      const { code } = error as { code?: unknown };
      if (typeof code !== 'number' || code > 2) throw new Error(`the volume's file system needs repair: ${(error as Error).message}`);
    }
  }

  /** What a volume holds is in the cache once, not twice. Disks whose blocks are larger than a loop device's do without. */
  async #bypassCache(file: string): Promise<void> {
    for (const { name, isDirect } of await this.devices(file)) {
      if (!isDirect) await this.#run('losetup', ['--direct-io=on', name]).catch(() => undefined);
    }
  }

  async #detach(name: string): Promise<void> {
    try {
      await this.#run('losetup', ['--detach', name]);
    } catch (error) {
      // The last mount took it along.
      if (/No such device/i.test((error as Error).message)) return;
      throw error;
    }
  }
}

/** Without the capability CAP_SYS_RESOURCE a file system grows with its next mount. */
function unlessForbidden(error: Error): void {
  if (!/Permission denied/.test(error.message)) throw error;
}

/** The newest first. Where a block device is mounted is said by its number, whatever it was called then. */
async function mountsOf(device: string, below = ''): Promise<string[]> {
  const { rdev } = await stat(device);
  const number = `${Number((BigInt(rdev) >> 8n) & 0xfffn)}:${Number((BigInt(rdev) & 0xffn) | ((BigInt(rdev) >> 12n) & 0xfff00n))}`;
  const lines = (await readFile('/proc/self/mountinfo', 'utf8')).split('\n').map((line) => line.split(' '));
  const points = lines.filter(([, , id]) => id === number).map(([, , , , point = '']) => unescapedPath(point));
  return points.filter((point) => point.startsWith(`${below}/`)).reverse();
}
