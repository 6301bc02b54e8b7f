// One HAProxy under its master process, in a session of its own, so that it serves on while the agent is away. It is found again by its pid
// file, or by the configuration that it was started with.
import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, statSync, truncateSync } from 'node:fs';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Clock } from '@berth/telemetry';

export interface HaproxyProcessOptions {
  configFile: string;
  pidFile: string;
  logFile: string;
  clock: Clock;
}

const logBytesMax = 20 * 2 ** 20;
const logTailBytes = 2_000;
const endTimeoutMs = 10_000;
const pollMs = 20;

export class HaproxyProcess {
  readonly #options: HaproxyProcessOptions;
  /** Where the log of the last start or reload begins. */
  #logStart = 0;

  constructor(options: HaproxyProcessOptions) {
    this.#options = options;
  }

  /** The master's. */
  async pid(): Promise<number | undefined> {
    const noted = Number(await readIfThere(this.#options.pidFile));
    if (noted > 0 && (await this.#isOurs(noted))) return noted;
    const [pid] = await this.#masters();
    return pid;
  }

  /** Resolves once there is a process; whether it serves is another question. */
  async start(): Promise<void> {
    const { configFile, logFile, pidFile } = this.#options;
    this.#markLog();
    const log = openSync(logFile, 'a', 0o600);
    const child = spawn('haproxy', ['-W', '-f', configFile], { detached: true, stdio: ['ignore', log, log] });
    closeSync(log);
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', (error) =>
        reject(new Error(`cannot start haproxy: ${error.message}; install the Debian package haproxy`, { cause: error })),
      );
    });
    child.unref();
    await writeFile(pidFile, String(child.pid));
  }

  /** New workers take over the sockets; old ones go on with what they have begun. */
  reload(pid: number): void {
    this.#markLog();
    process.kill(pid, 'SIGUSR2');
  }

  /** Of the last start or reload: what it said. */
  async logTail(): Promise<string> {
    const text = (await readIfThere(this.#options.logFile)).slice(this.#logStart);
    return text.slice(-logTailBytes).trim();
  }

  /** Ends it with all its workers; does nothing where none runs. */
  async end(): Promise<void> {
    const { clock, pidFile } = this.#options;
    const deadlineMs = clock.monotonicMs() + endTimeoutMs;
    for (let all = await this.#all(); all.length > 0; all = await this.#all()) {
      const isLate = clock.monotonicMs() > deadlineMs;
      for (const pid of all) signal(pid, isLate ? 'SIGKILL' : 'SIGTERM');
      if (clock.monotonicMs() > deadlineMs + endTimeoutMs) throw new Error(`haproxy does not end: ${all.join(', ')}`);
      await clock.sleep(pollMs);
    }
    await rm(pidFile, { force: true });
  }

  #markLog(): void {
    const { logFile } = this.#options;
    if (existsSync(logFile) && statSync(logFile).size > logBytesMax) truncateSync(logFile);
    this.#logStart = existsSync(logFile) ? statSync(logFile).size : 0;
  }

  async #masters(): Promise<number[]> {
    const all = await this.#all();
    const parents = await Promise.all(all.map(parentOf));
    return all.filter((_, index) => !all.includes(parents[index] ?? 0));
  }

  async #all(): Promise<number[]> {
    const found: number[] = [];
    for (const name of await readdir('/proc')) if (/^\d+$/.test(name) && (await this.#isOurs(Number(name)))) found.push(Number(name));
    return found;
  }

  async #isOurs(pid: number): Promise<boolean> {
    const [program = '', ...args] = (await readIfThere(`/proc/${pid}/cmdline`)).split('\0');
    if (basename(program) !== 'haproxy' || args[args.indexOf('-f') + 1] !== this.#options.configFile) return false;
    // A zombie has a command line no more, but for the moment of its end.
    return /^State:\s+[^ZX]/m.test(await readIfThere(`/proc/${pid}/status`));
  }
}

async function parentOf(pid: number): Promise<number> {
  return Number(/^PPid:\s+(\d+)/m.exec(await readIfThere(`/proc/${pid}/status`))?.[1] ?? 0);
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Empty for what is not there, a process that has just ended among it. */
async function readIfThere(file: string): Promise<string> {
  return readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ESRCH') return '';
    throw error;
  });
}
