// Lets containerd pull from the registry that is installed in the cluster by its name: where it is (its service's address), which authority its
// certificate comes from, and who this node is for whoever hands out its tokens. containerd reads it at each pull. A node that is given
// settings for that name by --registries keeps to those.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { installedRegistry, type Service } from '@berth/api';
import { hostsBegin } from './registry-hosts.ts';

const mark = '# Written by the node agent: the registry that is installed in the cluster.\n';

export interface InstalledRegistryHostsOptions {
  /** containerd's `config_path`. */
  directory: string;
  /** Of the node's key and certificate, and of the cluster's authority. */
  identity: { pair: string; ca: string };
}

export class InstalledRegistryHosts {
  readonly #options: InstalledRegistryHostsOptions;
  #seen: readonly Service[] | undefined;

  constructor(options: InstalledRegistryHostsOptions) {
    this.#options = options;
  }

  /** Done when it returns, so that no pull that follows comes too early. @param services the same list as long as none has changed */
  sync(services: readonly Service[]): void {
    if (services === this.#seen) return;
    const folder = join(this.#options.directory, installedRegistry.host);
    const file = join(folder, 'hosts.toml');
    const wanted = hostsText(services, this.#options.identity);
    const there = textOf(file);
    const isOthers = there !== undefined && !there.startsWith(mark);
    if (!isOthers && wanted === undefined) rmSync(folder, { recursive: true, force: true });
    else if (!isOthers && wanted !== undefined && there !== wanted) {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      writeFileSync(file, wanted, { mode: 0o600 });
    }
    this.#seen = services;
  }
}

/** Undefined where none is installed. Pure. */
export function hostsText(services: readonly Service[], { pair, ca }: InstalledRegistryHostsOptions['identity']): string | undefined {
  const { namespace, service, port } = installedRegistry;
  const found = services.find(({ metadata }) => metadata.namespace === namespace && metadata.name === service);
  const address = found?.spec?.clusterIP;
  if (!address || address === 'None') return undefined;
  // Key and certificate are in one file.
  return [
    `${mark}server = ${text(`https://${address}:${port}`)}`,
    `ca = ${text(ca)}`,
    `client = [[${text(pair)}, ${text(pair)}]]`,
    hostsBegin,
  ].join('\n');
}

/** JSON's strings are TOML's. */
const text = JSON.stringify;

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
