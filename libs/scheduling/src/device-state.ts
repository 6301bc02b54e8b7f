// Claims to devices and their classes, as far as they decide whether a pod can be placed. `version` grows with every change that may
// alter an answer.
import type { ResourceClaim } from '@berth/api';
import { keyOf } from '@berth/machinery';

export class DeviceState {
  readonly #claims = new Map<string, ResourceClaim>();
  readonly #classes = new Set<string>();
  version = 0;

  /** @param key `namespace/name` */
  claim(key: string): ResourceClaim | undefined {
    return this.#claims.get(key);
  }

  hasClass(name: string): boolean {
    return this.#classes.has(name);
  }

  setClaim(claim: ResourceClaim): void {
    this.#claims.set(keyOf(claim), claim);
    this.version++;
  }

  removeClaim(key: string): void {
    if (this.#claims.delete(key)) this.version++;
  }

  addClass(name: string): void {
    if (this.#classes.has(name)) return;
    this.#classes.add(name);
    this.version++;
  }

  removeClass(name: string): void {
    if (this.#classes.delete(name)) this.version++;
  }
}
