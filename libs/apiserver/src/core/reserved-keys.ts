// Keys of the store under prefixes that no kind is known by: allocations, and objects of kinds that are not served. Without values.
const none: ReadonlySet<string> = new Set();

export class ReservedKeys {
  readonly #byPrefix = new Map<string, Set<string>>();

  /** Without the prefix. */
  of(prefix: string): ReadonlySet<string> {
    return this.#byPrefix.get(prefix) ?? none;
  }

  add(prefix: string, key: string): void {
    const keys = this.#byPrefix.get(prefix);
    if (keys) keys.add(key);
    else this.#byPrefix.set(prefix, new Set([key]));
  }

  remove(prefix: string, key: string): void {
    this.#byPrefix.get(prefix)?.delete(key);
  }

  replace(prefix: string, keys: Iterable<string>): void {
    this.#byPrefix.set(prefix, new Set(keys));
  }

  forget(prefix: string): void {
    this.#byPrefix.delete(prefix);
  }

  clear(): void {
    this.#byPrefix.clear();
  }
}
