// Keeps containers' logs within bounds: rotates those of running containers as soon as they are too long, and compresses what was
// rotated one file at a time. Looking costs one lstat a container and second; a log that grows quickly is looked at more often.
import { lstat } from 'node:fs/promises';
import { type ContainerInfo, compressRotated, defaultLogRotation, type Runtime, rotateLog } from '@berth/runtime';
import type { Clock, Logger } from '@berth/telemetry';

const periodMs = 1_000;
/** While a log fills a quarter of its size in a period, or more. */
const hurriedPeriodMs = 100;
const hurriedShare = 0.25;
/** A list of containers is used for so long, unless there is word of new ones. */
const listMs = 10_000;

export interface LogKeeperDeps {
  runtime: Pick<Runtime, 'listContainers' | 'reopenLog'>;
  clock: Clock;
  logger: Logger;
  /** Changes with the containers of this node. */
  version(): number;
  /** Absolute path of a container's log; undefined for one that is not of a known pod. */
  logPath(container: ContainerInfo): string | undefined;
  /** Of all logs: below it, links are not followed. */
  root: string;
  limits?: { maxBytes: number; maxFiles: number };
}

interface Watched {
  path: string;
  bytes: number;
}

export class LogKeeper {
  readonly #deps: LogKeeperDeps;
  readonly #limits: { maxBytes: number; maxFiles: number };
  /** By container's id. */
  #watched = new Map<string, Watched>();
  #version = -1;
  #listedMs = Number.NEGATIVE_INFINITY;
  readonly #toCompress = new Set<string>();
  #compressing: Promise<void> | undefined;

  constructor(deps: LogKeeperDeps) {
    this.#deps = deps;
    this.#limits = deps.limits ?? defaultLogRotation;
  }

  /** Until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    let waitMs = periodMs;
    for (;;) {
      await this.#deps.clock.sleep(waitMs, signal).catch(() => undefined);
      if (signal.aborted) return;
      waitMs = await this.look(signal).catch((error: unknown) => {
        this.#deps.logger.warn('logs cannot be rotated', { error });
        return periodMs;
      });
    }
  }

  /** One round over all containers that may write. Returns when to look again. */
  async look(signal?: AbortSignal): Promise<number> {
    const { clock, version } = this.#deps;
    if (version() !== this.#version || clock.now() - this.#listedMs >= listMs) await this.#list();
    let isHurried = false;
    const due: string[] = [];
    for (const [id, log] of this.#watched) {
      const bytes = await sizeOf(log.path);
      isHurried ||= bytes - log.bytes > this.#limits.maxBytes * hurriedShare;
      log.bytes = bytes;
      if (bytes > this.#limits.maxBytes) due.push(id);
    }
    if (due.length > 0) await this.#rotate(due, signal);
    return isHurried ? hurriedPeriodMs : periodMs;
  }

  /** Those that run, as the others write no more. */
  async #rotate(due: string[], signal: AbortSignal | undefined): Promise<void> {
    const { runtime, clock, logger, root } = this.#deps;
    const running = await this.#list();
    for (const id of due) {
      const log = this.#watched.get(id);
      if (signal?.aborted) return;
      if (!log || !running.has(id)) continue;
      try {
        await rotateLog(log.path, { ...this.#limits, root, clock, reopen: () => runtime.reopenLog(id) });
        log.bytes = 0;
        this.#compress(log.path);
      } catch (error) {
        logger.warn('a log cannot be rotated', { container: id, path: log.path, error });
      }
    }
  }

  /** Returns which containers run; those that do not yet may soon. */
  async #list(): Promise<Set<string>> {
    const { runtime, clock, logPath, version } = this.#deps;
    this.#version = version();
    this.#listedMs = clock.now();
    const watched = new Map<string, Watched>();
    const running = new Set<string>();
    for (const container of await runtime.listContainers()) {
      if (container.state === 'running') running.add(container.id);
      const path = container.state === 'exited' ? undefined : logPath(container);
      if (path !== undefined) watched.set(container.id, { path, bytes: this.#watched.get(container.id)?.bytes ?? 0 });
    }
    this.#watched = watched;
    return running;
  }

  #compress(path: string): void {
    this.#toCompress.add(path);
    this.#compressing ??= this.#compressAll().finally(() => {
      this.#compressing = undefined;
    });
  }

  async #compressAll(): Promise<void> {
    for (const path of this.#toCompress) {
      this.#toCompress.delete(path);
      await compressRotated(path, this.#deps.root).catch((error: unknown) =>
        this.#deps.logger.warn('a rotated log cannot be compressed', { path, error }),
      );
    }
  }
}

/** 0 when there is no such file (yet). */
async function sizeOf(path: string): Promise<number> {
  try {
    return (await lstat(path)).size;
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return 0;
    throw error;
  }
}
