// Images that pods mount as volumes: shown below the pod's folder, once for each image that a volume has had, and put away with the pod.
// containerd keeps what is shown by a name, so what a crash left is found by that name.
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type ImageFiles, mountsBelow } from '@berth/runtime';

const imageVolumes = 'image-volumes';

export class ImageMounts {
  readonly #files: ImageFiles;
  readonly #podsRoot: string;

  constructor(files: ImageFiles, podsRoot: string) {
    this.#files = files;
    this.#podsRoot = podsRoot;
  }

  /** @returns where its files are @throws Error in the kubelet's words */
  async provide(uid: string, volume: string, image: string): Promise<string> {
    const place = join(this.#folder(uid), volume, image.replace(/^[^:]*:/, '').slice(0, 64));
    if ((await mountsBelow(place)).includes(place)) return place;
    try {
      await this.#files.mount(image, place);
    } catch (error) {
      throw new Error(`ImageVolumeMountFailed: failed to mount image volume "${volume}": ${(error as Error).message}`, { cause: error });
    }
    return place;
  }

  async release(uid: string): Promise<void> {
    if (!existsSync(this.#folder(uid))) return;
    for (const place of await this.#files.placesBelow(this.#folder(uid))) await this.#files.release(place);
    await rm(this.#folder(uid), { recursive: true, force: true });
  }

  /** Of pods whose folders are gone, as after a tear-down. */
  async sweep(): Promise<void> {
    for (const place of await this.#files.placesBelow(this.#podsRoot)) {
      const [uid = '', folder] = place.slice(this.#podsRoot.length + 1).split('/');
      if (folder === imageVolumes && !existsSync(this.#folder(uid))) await this.#files.release(place);
    }
  }

  #folder(uid: string): string {
    return join(this.#podsRoot, uid, imageVolumes);
  }
}
