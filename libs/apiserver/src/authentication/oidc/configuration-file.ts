// The configuration file as it changes: read again when the file system tells of a change, and every minute without, since not
// every file system does. What cannot be used is told of, and changes nothing: what was read before stays in force.
import { type FSWatcher, watch } from 'node:fs';
import { basename, dirname } from 'node:path';
import type { Clock, Logger, Timer } from '@berth/telemetry';
import { parseAuthenticationFile, readAuthenticationFile } from './authentication-file.ts';
import { AuthenticationConfigurationError, type OidcProvider } from './provider.ts';

/** A file is written in pieces, and half of one may lack the rule that keeps somebody out: it is read once it has been left alone. */
const settleMs = 100;
const pollMs = 60_000;

export type ReloadStatus = 'success' | 'failure';

export interface ConfigurationFileOptions {
  file: string;
  /** What was read of it at first. */
  content: string;
  /** Puts into force what the file says now. Rejects when that may work later; it is tried again within a minute. */
  apply(providers: OidcProvider[]): Promise<void>;
  onReload(status: ReloadStatus): void;
  clock: Clock;
  logger: Logger;
}

export class ConfigurationFile {
  readonly #options: ConfigurationFileOptions;
  /** What is in force, or was found to be of no use. */
  #content: string;
  #watcher: FSWatcher | undefined;
  #timers: { settle?: Timer; poll?: Timer } = {};
  #looking: Promise<void> | undefined;
  #lookAgain = false;
  #stopped = false;

  constructor(options: ConfigurationFileOptions) {
    this.#options = options;
    this.#content = options.content;
  }

  start(): void {
    const { file, logger } = this.#options;
    // The folder, as whoever replaces a file as a whole makes another one of its name, and a mounted ConfigMap changes a link beside it.
    try {
      this.#watcher = watch(dirname(file), { persistent: false }, (_event, name) => {
        if (name === null || name === basename(file) || name.startsWith('..')) this.#changed();
      });
      this.#watcher.on('error', (error) => {
        logger.warn('the authentication configuration is no longer watched, but looked at every minute', { file, error });
        this.#watcher?.close();
      });
    } catch (error) {
      logger.warn('the authentication configuration cannot be watched; it is looked at every minute', { file, error });
    }
    this.#poll();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#watcher?.close();
    this.#timers.settle?.cancel();
    this.#timers.poll?.cancel();
    await this.#looking;
  }

  /** Reads the file, and puts it into force if it has changed. One at a time; never rejects. */
  look(): Promise<void> {
    if (this.#looking) this.#lookAgain = true;
    this.#looking ??= this.#lookOnce().finally(() => {
      this.#looking = undefined;
      if (!this.#lookAgain || this.#stopped) return;
      this.#lookAgain = false;
      return this.look();
    });
    return this.#looking;
  }

  #changed(): void {
    this.#timers.settle?.cancel();
    this.#timers.settle = this.#options.clock.after(settleMs, () => void this.look());
  }

  #poll(): void {
    this.#timers.poll = this.#options.clock.after(pollMs, () => {
      void this.look();
      this.#poll();
    });
  }

  async #lookOnce(): Promise<void> {
    const { file, apply, onReload, logger } = this.#options;
    let content: string | undefined;
    try {
      content = await readAuthenticationFile(file);
      if (content === this.#content) return;
      await apply(parseAuthenticationFile(file, content));
      this.#content = content;
      logger.info('reloaded the authentication configuration', { file });
      onReload('success');
    } catch (error) {
      if (this.#stopped) return;
      // What is wrong with its content stays wrong until the content changes.
      if (content !== undefined && error instanceof AuthenticationConfigurationError) this.#content = content;
      logger.error('the authentication configuration cannot be used as it is now; what it was before stays in force', { file, error });
      onReload('failure');
    }
  }
}
