// A control plane in a process of its own, with its event loop and its memory watched.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { Measured } from './stall-monitor.ts';

const root = join(import.meta.dirname, '..', '..', '..');

export interface TlsIdentity {
  ca: Buffer;
  cert: Buffer;
  key: Buffer;
}

export class ServerProcess {
  readonly port: number;
  /** The administrator's. */
  readonly tls: TlsIdentity;
  readonly #child: ChildProcess;
  readonly #directory: string;

  private constructor(child: ChildProcess, directory: string, port: number, tls: TlsIdentity) {
    this.#child = child;
    this.#directory = directory;
    this.port = port;
    this.tls = tls;
  }

  /** @param program `src/main.ts`, or what `npm run build` made of it */
  static async start(program: 'src/main.ts' | 'dist/main.js' = 'src/main.ts'): Promise<ServerProcess> {
    const directory = await mkdtemp(join(tmpdir(), 'berth-malformed-'));
    const main = join(root, 'apps/control-plane', program);
    const options = [
      '--data-dir',
      directory,
      '--store',
      'memory',
      '--roles',
      'api',
      '--disable-admission-plugins',
      'ServiceAccount',
      '--api-address',
      '127.0.0.1:0',
      '--log-level',
      'error',
    ];
    const child = fork(main, options, {
      execArgv: ['--disable-warning=ExperimentalWarning', '--import', join(import.meta.dirname, 'stall-monitor.ts')],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    const kubeconfig = join(directory, 'admin.kubeconfig');
    const config = await appeared(child, kubeconfig);
    const data = (text: string) => Buffer.from(text, 'base64');
    const tls = {
      ca: data(config.clusters[0].cluster['certificate-authority-data']),
      cert: data(config.users[0].user['client-certificate-data']),
      key: data(config.users[0].user['client-key-data']),
    };
    return new ServerProcess(child, directory, Number(new URL(config.clusters[0].cluster.server).port), tls);
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Since the start, or since the last reset. */
  async measured(question: 'read' | 'reset' = 'read'): Promise<Measured> {
    const answer = once(this.#child, 'message');
    this.#child.send(question);
    return (await answer)[0] as Measured;
  }

  async stop(): Promise<void> {
    if (this.isRunning) {
      const ended = once(this.#child, 'exit');
      this.#child.kill('SIGTERM');
      await ended;
    }
    await rm(this.#directory, { recursive: true, force: true });
  }
}

/** The kubeconfig is written, as a whole, once the server listens: in a second, or in one and a half minutes on a machine that is very busy. */
async function appeared(child: ChildProcess, file: string) {
  for (const start = Date.now(); Date.now() - start < 110_000 && child.exitCode === null; ) {
    try {
      return parse(await readFile(file, 'utf8'));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('the control plane did not start');
}
