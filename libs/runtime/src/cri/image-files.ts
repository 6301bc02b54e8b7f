// What images hold, to be read on the host: CRI runs images but does not show them, so containerd's own snapshots are mounted read-only.
import { mkdir, rmdir } from 'node:fs/promises';
import { type CtrTarget, ctr } from './ctr.ts';

export interface ImageFiles {
  /**
   * Gives the files of an image that is on this node for as long as `use` takes.
   * @param image as `ensureImage` named it
   * @param place a folder to mount them on, the same one after a crash, so that what was left there goes
   */
  read<T>(image: string, place: string, use: (root: string) => Promise<T>): Promise<T>;
  /**
   * Shows an image read-only at a place until that is released, also once nothing else keeps the image.
   * @param image as `ensureImage` named it
   */
  mount(image: string, place: string): Promise<void>;
  /** Places below a folder that were mounted and not released, whether they are mounted now or not. */
  placesBelow(folder: string): Promise<string[]>;
  /** What a reader that was killed left at a place; nothing happens where there is nothing. */
  release(place: string): Promise<void>;
}

export class ContainerdImageFiles implements ImageFiles {
  readonly #target: CtrTarget;

  constructor(target: CtrTarget) {
    this.#target = target;
  }

  async read<T>(image: string, place: string, use: (root: string) => Promise<T>): Promise<T> {
    await mkdir(place, { recursive: true, mode: 0o700 });
    await this.#images('unmount', '--rm', place);
    try {
      await this.#images('mount', image, place);
      return await use(place);
    } finally {
      await this.release(place);
    }
  }

  async mount(image: string, place: string): Promise<void> {
    await mkdir(place, { recursive: true, mode: 0o755 });
    await this.#images('unmount', '--rm', place);
    await this.#images('mount', image, place);
    // Until now containerd keeps the view by a lease, which ends after a day.
    await this.#ctr('snapshots', 'label', place, `containerd.io/gc.root=${image}`);
  }

  async placesBelow(folder: string): Promise<string[]> {
    const [, ...lines] = (await this.#ctr('snapshots', 'list')).split('\n');
    return lines.map((line) => line.split(/\s/)[0] ?? '').filter((key) => key.startsWith(`${folder}/`));
  }

  async release(place: string): Promise<void> {
    await this.#images('unmount', '--rm', place);
    await rmdir(place).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
    });
  }

  async #images(...args: string[]): Promise<void> {
    await this.#ctr('images', ...args);
  }

  async #ctr(...args: string[]): Promise<string> {
    try {
      return await ctr(this.#target, args);
    } catch (error) {
      const { stderr, message } = error as Error & { stderr?: string };
      throw new Error(stderr?.trim() || message, { cause: error });
    }
  }
}
