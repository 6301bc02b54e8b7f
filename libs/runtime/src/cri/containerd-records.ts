// What containerd says of itself, below CRI and above: the sweep compares both with what is there.
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { KnownToContainerd } from './containerd-sweep.ts';
import { CriRuntime } from './cri-runtime.ts';
import { type CtrTarget, ctr } from './ctr.ts';

const callTimeoutMs = 20_000;

interface Spec {
  linux?: { namespaces?: { type: string; path?: string }[] };
}

export class ContainerdRecords implements KnownToContainerd {
  readonly #target: CtrTarget;
  readonly #state: string;
  /** By the id of a record, which keeps its network namespace; empty for the host's. */
  readonly #namespaces = new Map<string, string>();

  /** @param state its folder for what runs */
  constructor(target: CtrTarget, state: string) {
    this.#target = target;
    this.#state = state;
  }

  async cri(): Promise<Set<string>> {
    const runtime = new CriRuntime(this.#target.socket);
    try {
      const [sandboxes, containers] = [await runtime.listSandboxes(), await runtime.listContainers()];
      return new Set([...sandboxes, ...containers].map(({ id }) => id));
    } finally {
      runtime.close();
    }
  }

  async records(): Promise<Set<string>> {
    return new Set((await this.#ctr('containers', 'list', '--quiet')).split('\n').filter((id) => id !== ''));
  }

  async networkNamespaces(ids: Iterable<string>): Promise<Set<string>> {
    const wanted = [...ids];
    for (const id of this.#namespaces.keys()) if (!wanted.includes(id)) this.#namespaces.delete(id);
    for (const id of wanted) if (!this.#namespaces.has(id)) this.#namespaces.set(id, await this.#namespaceOf(id));
    return new Set(this.#namespaces.values());
  }

  async removeRecord(id: string): Promise<void> {
    // There may be no task, or one that cannot be reached; what runs then is found by its shim.
    await this.#ctr('tasks', 'delete', '--force', id).catch(() => undefined);
    await this.#ctr('containers', 'delete', id);
  }

  /** From what it was started with while it runs, which costs no call. */
  async #namespaceOf(id: string): Promise<string> {
    const config = await readFile(join(this.#state, 'io.containerd.runtime.v2.task/k8s.io', id, 'config.json'), 'utf8').catch(
      () => undefined,
    );
    const spec = config === undefined ? await this.#spec(id) : (JSON.parse(config) as Spec);
    return basename(spec?.linux?.namespaces?.find(({ type }) => type === 'network')?.path ?? '');
  }

  async #spec(id: string): Promise<Spec | undefined> {
    return (JSON.parse(await this.#ctr('containers', 'info', id)) as { Spec?: Spec }).Spec;
  }

  #ctr(...args: string[]): Promise<string> {
    return ctr(this.#target, args, { timeout: callTimeoutMs, maxBuffer: 64 * 2 ** 20 });
  }
}
