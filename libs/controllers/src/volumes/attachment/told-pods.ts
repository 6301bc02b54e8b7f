// Which pods were told what of their volumes, so that an event is about something that happened, and not about a plan that was made again.
import type { Pod } from '@berth/api';

/** What is forgotten is told again. */
const rememberedMax = 10_000;

export class ToldPods {
  readonly #told = new Set<string>();

  /** Those of the pods that were not told of it yet; from now on they were. */
  of(pods: Pod[], what: string): Pod[] {
    return pods.filter(({ metadata }) => this.#add(`${metadata.uid} ${what}`));
  }

  #add(key: string): boolean {
    if (this.#told.has(key)) return false;
    this.#told.add(key);
    if (this.#told.size > rememberedMax) for (const oldest of this.#told) return this.#told.delete(oldest);
    return true;
  }
}
