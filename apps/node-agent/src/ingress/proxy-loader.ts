// Brings a model in force in the HAProxy of one folder: endpoints in the proxy that runs, everything else as a new configuration, which new
// workers serve from the same sockets while the old ones finish what they have begun.
import { rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { Clock, Logger } from '@berth/telemetry';
import { fallbackCertificate } from './fallback-certificate.ts';
import { type ProxyFiles, type ProxyPorts, renderProxy, slotsFor } from './haproxy-config.ts';
import { HaproxyProcess } from './haproxy-process.ts';
import { haproxyCommand, haproxyMetrics, type RunningProxy, runningProxy } from './haproxy-socket.ts';
import { ProxyGenerations } from './proxy-generations.ts';
import type { ProxyModel } from './proxy-model.ts';
import { haproxyUser } from './proxy-user.ts';
import { parseServers, serverChanges } from './server-changes.ts';

export interface ProxyLoaderOptions {
  /** Gets files and sockets; its path is short enough for a socket. */
  directory: string;
  clock: Clock;
  logger: Logger;
}

const loadTimeoutMs = 20_000;
const answerTimeoutMs = 5_000;
const pollMs = 25;
/** Between two configurations: each keeps workers of the last until their requests are over. */
const loadMsMin = 500;
/** HAProxy reads a line of commands into one buffer of 16 KiB. */
const commandsPerLine = 100;
const threadsMax = 8;

export class ProxyLoader {
  readonly #options: ProxyLoaderOptions;
  readonly #process: HaproxyProcess;
  readonly #generations: ProxyGenerations;
  readonly #adminSocket: string;
  readonly #metricsSocket: string;
  readonly #slots = new Map<string, number>();
  /** Certificates that HAProxy did not take, PEM. */
  readonly #refused = new Set<string>();
  #loadedAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: ProxyLoaderOptions) {
    const { directory, clock } = options;
    this.#options = options;
    this.#generations = new ProxyGenerations(directory);
    this.#adminSocket = join(directory, 'admin.sock');
    this.#metricsSocket = join(directory, 'metrics.sock');
    const files = { pidFile: join(directory, 'haproxy.pid'), logFile: join(directory, 'haproxy.log') };
    this.#process = new HaproxyProcess({ ...files, clock, configFile: this.#generations.configFile });
  }

  pid(): Promise<number | undefined> {
    return this.#process.pid();
  }

  metrics(): Promise<string> {
    return haproxyMetrics(this.#metricsSocket);
  }

  /** One that is there and does not answer, as where an agent died while it started, is given time, and then ended: it holds the ports. */
  async running(signal: AbortSignal): Promise<RunningProxy | undefined> {
    const { clock } = this.#options;
    const deadlineMs = clock.monotonicMs() + answerTimeoutMs;
    while (clock.monotonicMs() <= deadlineMs) {
      const running = await runningProxy(this.#adminSocket);
      if (running || (await this.pid()) === undefined) return running;
      await clock.sleep(pollMs, signal);
    }
    await this.#process.end();
    return undefined;
  }

  /** @param running as `running` says it. @throws Error with what HAProxy says */
  async bringInForce(wanted: ProxyModel, ports: ProxyPorts, running: RunningProxy | undefined, signal: AbortSignal): Promise<void> {
    await this.#generations.create();
    const model = this.#acceptable(wanted);
    const { version } = await this.#rendered(model, ports);
    if (running?.version === version && (await this.#haveEndpoints(model))) return;
    await this.#load(model, ports, running, signal);
  }

  /** Ends the proxy, and removes its files. */
  async remove(): Promise<void> {
    await this.#process.end();
    await rm(this.#options.directory, { recursive: true, force: true });
    this.#slots.clear();
  }

  /** Brings the endpoints of the proxy that runs in line; false where it has not enough room for them. */
  async #haveEndpoints({ backends }: ProxyModel): Promise<boolean> {
    const servers = parseServers(await haproxyCommand(this.#adminSocket, ['show servers state']));
    const commands = serverChanges(servers, backends);
    if (!commands) return false;
    for (let from = 0; from < commands.length; from += commandsPerLine)
      await haproxyCommand(this.#adminSocket, commands.slice(from, from + commandsPerLine));
    return true;
  }

  async #load(model: ProxyModel, ports: ProxyPorts, running: RunningProxy | undefined, signal: AbortSignal): Promise<void> {
    const { clock, logger } = this.#options;
    const restMs = this.#loadedAtMs + loadMsMin - clock.monotonicMs();
    if (restMs > 0) await clock.sleep(restMs, signal);
    const { version } = await this.#written(model, ports);
    await this.#generations.putInForce(version);
    const pid = running && (await this.pid());
    if (pid === undefined) {
      // What is left of one that died would hold the ports.
      await this.#process.end();
      await this.#process.start();
    } else this.#process.reload(pid);
    this.#loadedAtMs = clock.monotonicMs();
    await this.#loaded(version, signal);
    await this.#generations.removeOthers(version);
    logger.info(pid === undefined ? 'the ingress proxy has started' : 'the ingress proxy has a new configuration', { ports });
  }

  /** A certificate that HAProxy does not take is left out: it would keep everything else from being served. */
  async #written(model: ProxyModel, ports: ProxyPorts): Promise<ProxyFiles> {
    const files = await this.#rendered(model, ports);
    try {
      await this.#generations.write(files);
      return files;
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      const bad = model.certificates.filter(({ name }) => message.includes(`/${name}.pem`));
      if (bad.length === 0) throw error;
      const certificates = bad.map(({ name }) => name);
      this.#options.logger.error('certificates are left out that haproxy does not take', { certificates, message });
      for (const { pem } of bad) this.#refused.add(pem);
      return this.#written(this.#acceptable(model), ports);
    }
  }

  /** Without certificates that were refused. */
  #acceptable(model: ProxyModel): ProxyModel {
    if (this.#refused.size === 0) return model;
    for (const pem of this.#refused) if (!model.certificates.some((certificate) => certificate.pem === pem)) this.#refused.delete(pem);
    return { ...model, certificates: model.certificates.filter(({ pem }) => !this.#refused.has(pem)) };
  }

  async #rendered(model: ProxyModel, ports: ProxyPorts): Promise<ProxyFiles> {
    const { directory, clock } = this.#options;
    const before = new Map(this.#slots);
    this.#slots.clear();
    for (const { name, endpoints } of model.backends) this.#slots.set(name, slotsFor(endpoints.length, before.get(name) ?? 0));
    return renderProxy({
      ...{ model, ports, slots: this.#slots, adminSocket: this.#adminSocket, metricsSocket: this.#metricsSocket },
      folder: (version) => this.#generations.folder(version),
      fallbackPem: await fallbackCertificate(join(directory, 'fallback.pem'), clock),
      user: await haproxyUser(),
      threads: Math.min(availableParallelism(), threadsMax),
    });
  }

  /** @throws with what the proxy said meanwhile */
  async #loaded(version: string, signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    const deadlineMs = clock.monotonicMs() + loadTimeoutMs;
    while ((await runningProxy(this.#adminSocket))?.version !== version) {
      if ((await this.pid()) === undefined) throw new Error(`haproxy has ended: ${await this.#process.logTail()}`);
      if (clock.monotonicMs() > deadlineMs) throw new Error(`haproxy does not take its configuration: ${await this.#process.logTail()}`);
      await clock.sleep(pollMs, signal);
    }
  }
}
