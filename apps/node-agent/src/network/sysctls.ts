// Kernel settings that services need. What they were before is written down, so that a torn down node can give them back.
import { existsSync, readFileSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '@berth/telemetry';
import { replaceFile } from './replace-file.ts';

const root = '/proc/sys';
const keptMs = 30_000;

type Settings = Record<string, string>;

interface Change {
  before: string;
  after: string;
}

export class Sysctls {
  readonly #recordFile: string;

  /** @param recordFile outlives the agent. */
  constructor(recordFile: string) {
    this.#recordFile = recordFile;
  }

  /** @param settings path below /proc/sys → value. @throws Error naming the setting that cannot be written */
  async ensure(settings: Settings): Promise<void> {
    for (const [path, after] of Object.entries(settings)) {
      const before = readSysctl(path);
      if (before === after) continue;
      // Before the change: a crash in between must not lose what was there.
      if (before !== undefined) await this.#record(path, { before, after });
      await write(path, after);
    }
  }

  /** Gives back what `ensure` changed and nobody has changed since. Safe to repeat. */
  async restore(): Promise<void> {
    for (const [path, { before, after }] of Object.entries(await this.#recorded())) {
      if (readSysctl(path) === after) await write(path, before);
    }
    await rm(this.#recordFile, { force: true });
  }

  async #record(path: string, change: Change): Promise<void> {
    await replaceFile(this.#recordFile, JSON.stringify({ ...(await this.#recorded()), [path]: change }));
  }

  async #recorded(): Promise<Record<string, Change>> {
    return existsSync(this.#recordFile) ? JSON.parse(await readFile(this.#recordFile, 'utf8')) : {};
  }
}

/** Undefined when this kernel has no such setting. */
export function readSysctl(path: string): string | undefined {
  try {
    return readFileSync(join(root, path), 'utf8').trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** A setting that others may change, read now and then: every change of rules needs it, and endpoints change far more often. */
export class KeptSysctl {
  readonly #path: string;
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  #kept: { value: string | undefined; readMs: number } | undefined;

  constructor(path: string, clock: Pick<Clock, 'monotonicMs'>) {
    this.#path = path;
    this.#clock = clock;
  }

  get value(): string | undefined {
    const nowMs = this.#clock.monotonicMs();
    if (!this.#kept || nowMs >= this.#kept.readMs + keptMs) this.#kept = { value: readSysctl(this.#path), readMs: nowMs };
    return this.#kept.value;
  }

  /** It was changed here. */
  forget(): void {
    this.#kept = undefined;
  }
}

async function write(path: string, value: string): Promise<void> {
  try {
    await writeFile(join(root, path), value);
  } catch (error) {
    throw new Error(`cannot set ${path.replaceAll('/', '.')} to ${value}: ${(error as Error).message}`, { cause: error });
  }
}
