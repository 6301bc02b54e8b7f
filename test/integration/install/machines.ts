// Machines with a fresh Debian each, on one network: root file systems made by debootstrap, and systemd as process 1 in namespaces of their own.
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, rmdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { unmountBelow } from '@berth/runtime';
import { nodePackages } from '../../../tools/cluster/debian.ts';
import { eventually } from '../../../tools/cluster/eventually.ts';
import { runCommand } from '../../../tools/cluster/run-command.ts';

const lan = 'berth-install';
const subnet = '198.18.77';
const bootTimeoutMs = 60_000;
const makeTimeoutMs = 600_000;
const basePackages = ['systemd', 'systemd-sysv', 'dbus', 'iproute2', 'procps', 'ca-certificates', 'busybox-static'];
const cgroupTrees = '/sys/fs/cgroup';

export class Machines {
  readonly #folder: string;
  readonly #all: Machine[] = [];

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** @param base a Debian that debootstrap made, kept for the next time */
  static async create(names: string[], base: string): Promise<Machines> {
    if (!existsSync(join(base, 'usr', 'sbin', 'haproxy'))) {
      const include = [...basePackages, ...nodePackages].join(',');
      await runCommand(['debootstrap', '--variant=minbase', `--include=${include}`, 'bookworm', base], { timeoutMs: makeTimeoutMs });
    }
    const machines = new Machines(await mkdtemp(join(tmpdir(), 'berth-install-')));
    try {
      await runCommand(['ip', 'netns', 'add', lan]);
      await runCommand(['ip', '-n', lan, 'link', 'add', 'lan', 'type', 'bridge']);
      await runCommand(['ip', '-n', lan, 'link', 'set', 'lan', 'up']);
      for (const [index, name] of names.entries()) machines.#all.push(await machines.#boot(name, index + 1, base));
      return machines;
    } catch (error) {
      await machines.stop();
      throw error;
    }
  }

  get all(): readonly Machine[] {
    return this.#all;
  }

  async stop(): Promise<void> {
    for (const machine of this.#all) await machine.stop();
    await runCommand(['ip', 'netns', 'delete', lan]).catch(ignoreMissing);
    await unmountBelow(this.#folder);
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #boot(name: string, number: number, base: string): Promise<Machine> {
    const own = join(this.#folder, name);
    const [root, upper, work, lib] = ['root', 'upper', 'work', 'lib'].map((part) => join(own, part)) as [string, string, string, string];
    for (const folder of [root, upper, work]) await mkdir(folder, { recursive: true });
    await runCommand(['mount', '-t', 'overlay', 'overlay', '-o', `lowerdir=${base},upperdir=${upper},workdir=${work}`, root]);
    // An overlay cannot lie over an overlay, and containerd's lie here.
    await runCommand(['cp', '-a', join(base, 'var', 'lib'), lib]);
    await runCommand(['mount', '--bind', lib, join(root, 'var', 'lib')]);
    // debootstrap has given it this machine's.
    await writeFile(join(root, 'etc', 'hostname'), `${name}\n`);
    const address = `${subnet}.${number}`;
    const namespace = `${lan}-${name}`;
    await runCommand(['ip', 'netns', 'add', namespace]);
    await runCommand(['ip', '-n', lan, 'link', 'add', `p${number}`, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', namespace]);
    await runCommand(['ip', '-n', lan, 'link', 'set', `p${number}`, 'master', 'lan', 'up']);
    for (const words of ['link set lo up', `address add ${address}/24 dev eth0`, 'link set eth0 up', `route add default via ${address}`])
      await runCommand(['ip', '-n', namespace, ...words.split(' ')]);
    const process = spawn('sh', [join(import.meta.dirname, 'boot.sh'), name, root], { stdio: 'ignore' });
    const machine = new Machine({ name, address, root, namespace, process });
    await machine.booted();
    return machine;
  }
}

interface MachineParts {
  name: string;
  address: string;
  root: string;
  namespace: string;
  /** Has systemd as its only grandchild. */
  process: ChildProcess;
}

export class Machine {
  readonly name: string;
  readonly address: string;
  readonly root: string;
  readonly #parts: MachineParts;
  #init = 0;

  constructor(parts: MachineParts) {
    this.#parts = parts;
    this.name = parts.name;
    this.address = parts.address;
    this.root = parts.root;
  }

  async booted(): Promise<void> {
    this.#init = await eventually(`${this.name}: systemd`, bootTimeoutMs, async () => {
      const { stdout } = await runCommand(['pgrep', '--parent', String(this.#parts.process.pid)]);
      const pid = Number(stdout.trim());
      return (await readFile(`/proc/${pid}/comm`, 'utf8')).trim() === 'systemd' ? pid : undefined;
    });
    await eventually(
      `${this.name}: its units`,
      bootTimeoutMs,
      async () => (await this.run('systemctl is-system-running')) === 'running' || undefined,
    );
  }

  /** By a shell on it. @returns what it printed @throws CommandError */
  async run(script: string, timeoutMs = 120_000): Promise<string> {
    const command = ['nsenter', '--target', String(this.#init), '--all', '--', '/bin/sh', '-c', script];
    const env = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', HOME: '/root' };
    return (await runCommand(command, { timeoutMs, env })).stdout.trim();
  }

  /** A program of this machine's in its network. */
  network(command: string[]): string[] {
    return ['ip', 'netns', 'exec', this.#parts.namespace, ...command];
  }

  /** What a person would find who looks for traces: files, processes, mounts, interfaces, tables, cgroups. */
  async traces(): Promise<string[]> {
    const script = `
      find / -xdev \\( -path /proc -o -path /sys -o -path /tmp -o -path /var/log/journal -o -path /var/cache \\) -prune -o -print | sed 's/^/file /'
      find /var/lib /run -xdev -path /run/systemd -prune -o -print | sed 's/^/file /'
      ps -e -o comm= | grep -vE '^(ps|sh|find|sed|sort|grep|cut|awk|ip|nft|busybox)$' | sed 's/^/process /'
      cut -d' ' -f5 /proc/self/mountinfo | sed 's/^/mount /'
      ip -o link | cut -d: -f2 | sed 's/^/interface/'
      nft list tables | sed 's/^/nft /'
      find /sys/fs/cgroup -mindepth 2 -maxdepth 2 -type d ! -path '*/unified/*' ! -name '*.slice' ! -name '*.scope' ! -name '*.mount' ! -name '*.service' ! -name '*.socket' | sed 's/^/cgroup /'`;
    return [...new Set((await this.run(script)).split('\n'))].sort();
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.#parts.process.once('exit', resolve));
    if (this.#parts.process.exitCode === null && this.#parts.process.kill('SIGKILL')) await ended;
    await eventually(`the end of ${this.name}`, bootTimeoutMs, async () => !existsSync(`/proc/${this.#init}/root/etc`) || undefined);
    await runCommand(['ip', 'netns', 'delete', this.#parts.namespace]).catch(ignoreMissing);
    await eventually(`the end of the cgroups of ${this.name}`, bootTimeoutMs, () => this.#removeCgroups());
  }

  async #removeCgroups(): Promise<true> {
    for (const tree of await readdir(cgroupTrees)) {
      const own = join(cgroupTrees, tree, `${lan}-${this.name}`);
      if (existsSync(own)) await removeCgroup(own);
    }
    return true;
  }
}

async function removeCgroup(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) if (entry.isDirectory()) await removeCgroup(join(folder, entry.name));
  await rmdir(folder);
}

function ignoreMissing(error: Error): void {
  if (!error.message.includes('No such file')) throw error;
}
