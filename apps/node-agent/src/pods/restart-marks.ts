// Which containers were stopped only to be started again with another size, whatever their restart policy says of how they ended:
// noted before they are stopped, so that an agent that dies in between does not take them for done.
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface RestartMarks {
  /** Outlives the agent once it resolves. */
  set(uid: string, containerId: string): Promise<void>;
  of(uid: string): Promise<string[]>;
  remove(uid: string, containerId: string): Promise<void>;
}

/** Empty files, in the folder that goes with the pod. */
export class FileRestartMarks implements RestartMarks {
  readonly #podDirectory: (uid: string) => string;

  constructor(podDirectory: (uid: string) => string) {
    this.#podDirectory = podDirectory;
  }

  async set(uid: string, containerId: string): Promise<void> {
    await mkdir(this.#folder(uid), { recursive: true });
    await writeFile(join(this.#folder(uid), containerId), '');
  }

  async of(uid: string): Promise<string[]> {
    return readdir(this.#folder(uid)).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return [];
      throw error;
    });
  }

  async remove(uid: string, containerId: string): Promise<void> {
    await rm(join(this.#folder(uid), containerId), { force: true });
  }

  #folder(uid: string): string {
    return join(this.#podDirectory(uid), 'restarting');
  }
}

/** Of simulated nodes. */
export class SimulatedRestartMarks implements RestartMarks {
  readonly #marks = new Map<string, Set<string>>();

  async set(uid: string, containerId: string): Promise<void> {
    this.#marks.set(uid, new Set([...(this.#marks.get(uid) ?? []), containerId]));
  }

  async of(uid: string): Promise<string[]> {
    return [...(this.#marks.get(uid) ?? [])];
  }

  async remove(uid: string, containerId: string): Promise<void> {
    this.#marks.get(uid)?.delete(containerId);
    if (this.#marks.get(uid)?.size === 0) this.#marks.delete(uid);
  }
}
