// What has been counted of a request, which may be decided several times, on newer and newer states: each thing counts once.
import type { DynamicRequest } from '../admission.ts';

export class CountedOnce {
  /** By what all attempts to decide a request share. */
  readonly #counted = new WeakMap<object, Set<string>>();

  isFirst(request: DynamicRequest, key: string): boolean {
    const attempts = request.known ?? request;
    const counted = this.#counted.get(attempts) ?? new Set<string>();
    if (counted.has(key)) return false;
    this.#counted.set(attempts, counted.add(key));
    return true;
  }
}
