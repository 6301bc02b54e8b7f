// What all agents are sent of name servers elsewhere, from the ConfigMaps that say which there are. One that cannot be followed changes nothing: what it
// said before stays, and an event says what is wrong. Where nobody remembers what it said, agents keep what they have.
import {
  ConfigMap,
  mergedNameServers,
  NameServerError,
  type NameServerReading,
  nameServerConfigMap,
  nameServerConfigMaps,
  readNameServers,
} from '@berth/api';
import { deepEqual } from '@berth/machinery';
import type { NameServers } from '@berth/protocol';
import type { Subscribe } from '../subscribe.ts';

interface Source {
  configMap: ConfigMap;
  /** Undefined where none of it could be read yet. */
  reading: NameServerReading | undefined;
  error?: string;
}

export interface NameServerViewPorts {
  /** @param gone nobody says anything: agents ask the servers of their machines */
  share(object: NameServers, gone: boolean): void;
  /** Warns of a ConfigMap. */
  warn(configMap: ConfigMap, reason: string, message: string): void;
}

const messageCharactersMax = 1_000;

export class NameServerView {
  readonly #sources = new Map<string, Source>();
  readonly #ports: NameServerViewPorts;
  #shared: NameServers | undefined;

  constructor(ports: NameServerViewPorts) {
    this.#ports = ports;
  }

  feed(subscribe: Subscribe): void {
    subscribe(ConfigMap, (configMap, gone) => {
      const name = nameServerConfigMap(configMap);
      if (name === undefined) return;
      if (gone) this.#sources.delete(name);
      else if (!this.#consider(name, configMap)) return;
      this.#share();
    });
  }

  /** @returns whether there is anything new in it */
  #consider(name: string, configMap: ConfigMap): boolean {
    const before = this.#sources.get(name);
    if (before && deepEqual(before.configMap.data, configMap.data)) return false;
    try {
      const reading = readNameServers(configMap);
      this.#sources.set(name, { configMap, reading });
      if (reading.idle.length > 0) this.#ports.warn(configMap, 'DNSConfigIgnored', reading.idle.join('; ').slice(0, messageCharactersMax));
    } catch (error) {
      if (!(error instanceof NameServerError)) throw error;
      this.#sources.set(name, { configMap, reading: before?.reading, error: `${name}: ${error.message}` });
      this.#ports.warn(configMap, 'DNSConfigInvalid', `${error.message}; name servers go on as they were`);
    }
    return true;
  }

  #share(): void {
    const sources = nameServerConfigMaps.flatMap((name) => this.#sources.get(name) ?? []);
    const before = this.#shared;
    this.#shared = sources.length > 0 ? nameServers(sources) : undefined;
    const object = this.#shared ?? before;
    if (object) this.#ports.share(object, this.#shared === undefined);
  }
}

function nameServers(sources: Source[]): NameServers {
  const readings = sources.flatMap(({ reading }) => reading ?? []);
  const errors = sources.flatMap(({ error }) => error ?? []);
  return {
    ...{ apiVersion: 'berth.io/v1', kind: 'NameServers' },
    metadata: { name: 'name-servers', resourceVersion: sources.map(({ configMap: { metadata } }) => metadata.resourceVersion).join('-') },
    ...(readings.length === sources.length && { spec: mergedNameServers(readings.map(({ settings }) => settings)) }),
    ...(errors.length > 0 && { error: errors.join('; ') }),
  };
}
