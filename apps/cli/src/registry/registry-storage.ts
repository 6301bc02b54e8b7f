// What is in the folder of a registry (docker-registry, its driver `filesystem`): repositories with their manifests and the layers that they may
// use, as links to blobs, and the blobs, each there once. Read and changed beside the running registry, which keeps nothing of it in memory.
import { mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isRecord, parseJson } from '@berth/machinery';

const manifestBytesMax = 4 * 2 ** 20;
const hexForm = /^[0-9a-f]{64}$/;
const foldersMax = 1_000_000;

export interface Linked {
  /** `sha256:…`, as everywhere here. */
  digest: string;
  changedMs: number;
}

export interface StoredBlob extends Linked {
  bytes: number;
}

export class RegistryStorage {
  readonly #root: string;
  readonly #removed: string;

  readonly #mayBeNew: boolean;

  /** @param directory the driver's `rootdirectory` @param mayBeNew whether it is known to be one where nothing may be yet */
  constructor(directory: string, mayBeNew = false) {
    this.#mayBeNew = mayBeNew;
    this.#root = join(directory, 'docker', 'registry', 'v2');
    this.#removed = join(directory, 'docker', 'registry', 'berth-removed');
  }

  /** Their names. @throws Error where this is no registry's folder */
  async repositories(): Promise<string[]> {
    const top = join(this.#root, 'repositories');
    const isNew = !(await isThere(top));
    if (isNew && this.#mayBeNew) return [];
    if (isNew) throw new Error(`${top} is not there: --storage names the rootdirectory of docker-registry's configuration`);
    const found: string[] = [];
    const open = [''];
    for (let looked = 0; open.length > 0; looked++) {
      if (looked > foldersMax) throw new Error(`${top} has more than ${foldersMax} folders`);
      const name = open.pop() ?? '';
      const names = await folders(join(top, name));
      if (names.includes('_manifests') || names.includes('_layers')) found.push(name);
      open.push(...names.filter((part) => !part.startsWith('_')).map((part) => (name === '' ? part : `${name}/${part}`)));
    }
    return found.sort();
  }

  /** What its tags name now. */
  async tagged(repository: string): Promise<Set<string>> {
    const top = this.#of(repository, '_manifests', 'tags');
    const digests = new Set<string>();
    for (const tag of await folders(top)) {
      const link = await textOf(join(top, tag, 'current', 'link'));
      if (link !== undefined) digests.add(link.trim());
    }
    return digests;
  }

  manifests(repository: string): Promise<Linked[]> {
    return links(this.#of(repository, '_manifests', 'revisions', 'sha256'));
  }

  layers(repository: string): Promise<Linked[]> {
    return links(this.#of(repository, '_layers', 'sha256'));
  }

  /** What a manifest names: its configuration and layers, or the manifests of a list. Nothing where it is not there. */
  async namedBy(digest: string): Promise<string[]> {
    const path = join(this.#blob(digest), 'data');
    const info = await stat(path).catch(onlyMissing);
    if (!info || info.size > manifestBytesMax) return [];
    const value = parseJson(await readFile(path, 'utf8'));
    if (!isRecord(value)) return [];
    const listed = [value.config, ...[value.layers, value.manifests, value.blobs].flatMap((list) => (Array.isArray(list) ? list : []))];
    return [...listed, value.subject].flatMap((each) => (isRecord(each) && typeof each.digest === 'string' ? [each.digest] : []));
  }

  /** Also from where tags point to it no more. */
  async removeManifest(repository: string, digest: string): Promise<void> {
    const tags = this.#of(repository, '_manifests', 'tags');
    for (const tag of await folders(tags)) await rm(join(tags, tag, 'index', 'sha256', hexOf(digest)), { recursive: true, force: true });
    await rm(this.#of(repository, '_manifests', 'revisions', 'sha256', hexOf(digest)), { recursive: true, force: true });
  }

  async removeLayer(repository: string, digest: string): Promise<void> {
    await rm(this.#of(repository, '_layers', 'sha256', hexOf(digest)), { recursive: true, force: true });
  }

  async *blobs(): AsyncGenerator<StoredBlob> {
    const top = join(this.#root, 'blobs', 'sha256');
    for (const part of await folders(top)) {
      for (const hex of await folders(join(top, part))) {
        const info = await stat(join(top, part, hex, 'data')).catch(onlyMissing);
        if (info && hexForm.test(hex)) yield { digest: `sha256:${hex}`, bytes: info.size, changedMs: info.mtimeMs };
      }
    }
  }

  /** Out of the registry's sight, not yet gone. */
  async setAside(digest: string): Promise<void> {
    await mkdir(this.#removed, { recursive: true });
    const aside = join(this.#removed, hexOf(digest));
    await rm(aside, { recursive: true, force: true });
    await rename(this.#blob(digest), aside);
  }

  asides(): Promise<string[]> {
    return folders(this.#removed).then((names) => names.filter((name) => hexForm.test(name)).map((hex) => `sha256:${hex}`));
  }

  async putBack(digest: string): Promise<void> {
    const aside = join(this.#removed, hexOf(digest));
    // Pushed again meanwhile: the same bytes.
    if (await isThere(this.#blob(digest))) await rm(aside, { recursive: true });
    else await rename(aside, this.#blob(digest));
  }

  async removeAside(digest: string): Promise<void> {
    await rm(join(this.#removed, hexOf(digest)), { recursive: true });
  }

  #of(repository: string, ...parts: string[]): string {
    return join(this.#root, 'repositories', repository, ...parts);
  }

  #blob(digest: string): string {
    const hex = hexOf(digest);
    return join(this.#root, 'blobs', 'sha256', hex.slice(0, 2), hex);
  }
}

function hexOf(digest: string): string {
  const hex = digest.replace(/^sha256:/, '');
  if (!hexForm.test(hex)) throw new Error(`${JSON.stringify(digest)} is no SHA-256`);
  return hex;
}

async function links(top: string): Promise<Linked[]> {
  const found: Linked[] = [];
  for (const hex of await folders(top)) {
    const info = await stat(join(top, hex, 'link')).catch(onlyMissing);
    if (info && hexForm.test(hex)) found.push({ digest: `sha256:${hex}`, changedMs: info.mtimeMs });
  }
  return found;
}

async function folders(path: string): Promise<string[]> {
  const entries = (await readdir(path, { withFileTypes: true }).catch(onlyMissing)) ?? [];
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
}

async function textOf(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch(onlyMissing);
}

async function isThere(path: string): Promise<boolean> {
  return (await stat(path).catch(onlyMissing)) !== undefined;
}

function onlyMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}
