// The images of a simulated node: present ones, and pulls that take time or fail as the image's name says.
import type { Clock } from '@berth/telemetry';
import { type ImageInfo, ImagePullError } from '../runtime.ts';
import { hollowPull } from './behaviour.ts';

/** A repeatable 64-digit number for a name (FNV-1a, widened); nothing secret depends on it. */
function digestOf(name: string): string {
  let hash = 0x811c9dc5;
  for (const char of name) hash = Math.imul(hash ^ char.charCodeAt(0), 0x01000193) >>> 0;
  return hash.toString(16).padStart(8, '0').repeat(8);
}

export class HollowImages {
  readonly #images = new Map<string, ImageInfo>();
  readonly #clock: Clock;

  constructor(clock: Clock, present: string[]) {
    this.#clock = clock;
    for (const image of present) this.#add(image);
  }

  find(image: string): ImageInfo | undefined {
    const exact = this.#images.get(image);
    if (exact) return exact;
    return this.list().find((info) => info.id === image || info.repoTags.includes(image) || info.repoDigests.includes(image));
  }

  list(): ImageInfo[] {
    return [...this.#images.values()];
  }

  async pull(image: string, delayMs: number): Promise<string> {
    const pull = hollowPull(image);
    if (delayMs + pull.extraDelayMs > 0) await this.#clock.sleep(delayMs + pull.extraDelayMs);
    if (pull.error) throw new ImagePullError(image, pull.error);
    return this.#add(image).id;
  }

  remove(image: string): void {
    const info = this.find(image);
    if (info) this.#images.delete(info.id);
  }

  #add(image: string): ImageInfo {
    const digest = digestOf(image);
    const id = `sha256:${digest}`;
    const info = { id, repoTags: [image], repoDigests: [`${image.replace(/[:@][^/]*$/, '')}@${id}`], sizeBytes: 10_000_000 };
    this.#images.set(id, info);
    return info;
  }
}
