// Whom the name server asks for names that are none of the cluster's: servers by domain, as ConfigMaps of the cluster say, else those of this machine.
// What was in force last is written down: it is in force again before the control plane has said anything, and while that can say nothing.
import { readFile, rm } from 'node:fs/promises';
import { deepEqual } from '@berth/machinery';
import type { NameServerSettings, NameServers } from '@berth/protocol';
import type { Clock, Logger } from '@berth/telemetry';
import { replaceFile } from '../replace-file.ts';
import { questionName } from './messages.ts';
import { Upstream, type Wire } from './upstream.ts';

export interface ElsewhereOptions {
  /** Outlives the agent. */
  recordFile: string;
  clock: Clock;
  logger: Logger;
  /** What is asked from now on is asked of others. */
  changed(): void;
  /** What the cluster says cannot be followed. */
  refused(): void;
}

const none: NameServerSettings = { stubs: [] };

export class Elsewhere {
  readonly #options: ElsewhereOptions;
  #machine: string[] = [];
  #own = '';
  #settings = none;
  #heard: NameServers | undefined;
  #upstream: Upstream;
  #byDomain = new Map<string, Upstream>();
  #writing: Promise<void> = Promise.resolve();

  constructor(options: ElsewhereOptions) {
    this.#options = options;
    this.#upstream = new Upstream([], options.clock);
  }

  /** @param machine addresses of this machine's own servers; @param own where this name server listens: it is not asked by itself */
  async start(machine: string[], own: string): Promise<void> {
    const text = await readFile(this.#options.recordFile, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
    [this.#machine, this.#own] = [machine, own];
    if (!this.#heard) this.#settings = this.#recorded(text);
    this.#route();
  }

  /** @param heard undefined: the cluster says nothing of name servers */
  sync(heard: NameServers | undefined): void {
    if (heard === this.#heard) return;
    const hadError = this.#heard?.error;
    this.#heard = heard;
    if (heard?.error !== undefined && heard.error !== hadError) {
      this.#options.logger.warn('what the cluster says of name servers cannot be followed; the last that could be stays', {
        error: heard.error,
      });
      this.#options.refused();
    }
    const settings = heard ? heard.spec : none;
    if (!settings || deepEqual(settings, this.#settings)) return;
    this.#settings = settings;
    this.#record();
    this.#route();
  }

  /** Resolves once all is written down. */
  async stop(): Promise<void> {
    await this.#writing;
  }

  /** Of the servers of the longest domain that the name is in. */
  ask(query: Buffer, wire: Wire): Promise<Buffer | undefined> {
    const [, upstream = this.#upstream] = this.#routeOf(questionName(query) ?? '') ?? [];
    return upstream.ask(query, wire);
  }

  /** Whether a name in this domain is for other servers: those of a domain within it. */
  isDelegated(name: string, domain: string): boolean {
    const [found = ''] = this.#routeOf(name.toLowerCase().replace(/\.$/, '')) ?? [];
    return found.endsWith(`.${domain}`);
  }

  #routeOf(name: string): [domain: string, upstream: Upstream] | undefined {
    if (this.#byDomain.size === 0) return undefined;
    for (let domain = name; domain !== ''; domain = domain.slice(domain.indexOf('.') + 1)) {
      const upstream = this.#byDomain.get(domain);
      if (upstream) return [domain, upstream];
      if (!domain.includes('.')) return undefined;
    }
    return undefined;
  }

  #route(): void {
    const { upstreams = [], stubs } = this.#settings;
    this.#upstream = this.#upstreamOf(upstreams);
    this.#byDomain = new Map(stubs.map(({ domain, servers }) => [domain, this.#upstreamOf(servers)]));
    this.#options.changed();
  }

  #upstreamOf(servers: string[]): Upstream {
    const own = [this.#own, `${this.#own}:53`];
    return new Upstream(
      (servers.length > 0 ? servers : this.#machine).filter((server) => !own.includes(server)),
      this.#options.clock,
    );
  }

  #recorded(text: string | undefined): NameServerSettings {
    if (text === undefined) return none;
    try {
      return JSON.parse(text) as NameServerSettings;
    } catch (error) {
      const { recordFile: file, logger } = this.#options;
      logger.warn('what was written down of name servers cannot be read; the servers of this machine are asked', { file, error });
      return none;
    }
  }

  #record(): void {
    const { recordFile, logger } = this.#options;
    const text = this.#settings === none ? undefined : JSON.stringify(this.#settings);
    this.#writing = this.#writing
      .then(() => (text === undefined ? rm(recordFile, { force: true }) : replaceFile(recordFile, text)))
      .catch((error: unknown) => logger.error('the name servers could not be written down; a restart forgets them', { error }));
  }
}
