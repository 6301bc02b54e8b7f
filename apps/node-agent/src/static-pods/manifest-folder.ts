// The folder that says which pods a node runs by itself: one file a pod. It is read when the system says that it changed, and every
// so often in any case. A file that cannot be used is named in the log, once for each of its contents, and what ran from it goes on.
import { watch } from 'node:fs';
import { mkdir, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Pod } from '@berth/api';
import { type Clock, type Logger, timestamp } from '@berth/telemetry';
import { podFromManifest } from './manifest.ts';

/** As often as the kubelet does. */
const readEveryMs = 20_000;
/** Editors and copies write in several steps. */
const settleMs = 200;
const fileBytesMax = 1024 * 1024;
const filesMax = 200;

export interface ManifestFolderDeps {
  directory: string;
  nodeName: string;
  /** Called with every pod of the folder: first at the start, then whenever they are others. */
  changed(pods: Pod[]): void;
  /** About the node: a file that cannot be used. */
  event(reason: string, message: string): void;
  clock: Clock;
  logger: Logger;
}

interface Known {
  text: string;
  /** Absent: the file has never held one. */
  pod?: Pod;
}

export class ManifestFolder {
  readonly #deps: ManifestFolderDeps;
  readonly #stopping = new AbortController();
  #known = new Map<string, Known>();
  #isRead = false;
  #wake: (() => void) | undefined;

  constructor(deps: ManifestFolderDeps) {
    this.#deps = deps;
  }

  /** Resolves once the folder was read; it is made where it is missing. */
  async start(): Promise<void> {
    await mkdir(this.#deps.directory, { recursive: true, mode: 0o700 });
    await this.read();
    const watcher = watch(this.#deps.directory, () => this.#wake?.());
    watcher.on('error', (error) => this.#deps.logger.warn('changes of the manifest folder are seen late', { error }));
    this.#stopping.signal.addEventListener('abort', () => watcher.close(), { once: true });
    void this.#readForever();
  }

  stop(): void {
    this.#stopping.abort(new Error('the agent is stopping'));
  }

  async #readForever(): Promise<void> {
    const { clock, logger } = this.#deps;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      const waiting = new AbortController();
      this.#wake = () => waiting.abort(new Error('the folder has changed'));
      await clock.sleep(readEveryMs, AbortSignal.any([signal, waiting.signal])).catch(() => undefined);
      await clock.sleep(waiting.signal.aborted ? settleMs : 0, signal).catch(() => undefined);
      if (!signal.aborted) await this.read().catch((error: unknown) => logger.warn('the manifest folder cannot be read', { error }));
    }
  }

  async read(): Promise<void> {
    const { directory, changed } = this.#deps;
    const names = (await readdir(directory, { withFileTypes: true }))
      .filter((entry) => !entry.isDirectory() && !entry.name.startsWith('.'))
      .map(({ name }) => name)
      .sort();
    if (names.length > filesMax) this.#refuse(directory, `it holds ${names.length} files; those after the first ${filesMax} are left out`);
    const before = this.#known;
    const next = new Map<string, Known>();
    for (const name of names.slice(0, filesMax)) {
      const path = join(directory, name);
      const known = await this.#readFile(path, before.get(path));
      if (known) next.set(path, known);
    }
    this.#known = next;
    const pods = unique(
      [...next.values()].flatMap(({ pod }) => pod ?? []),
      (pod, path) => this.#refuse(path, `another file has pod ${pod}`),
    );
    const text = (all: Iterable<Known>) => [...all].map(({ pod }) => pod?.metadata.uid ?? '').join();
    if (!this.#isRead || text(before.values()) !== text(next.values())) changed(pods);
    this.#isRead = true;
  }

  /** Undefined when the file is gone. */
  async #readFile(path: string, before: Known | undefined): Promise<Known | undefined> {
    try {
      const { size } = await stat(path);
      if (size > fileBytesMax) throw new Error(`it is larger than ${fileBytesMax} bytes`);
      const text = await readFile(path, 'utf8');
      if (text === before?.text) return before;
      return this.#parse(path, text, before);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      this.#refuse(path, (error as Error).message);
      return before;
    }
  }

  #parse(path: string, text: string, before: Known | undefined): Known {
    const { nodeName, clock } = this.#deps;
    try {
      return { text, pod: podFromManifest({ path, text, nodeName, seen: timestamp(clock) }) };
    } catch (error) {
      this.#refuse(path, (error as Error).message);
      return { text, ...(before?.pod && { pod: before.pod }) };
    }
  }

  #refuse(path: string, why: string): void {
    this.#deps.logger.warn('a manifest of a static pod cannot be used', { path, why });
    this.#deps.event('InvalidStaticPod', `${path}: ${why}`);
  }
}

/** Of two files with a pod of one name, the first has it. */
function unique(pods: Pod[], refuse: (name: string, source: string) => void): Pod[] {
  const taken = new Map<string, Pod>();
  for (const pod of pods) {
    const name = `${pod.metadata.namespace}/${pod.metadata.name}`;
    if (taken.has(name)) refuse(name, 'the manifest folder');
    else taken.set(name, pod);
  }
  return [...taken.values()];
}
