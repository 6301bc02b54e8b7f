// Berth's own containerd: under the agent's data directory, in a session of its own, so that it and the containers outlive
// the agent. It is found again (`containerd-process.ts`); when it dies it is started again, and its shims carry on. One that was started
// from another program or with other settings than now is ended and started anew: so an upgrade, and an option, act.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, existsSync, openSync, statSync, truncateSync } from 'node:fs';
import { mkdir, readFile, readlink, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Clock, Logger } from '@berth/telemetry';
import { type ContainerdPaths, containerdConfig } from './containerd-config.ts';
import { containerdConfigFile, containerdPid, containerdPidFile } from './containerd-process.ts';
import {
  type ContainerdPrograms,
  containerdFile,
  containerdVersion,
  ctrOf,
  ociRuntimes,
  searchPath,
  usualPrograms,
} from './containerd-programs.ts';
import { ContainerdRecords } from './containerd-records.ts';
import { ContainerdSweep } from './containerd-sweep.ts';
import { CriRuntime } from './cri-runtime.ts';
import { type CtrTarget, ctr } from './ctr.ts';
import { keepRunning } from './keep-running.ts';
import { ociImage } from './oci-image.ts';
import { pauseBinary } from './pause-binary.ts';

const pauseImage = 'berth.local/pause:1';
const logBytesMax = 20 * 2 ** 20;
const readyTimeoutMs = 20_000;
/** Of everything that it ran, when it is to leave nothing behind. */
const removeTimeoutMs = 30_000;
const pollMs = 20;
/** What is older belongs to no call under way. */
const callMsMax = 150_000;
const sweepRetryMs = 20_000;
const sweepPeriodMs = 60 * 60_000;
/** Linux allows 107 bytes for a Unix socket's path, and containerd makes a second one with `.ttrpc` behind its name. */
const socketPathMax = 107 - '.ttrpc'.length;
const capSysResource = 1n << 24n;

export interface ContainerdOptions {
  directory: string;
  /** Where the CNI plugins note which address is whose. */
  leasesDirectory?: string;
  /** Absent: containerd and runc, or crun, as Debian has them. */
  programs?: ContainerdPrograms;
  clock: Clock;
  logger: Logger;
}

export class Containerd {
  readonly paths: ContainerdPaths;
  readonly #options: ContainerdOptions;
  readonly #programs: ContainerdPrograms;
  readonly #sweep: ContainerdSweep;
  #watching: AbortController | undefined;
  /** Looks for what containerd has forgotten. */
  #sweepSoon: (() => void) | undefined;

  constructor(options: ContainerdOptions) {
    this.#options = options;
    this.#programs = options.programs ?? usualPrograms;
    const { directory } = options;
    this.paths = {
      root: join(directory, 'root'),
      state: join(directory, 'state'),
      socket: socketPath(directory),
      cniConfigDirectory: join(directory, 'cni'),
      registryConfigDirectory: join(directory, 'registries'),
    };
    this.#sweep = new ContainerdSweep({
      ...options,
      paths: { ...this.paths, leases: options.leasesDirectory },
      known: new ContainerdRecords(this.ctrTarget, this.paths.state),
    });
  }

  get ctrTarget(): CtrTarget {
    return { socket: this.paths.socket, program: ctrOf(this.#programs) };
  }

  /** Resolves when containerd answers and has the pause image. Adopts one that runs already. */
  async start(): Promise<void> {
    await this.#endOther();
    const isNew = await this.#ensureRunning();
    await this.#ensurePauseImage();
    this.#watching = new AbortController();
    void keepRunning(
      { ...this.#options, isRunning: async () => (await this.pid()) !== undefined, start: () => this.#restart() },
      this.#watching.signal,
    );
    // Nobody has called one that was just started, and nobody does before this returns.
    void this.#sweepForever(this.#watching.signal, isNew ? await this.#find(0) : undefined);
  }

  /** Stops watching; containerd goes on. */
  detach(): void {
    this.#watching?.abort();
  }

  pid(): Promise<number | undefined> {
    return containerdPid(this.#options.directory);
  }

  /** Ends containerd; with `removePods`, everything that it ran first. */
  async stop({ removePods }: { removePods: boolean }): Promise<void> {
    this.detach();
    if (removePods) {
      await this.#removePods().catch(async (error: unknown) => {
        // It waits for ever for a container whose exit it missed; starting anew, it looks.
        this.#options.logger.warn('containerd could not remove its pods; starting it again', { error });
        await this.#end();
        // What it cannot remove then is killed below, and its records go with the next start.
        await this.#removePods().catch((cause: unknown) =>
          this.#options.logger.warn('containerd cannot remove its pods', { error: cause }),
        );
      });
    }
    await this.#end();
    if (removePods) await this.#sweep.removeAll();
    if (dirname(this.paths.socket) !== this.#options.directory) await rm(dirname(this.paths.socket), { recursive: true, force: true });
  }

  async #removePods(): Promise<void> {
    await this.#ensureRunning();
    const runtime = new CriRuntime(this.paths.socket);
    const removeAll = async () => {
      for (const container of await runtime.listContainers()) await runtime.stopContainer(container.id, 0);
      for (const sandbox of await runtime.listSandboxes()) await runtime.removeSandbox(sandbox.id);
    };
    const settled = new AbortController();
    const tooLong = this.#options.clock.sleep(removeTimeoutMs, settled.signal).then(() => {
      throw new Error(`pods could not be removed within ${removeTimeoutMs} ms`);
    });
    try {
      await Promise.race([removeAll(), tooLong]);
    } finally {
      tooLong.catch(() => undefined);
      settled.abort();
      runtime.close();
    }
  }

  async #end(): Promise<void> {
    const pid = await this.pid();
    if (pid === undefined) return;
    process.kill(pid, 'SIGTERM');
    await this.#until(async () => (await this.pid()) === undefined, 'containerd did not end');
    await rm(containerdPidFile(this.#options.directory), { force: true });
  }

  /** Returns whether it had to be started. */
  async #ensureRunning(): Promise<boolean> {
    const isNew = (await this.pid()) === undefined;
    if (isNew) await this.#spawn();
    const runtime = new CriRuntime(this.paths.socket);
    try {
      await this.#until(
        () =>
          runtime.version().then(
            () => true,
            () => false,
          ),
        `containerd does not answer on ${this.paths.socket}; see ${this.#logFile}`,
      );
    } finally {
      runtime.close();
    }
    return isNew;
  }

  async #restart(): Promise<void> {
    this.#sweepSoon?.();
    await this.#ensureRunning();
  }

  get #logFile(): string {
    return join(this.#options.directory, 'containerd.log');
  }

  /** What runs was made for another program or by other settings: containers go on meanwhile. */
  async #endOther(): Promise<void> {
    const pid = await this.pid();
    if (pid === undefined) return;
    const program = await readlink(`/proc/${pid}/exe`);
    const config = await readFile(containerdConfigFile(this.#options.directory), 'utf8');
    if (program === containerdFile(this.#programs) && config === (await this.#config())) return;
    this.#options.logger.info('containerd runs from another program or with other settings; starting it again', { program });
    await this.#end();
  }

  async #config(): Promise<string> {
    const status = await readFile('/proc/self/status', 'utf8');
    const effective = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)/m.exec(status)?.[1] ?? '0'}`);
    return containerdConfig({
      ...this.paths,
      pauseImage,
      version: await containerdVersion(this.#programs),
      runtimes: ociRuntimes(this.#programs),
      restrictOomScoreAdj: (effective & capSysResource) === 0n,
    });
  }

  async #spawn(): Promise<void> {
    const { directory } = this.#options;
    for (const path of [directory, dirname(this.paths.socket), this.paths.cniConfigDirectory, this.paths.registryConfigDirectory])
      await mkdir(path, { recursive: true });
    const configFile = containerdConfigFile(directory);
    await writeFile(configFile, await this.#config());
    if (existsSync(this.#logFile) && statSync(this.#logFile).size > logBytesMax) truncateSync(this.#logFile);
    const log = openSync(this.#logFile, 'a', 0o600);
    const env = { ...process.env, PATH: searchPath(this.#programs) };
    const args = ['--config', configFile, '--log-level', 'warn'];
    const child = spawn(this.#programs.containerd, args, { detached: true, stdio: ['ignore', log, log], env });
    closeSync(log);
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', (error) => reject(new Error(`cannot start containerd: ${error.message}`, { cause: error })));
    });
    child.unref();
    await writeFile(containerdPidFile(directory), String(child.pid));
  }

  /**
   * Again after each start of containerd, while something has to wait, and else ever more seldom: what containerd knows when it starts may be
   * forgotten once it is removed, such as a shim that it never noted.
   */
  async #sweepForever(signal: AbortSignal, first?: () => Promise<boolean>): Promise<void> {
    let remove = first;
    let quietMs = sweepRetryMs;
    while (!signal.aborted) {
      remove ??= await this.#find(callMsMax);
      const hasSuspects = await remove();
      remove = undefined;
      const due = new AbortController();
      this.#sweepSoon = () => due.abort();
      const wait = this.#options.clock.sleep(hasSuspects ? sweepRetryMs : quietMs, AbortSignal.any([signal, due.signal]));
      await wait.catch(() => undefined);
      quietMs = due.signal.aborted ? sweepRetryMs : Math.min(quietMs * 2, sweepPeriodMs);
    }
  }

  /** How to remove what is found, which says whether another look is to follow soon. */
  async #find(graceMs: number): Promise<() => Promise<boolean>> {
    try {
      return await this.#sweep.find(graceMs);
    } catch (error) {
      this.#options.logger.warn('what containerd has forgotten cannot be looked for yet', { error });
      return async () => true;
    }
  }

  async #ensurePauseImage(): Promise<void> {
    const runtime = new CriRuntime(this.paths.socket);
    try {
      if (await runtime.imageStatus(pauseImage)) return;
    } finally {
      runtime.close();
    }
    const architecture = process.arch === 'arm64' ? 'arm64' : 'amd64';
    const archive = ociImage({
      name: pauseImage,
      architecture,
      entrypoint: ['/pause'],
      files: [{ path: 'pause', mode: 0o755, data: pauseBinary(architecture) }],
    });
    const file = join(this.#options.directory, 'pause.tar');
    await writeFile(file, archive);
    await ctr(this.ctrTarget, ['images', 'import', file]);
    await rm(file);
  }

  async #until(holds: () => Promise<boolean>, failure: string): Promise<void> {
    const deadlineMs = this.#options.clock.monotonicMs() + readyTimeoutMs;
    while (!(await holds())) {
      if (this.#options.clock.monotonicMs() > deadlineMs) throw new Error(failure);
      await this.#options.clock.sleep(pollMs);
    }
  }
}

/** Beside its data; below /run, by a name of its own, where that path is too long for a socket. */
function socketPath(directory: string): string {
  const path = join(directory, 'containerd.sock');
  if (Buffer.byteLength(path) <= socketPathMax) return path;
  const name = createHash('sha256').update(directory).digest('hex').slice(0, 12);
  return join('/run/berth', name, 'containerd.sock');
}
