// Plugins of the node make themselves known by sockets in the kubelet's folder plugins_registry. The kernel says when one comes or goes; each is asked
// what it is, and told whether it is registered. What fails is tried again, later each time, for as long as its socket is there.
import { type FSWatcher, watch } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { registrationClient } from '@berth/protocol';
import type { Clock, Logger, Timer } from '@berth/telemetry';
import * as grpc from '@grpc/grpc-js';
import { BackOff } from '../../pods/back-off.ts';
import type { CsiDriver, CsiDrivers } from './csi-drivers.ts';

/** The kubelet's, of what fails with volumes and plugins. */
export const volumeBackOff = { baseMs: 500, limitMs: 122_000, freeFailures: 0 };
const callMs = 10_000;
const csiType = 'CSIPlugin';
/** Sockets and folders, beyond which the folder is not what it is meant to be. */
const socketsMax = 1_000;
const foldersMax = 100;

interface Plugin {
  /** Which file it was: another one by the same name is another plugin. */
  identity: string;
  driver?: CsiDriver;
  backOff: BackOff;
  retry?: Timer;
  isGone: boolean;
}

export interface PluginWatcherPorts {
  /** Is there. */
  directory: string;
  drivers: CsiDrivers;
  clock: Clock;
  logger: Logger;
}

export class PluginWatcher {
  readonly #ports: PluginWatcherPorts;
  readonly #plugins = new Map<string, Plugin>();
  /** By folder, and which folder it was by that name. */
  readonly #watchers = new Map<string, { watcher: FSWatcher; identity: string }>();
  #looking: Promise<void> | undefined;
  #isStale = false;
  #stopped = false;

  constructor(ports: PluginWatcherPorts) {
    this.#ports = ports;
  }

  /** Resolves once each plugin that is there has answered, or has not. */
  async start(): Promise<void> {
    await this.#look(true);
  }

  stop(): void {
    this.#stopped = true;
    for (const { watcher } of this.#watchers.values()) watcher.close();
    for (const { retry } of this.#plugins.values()) retry?.cancel();
  }

  /** Events while it looks become one more look. */
  #lookSoon(): void {
    this.#isStale = true;
    this.#looking ??= this.#lookWhileStale().finally(() => {
      this.#looking = undefined;
    });
  }

  async #lookWhileStale(): Promise<void> {
    while (this.#isStale && !this.#stopped) {
      this.#isStale = false;
      await this.#look(false).catch((error: unknown) =>
        this.#ports.logger.error('plugins could not be looked at', { directory: this.#ports.directory, error }),
      );
    }
  }

  async #look(waits: boolean): Promise<void> {
    const found = await this.#watchedSockets();
    for (const [path, plugin] of this.#plugins) if (found.get(path) !== plugin.identity) this.#remove(path, plugin);
    const registrations: Promise<void>[] = [];
    for (const [path, identity] of found) {
      if (this.#plugins.has(path) || this.#plugins.size >= socketsMax) continue;
      const plugin = { identity, backOff: new BackOff(volumeBackOff), isGone: false };
      this.#plugins.set(path, plugin);
      registrations.push(this.#register(path, plugin));
    }
    if (waits) await Promise.all(registrations);
  }

  /** A folder is watched before it is looked at, so that nothing that comes between is missed. */
  async #watchedSockets(): Promise<Map<string, string>> {
    const { directory } = this.#ports;
    const found = new Map<string, string>();
    const folders = new Map([[directory, '']]);
    for (const [folder, identity] of folders) {
      this.#watch(folder, identity);
      for (const [path, { isSocket, identity }] of await entries(folder, folder !== directory)) {
        if (isSocket) found.set(path, identity);
        else if (folders.size < foldersMax) folders.set(path, identity);
      }
    }
    for (const folder of this.#watchers.keys()) if (!folders.has(folder)) this.#unwatch(folder);
    return found;
  }

  #watch(directory: string, identity: string): void {
    if (this.#watchers.get(directory)?.identity === identity || this.#stopped) return;
    this.#unwatch(directory);
    const { logger } = this.#ports;
    try {
      const watcher = watch(directory, () => this.#lookSoon());
      watcher.on('error', (error) => logger.error('a folder of plugins is not watched any more', { directory, error }));
      this.#watchers.set(directory, { watcher, identity });
    } catch (error) {
      // It has gone meanwhile, of which the folder that it was in tells.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || directory === this.#ports.directory) throw error;
    }
  }

  #unwatch(directory: string): void {
    this.#watchers.get(directory)?.watcher.close();
    this.#watchers.delete(directory);
  }

  #remove(path: string, plugin: Plugin): void {
    plugin.isGone = true;
    plugin.retry?.cancel();
    this.#plugins.delete(path);
    if (!plugin.driver) return;
    this.#ports.logger.info('a storage driver is gone', { driver: plugin.driver.name, socket: path });
    this.#ports.drivers.unregister(plugin.driver);
  }

  async #register(path: string, plugin: Plugin): Promise<void> {
    const { clock, logger, drivers } = this.#ports;
    try {
      const driver = await introduce(path, drivers);
      plugin.driver = driver;
      if (plugin.isGone) drivers.unregister(driver);
      else logger.info('a storage driver is registered', { driver: driver.name, socket: path });
    } catch (error) {
      if (plugin.isGone || this.#stopped) return;
      plugin.backOff.fail(clock.now());
      const retryMs = plugin.backOff.delayMs;
      logger.warn('a plugin could not be registered', { socket: path, error, retryMs });
      plugin.retry = clock.after(retryMs, () => void this.#register(path, plugin));
    }
  }
}

/** @throws Error in the kubelet's words; the plugin was told */
async function introduce(path: string, drivers: CsiDrivers): Promise<CsiDriver> {
  const client = registrationClient(`unix://${path}`, grpc.credentials.createInsecure(), { 'grpc.default_authority': 'localhost' });
  const options = { timeoutMs: callMs };
  const refuse = async (error: string) => {
    await client.notifyRegistrationStatus({ pluginRegistered: false, error }, options);
    throw new Error(error);
  };
  try {
    const { type, name, endpoint, supportedVersions } = await client.getInfo({}, options);
    if (type !== csiType) await refuse(`RegisterPlugin error -- no handler registered for plugin type: ${type} at socket ${path}`);
    const problem = await problemOf(() => drivers.validate(name, endpoint || path, supportedVersions));
    if (problem) await refuse(`RegisterPlugin error -- plugin validation failed with err: ${problem}`);
    let driver: CsiDriver | undefined;
    const failure = await problemOf(async () => {
      driver = await drivers.register(name, endpoint || path);
    });
    if (!driver) return await refuse(`RegisterPlugin error -- plugin registration failed with err: ${failure}`);
    // It is registered, whether it hears of it or not.
    await client.notifyRegistrationStatus({ pluginRegistered: true, error: '' }, options).catch(() => undefined);
    return driver;
  } finally {
    client.close();
  }
}

async function problemOf(task: () => void | Promise<void>): Promise<string | undefined> {
  try {
    await task();
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

interface Entry {
  isSocket: boolean;
  /** Which file it is. */
  identity: string;
}

/** Sockets and folders by their paths; what begins with a dot is not a plugin's. @param mayBeGone the folder, too */
async function entries(directory: string, mayBeGone: boolean): Promise<Map<string, Entry>> {
  const unlessGone = (error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  };
  const found = new Map<string, Entry>();
  const names = await readdir(directory).catch((error: NodeJS.ErrnoException) => {
    if (!mayBeGone) throw error;
    unlessGone(error);
  });
  for (const name of names ?? []) {
    if (name.startsWith('.')) continue;
    const path = join(directory, name);
    const info = await lstat(path, { bigint: true }).catch(unlessGone);
    const isSocket = info?.isSocket() ?? false;
    if (info && (isSocket || info.isDirectory())) found.set(path, { isSocket, identity: `${info.ino} ${info.birthtimeNs}` });
  }
  return found;
}
