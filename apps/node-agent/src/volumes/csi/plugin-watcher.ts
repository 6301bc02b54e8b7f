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
/** Sockets, beyond which the folder is not what it is meant to be. */
const socketsMax = 1_000;

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
  #watcher: FSWatcher | undefined;
  #looking: Promise<void> | undefined;
  #isStale = false;
  #stopped = false;

  constructor(ports: PluginWatcherPorts) {
    this.#ports = ports;
  }

  /** Resolves once each plugin that is there has answered, or has not. */
  async start(): Promise<void> {
    const { directory, logger } = this.#ports;
    this.#watcher = watch(directory, () => this.#lookSoon());
    this.#watcher.on('error', (error) => logger.error('the folder of plugins is not watched any more', { directory, error }));
    await this.#look(true);
  }

  stop(): void {
    this.#stopped = true;
    this.#watcher?.close();
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
    const found = await sockets(this.#ports.directory);
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

/** By path, which file each is. What begins with a dot is not a plugin's. */
async function sockets(directory: string): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const name of await readdir(directory)) {
    if (name.startsWith('.')) continue;
    const path = join(directory, name);
    const info = await lstat(path, { bigint: true }).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
    });
    if (info?.isSocket()) found.set(path, `${info.ino} ${info.birthtimeNs}`);
  }
  return found;
}
