// Which user and group ids of the machine are a pod's own where it has a user namespace: as with the kubelet, 65,536 of them beginning at a multiple of
// that, never 0, noted in the pod's folder before they are used and free again once that folder is gone. No two pods have the same.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { IdRange } from '@berth/runtime';
import { replaceFile } from '../network/replace-file.ts';

export const idsPerPod = 65_536;
/** Ids have 32 bits; the first range is the machine's own. */
const rangesMax = 2 ** 32 / idsPerPod;

interface Mapping {
  hostId: number;
  containerId: number;
  length: number;
}

export interface PodFolders {
  podDirectory(uid: string): string;
  knownPods(): Promise<string[]>;
}

export class UserNamespaces {
  readonly #folders: PodFolders;
  /** After the one that was given last, so that one that has just become free rests. */
  #next = 1;
  #last: Promise<unknown> = Promise.resolve();

  constructor(folders: PodFolders) {
    this.#folders = folders;
  }

  /** The same for as long as the pod has its folder, over restarts of the agent too. @throws Error for a note that is none, or when all are taken */
  of(uid: string): Promise<IdRange> {
    const range = this.#last.then(() => this.#of(uid));
    // One pod at a time, whatever became of the one before.
    this.#last = range.catch(() => undefined);
    return range;
  }

  async #of(uid: string): Promise<IdRange> {
    const own = await this.#noted(uid);
    if (own) return own;
    const taken = new Set<number>();
    for (const other of await this.#folders.knownPods()) {
      const range = await this.#noted(other);
      if (range) taken.add(range.hostId / idsPerPod);
    }
    const hostId = this.#free(taken) * idsPerPod;
    const mapping: Mapping = { hostId, containerId: 0, length: idsPerPod };
    await replaceFile(this.#file(uid), JSON.stringify({ uidMappings: [mapping], gidMappings: [mapping] }));
    return { hostId, length: idsPerPod };
  }

  #free(taken: ReadonlySet<number>): number {
    for (let tried = 1; tried < rangesMax; tried++) {
      const range = this.#next;
      this.#next = range + 1 < rangesMax ? range + 1 : 1;
      if (!taken.has(range)) return range;
    }
    throw new Error('could not find an empty slot to allocate a user namespace');
  }

  async #noted(uid: string): Promise<IdRange | undefined> {
    const text = await readFile(this.#file(uid), 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
    return text === undefined ? undefined : rangeOf(text, this.#file(uid));
  }

  #file(uid: string): string {
    return join(this.#folders.podDirectory(uid), 'userns');
  }
}

/** @throws Error for what this agent would not have written: another range must not be guessed for what may run already */
function rangeOf(text: string, file: string): IdRange {
  const { uidMappings: [uids] = [], gidMappings: [gids] = [] }: { uidMappings?: Mapping[]; gidMappings?: Mapping[] } = JSON.parse(text);
  const isWhole =
    uids !== undefined && JSON.stringify(uids) === JSON.stringify(gids) && uids.containerId === 0 && uids.length === idsPerPod;
  if (!isWhole || uids.hostId < idsPerPod || uids.hostId % idsPerPod !== 0)
    throw new Error(`invalid user namespace mappings file: ${file}`);
  return { hostId: uids.hostId, length: uids.length };
}
