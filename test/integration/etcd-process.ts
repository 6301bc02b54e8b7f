// A real etcd for one test or benchmark: own data directory, free loopback ports, gone afterwards also when this process
// is killed itself.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { systemClock } from '@berth/telemetry';

const startTimeoutMs = 20_000;

export class EtcdProcess {
  readonly endpoint: string;
  readonly #program: string;
  readonly #directory: string;
  readonly #peer: string;
  #child: ChildProcess | undefined;
  readonly #onExit = () => {
    this.#child?.kill('SIGKILL');
    rmSync(this.#directory, { recursive: true, force: true });
  };

  /** @param program another etcd than Debian's */
  static async start(program = '/usr/bin/etcd'): Promise<EtcdProcess> {
    const directory = await mkdtemp(join(tmpdir(), 'berth-etcd-'));
    const [endpoint, peer] = await freeAddresses(2);
    const etcd = new EtcdProcess(program, directory, endpoint as string, peer as string);
    await etcd.launch().catch(async (error) => {
      await etcd.remove();
      throw error;
    });
    return etcd;
  }

  private constructor(program: string, directory: string, endpoint: string, peer: string) {
    this.#program = program;
    this.#directory = directory;
    this.endpoint = endpoint;
    this.#peer = peer;
    process.on('exit', this.#onExit);
  }

  /** Resolves when it serves clients. */
  async launch(): Promise<void> {
    const flags = {
      name: 'one',
      'data-dir': join(this.#directory, 'data'),
      'listen-client-urls': this.endpoint,
      'advertise-client-urls': this.endpoint,
      'listen-peer-urls': this.#peer,
      'initial-advertise-peer-urls': this.#peer,
      'initial-cluster': `one=${this.#peer}`,
      logger: 'zap',
      'log-outputs': 'stderr',
    };
    const child = spawn(
      this.#program,
      Object.entries(flags).flatMap(([flag, value]) => [`--${flag}`, value]),
      {
        stdio: ['ignore', 'ignore', 'pipe'],
      },
    );
    this.#child = child;
    const lines: string[] = [];
    await new Promise<void>((resolve, reject) => {
      child.once('error', reject);
      const failed = (what: string) => reject(new Error(`etcd ${what}: ${lines.slice(-5).join('\n')}`));
      child.once('exit', (code) => failed(`ended with ${code}`));
      systemClock.after(startTimeoutMs, () => failed('does not serve'));
      createInterface(child.stderr).on('line', (line) => {
        // The last lines alone are kept, for the message of a failure.
        lines.splice(0, lines.length - 20);
        lines.push(line);
        if (line.includes('serving client traffic')) resolve();
      });
    });
  }

  /** As if the power went: kill -9, and wait until it is gone. */
  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }

  async remove(): Promise<void> {
    process.off('exit', this.#onExit);
    await this.kill();
    await rm(this.#directory, { recursive: true, force: true });
  }
}

export async function freeAddress(): Promise<string> {
  const [address] = await freeAddresses(1);
  return address as string;
}

/** All are held until each is known: the kernel may give a port again as soon as it is let go. */
async function freeAddresses(count: number): Promise<string[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const addresses = servers.map((server) => server.address());
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return addresses.map((address) => {
    if (address === null || typeof address === 'string') throw new Error('no TCP port was given');
    return `http://127.0.0.1:${address.port}`;
  });
}
