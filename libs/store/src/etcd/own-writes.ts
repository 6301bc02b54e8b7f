// The values that this process is writing, until etcd's watch shows them: an event then carries the very array that was
// written, as the other drivers' events do, and whoever knows what that array was made of need not read it again.
import type { Transaction } from '../store.ts';

/** Values remembered; beyond it the oldest is forgotten. */
const valuesMax = 1_000;

export class OwnWrites {
  readonly #values = new Map<string, Uint8Array>();

  remember({ writes }: Transaction): void {
    for (const write of writes) {
      if (write.type !== 'put') continue;
      this.#values.delete(write.key);
      this.#values.set(write.key, write.value);
    }
    for (const key of this.#values.keys()) {
      if (this.#values.size <= valuesMax) break;
      this.#values.delete(key);
    }
  }

  /** Its own array when the key's value is what was written last, or else `value` itself. */
  recognize(key: string, value: Uint8Array): Uint8Array {
    const own = this.#values.get(key);
    if (!own || Buffer.compare(own, value) !== 0) return value;
    this.#values.delete(key);
    return own;
  }
}
