// Removes what containerd has forgotten: killed in the middle of a call, it leaves shims with their processes, records of containers
// that its CRI part does not know, processes of runtimes below no shim, task folders, network namespaces and addresses. Each look compares what is there with what
// containerd says afterwards; what may belong to a call under way is left until it has been there for longer than calls take.
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock, Logger } from '@berth/telemetry';
import { DirectoryHandle } from '../files/directory-handle.ts';
import { unmountBelow } from '../files/mounts.ts';
import { killRuntimeProcess, killShim, type RuntimeProcess, removeDeadSockets, runtimeProcesses, type Shim, shimsOf } from './shims.ts';

export interface SweptPaths {
  root: string;
  state: string;
  socket: string;
  /** Holds a file for each address that the CNI plugins have given out; absent when others look after it. */
  leases?: string | undefined;
}

/** What containerd itself says. */
export interface KnownToContainerd {
  /** Ids of sandboxes and containers that its CRI part knows. */
  cri(): Promise<Set<string>>;
  /** Ids of all its records of containers. */
  records(): Promise<Set<string>>;
  /** Names of the network namespaces that these records use. */
  networkNamespaces(ids: Iterable<string>): Promise<Set<string>>;
  removeRecord(id: string): Promise<void>;
}

export interface ContainerdSweepOptions {
  paths: SweptPaths;
  known: KnownToContainerd;
  clock: Clock;
  logger: Logger;
}

const namespace = 'k8s.io';
const cniCache = '/var/lib/cni/results';

interface Leftover {
  /** What and which. */
  key: string;
  id: string;
  remove(): Promise<void>;
}

export class ContainerdSweep {
  readonly #options: ContainerdSweepOptions;
  /** Since when each leftover has been seen, by key. */
  #suspects = new Map<string, number>();

  constructor(options: ContainerdSweepOptions) {
    this.#options = options;
  }

  /** @param graceMs how long something must have been there. Returns whether something has to wait. */
  async look(graceMs: number): Promise<boolean> {
    return (await this.find(graceMs))();
  }

  /** What is found now is removed by calling the answer, while containerd may work on. @param graceMs 0 when no call is under way now */
  async find(graceMs: number): Promise<() => Promise<boolean>> {
    const { clock } = this.#options;
    const found = await this.#leftovers();
    const now = clock.monotonicMs();
    const before = this.#suspects;
    this.#suspects = new Map(found.map(({ key }) => [key, before.get(key) ?? now]));
    const due = found.filter(({ key }) => now - (this.#suspects.get(key) ?? now) >= graceMs);
    return () => this.#remove(due);
  }

  async #remove(due: Leftover[]): Promise<boolean> {
    const { logger } = this.#options;
    for (const { key, remove } of due) {
      try {
        await remove();
        this.#suspects.delete(key);
        logger.info('removed what containerd had forgotten', { what: key });
      } catch (error) {
        logger.warn('what containerd has forgotten cannot be removed yet', { what: key, error });
      }
    }
    return this.#suspects.size > 0;
  }

  /** Everything that is there, once containerd has ended and nothing of it is to stay but records and images. */
  async removeAll(): Promise<void> {
    const { paths, clock } = this.#options;
    for (const shim of await shimsOf(paths.socket)) await killShim(shim, paths.socket, clock);
    await removeDeadSockets();
    const roots = await this.#runtimeFolders();
    for (const one of await runtimeProcesses(roots)) await killRuntimeProcess(one, roots, clock);
    await unmountBelow(paths.state);
    await unmountBelow(paths.root);
    for (const folder of [...this.#taskFolders, ...(await this.#runtimeFolders()), this.#netnsFolder]) {
      for (const name of await namesIn(folder)) await removeFolder(folder, name);
    }
  }

  get #taskFolders(): string[] {
    const { root, state } = this.#options.paths;
    return [state, root].map((folder) => join(folder, 'io.containerd.runtime.v2.task', namespace));
  }

  /** Of runc, and of whatever else has run containers here: all that containerd's own parts do not keep. */
  async #runtimeFolders(): Promise<string[]> {
    const { state } = this.#options.paths;
    const names = (await namesIn(state)).filter((name) => !name.startsWith('io.containerd.'));
    return names.map((name) => join(state, name, namespace));
  }

  get #netnsFolder(): string {
    return join(this.#options.paths.state, 'io.containerd.grpc.v1.cri', 'netns');
  }

  /** In the order in which they go. What is there is looked at before what is known, as that only grows meanwhile. */
  async #leftovers(): Promise<Leftover[]> {
    const { paths, known } = this.#options;
    const shims = await shimsOf(paths.socket);
    const roots = await this.#runtimeFolders();
    const processes = await runtimeProcesses(roots);
    const folders = await Promise.all([...this.#taskFolders, ...roots].map(async (at) => ({ at, ids: await namesIn(at) })));
    const netns = await namesIn(this.#netnsFolder);
    const leases = await this.#leases();
    const recordsBefore = await known.records();
    const cri = await known.cri();
    const records = await known.records();
    const used = netns.length > 0 ? await known.networkNamespaces(records) : new Set<string>();
    const isForgotten = ({ id }: Leftover) => !records.has(id) && !cri.has(id);
    return [
      ...[...recordsBefore].filter((id) => records.has(id) && !cri.has(id)).map((id) => this.#record(id)),
      ...shims.map((shim) => this.#shim(shim)).filter(isForgotten),
      ...processes.map((one) => this.#runtimeProcess(one, roots)).filter(isForgotten),
      ...folders.flatMap(({ at, ids }) => ids.map((id) => folderOf(at, id))).filter(isForgotten),
      ...netns.filter((name) => !used.has(name)).map((name) => folderOf(this.#netnsFolder, name)),
      ...leases.filter(isForgotten),
    ];
  }

  #record(id: string): Leftover {
    return { key: `record ${id}`, id, remove: () => this.#options.known.removeRecord(id) };
  }

  #shim(shim: Shim): Leftover {
    const { paths, clock } = this.#options;
    return { key: `shim ${shim.pid}`, id: shim.id, remove: () => killShim(shim, paths.socket, clock) };
  }

  #runtimeProcess(one: RuntimeProcess, roots: readonly string[]): Leftover {
    const { clock } = this.#options;
    return { key: `process ${one.pid} of ${one.id}`, id: one.id, remove: () => killRuntimeProcess(one, roots, clock) };
  }

  /** The plugins note whose an address is in a file of its name, and keep what they were called with. */
  async #leases(): Promise<Leftover[]> {
    const { leases } = this.#options.paths;
    if (leases === undefined) return [];
    const found: Leftover[] = [];
    for (const name of await namesIn(leases)) {
      if (!/^[0-9.]+$/.test(name)) continue;
      const file = join(leases, name);
      const [id = '', device = ''] = (await readFile(file, 'utf8').catch(() => '')).split(/\r?\n/);
      if (!id) continue;
      const remove = async () => {
        await rm(join(cniCache, `berth-${id}-${device}`), { force: true });
        await rm(file, { force: true });
      };
      found.push({ key: `address ${name} of ${id}`, id, remove });
    }
    return found;
  }
}

function folderOf(folder: string, name: string): Leftover {
  const path = join(folder, name);
  return { key: path, id: name, remove: () => removeFolder(folder, name) };
}

/** Containers may have written below it; what is mounted is never emptied. */
async function removeFolder(folder: string, name: string): Promise<void> {
  await unmountBelow(join(folder, name));
  await using above = await DirectoryHandle.open(folder);
  await above.remove(name);
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return [];
    throw error;
  }
}
