// Keeps containers' logs within bounds: rotates those of running containers as they grow, and removes those of instances that
// are gone. One file at a time, so that a node with many pods is not kept busy by its logs.
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type ContainerInfo, defaultLogRotation, type Runtime, rotateLog } from '@berth/runtime';
import type { Clock, Logger } from '@berth/telemetry';

const periodMs = 10_000;

export interface LogKeeperDeps {
  runtime: Pick<Runtime, 'listContainers' | 'reopenLog'>;
  clock: Clock;
  logger: Logger;
  /** Absolute path of a container's log; undefined for one that is not of a known pod. */
  logPath(container: ContainerInfo): string | undefined;
  limits?: { maxBytes: number; maxFiles: number };
}

export class LogKeeper {
  readonly #deps: LogKeeperDeps;

  constructor(deps: LogKeeperDeps) {
    this.#deps = deps;
  }

  /** Until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    for (;;) {
      await this.#deps.clock.sleep(periodMs, signal).catch(() => undefined);
      if (signal.aborted) return;
      await this.rotate(signal).catch((error: unknown) => this.#deps.logger.warn('logs cannot be rotated', { error }));
    }
  }

  /** One round over all running containers. */
  async rotate(signal?: AbortSignal): Promise<void> {
    const { runtime, clock, logger, logPath, limits = defaultLogRotation } = this.#deps;
    for (const container of await runtime.listContainers()) {
      if (signal?.aborted) return;
      const path = container.state === 'running' ? logPath(container) : undefined;
      if (path === undefined) continue;
      await rotateLog(path, { ...limits, clock, reopen: () => runtime.reopenLog(container.id) }).catch((error: NodeJS.ErrnoException) => {
        logger.warn('a log cannot be rotated', { container: container.id, path, error });
      });
    }
  }
}

/** Removes an instance's log with everything that was rotated from it. */
export async function removeLogs(directory: string, attempt: number): Promise<void> {
  const names = await readdir(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  const own = names.filter((name) => name === `${attempt}.log` || name.startsWith(`${attempt}.log.`));
  for (const name of own) await rm(join(directory, name), { force: true });
}
