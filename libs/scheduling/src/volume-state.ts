// Claims with their users, volumes and classes, as the plugins for volumes need them. `version` grows with every change that may alter an answer.
import type { PersistentVolume, PersistentVolumeClaim, StorageClass } from '@berth/api';
import { keyOf } from '@berth/machinery';

export class VolumeState {
  readonly claims = new Map<string, PersistentVolumeClaim>();
  readonly volumes = new Map<string, PersistentVolume>();
  readonly classes = new Map<string, StorageClass>();
  version = 0;
  /** How many pods that have a node mount each claim. */
  readonly #users = new Map<string, number>();

  /** @param by 1 when a pod that mounts the claim is placed, -1 when it is gone */
  countUser(key: string, by: 1 | -1): void {
    this.supposeUser(key, by);
    if (this.#isForOnePod(key)) this.version++;
  }

  /** The same for a moment: whoever supposes takes it back before anybody else asks. */
  supposeUser(key: string, by: 1 | -1): void {
    const count = (this.#users.get(key) ?? 0) + by;
    if (count === 0) this.#users.delete(key);
    else this.#users.set(key, count);
  }

  /** Whether a pod has the claim that no other may mount beside it. */
  isTaken(key: string): boolean {
    return this.#users.has(key) && this.#isForOnePod(key);
  }

  #isForOnePod(key: string): boolean {
    return this.claims.get(key)?.spec.accessModes?.includes('ReadWriteOncePod') ?? false;
  }

  setClaim(claim: PersistentVolumeClaim): void {
    this.claims.set(keyOf(claim), claim);
    this.version++;
  }

  removeClaim(key: string): void {
    if (this.claims.delete(key)) this.version++;
  }

  setVolume(volume: PersistentVolume): void {
    this.volumes.set(volume.metadata.name, volume);
    this.version++;
  }

  removeVolume(name: string): void {
    if (this.volumes.delete(name)) this.version++;
  }

  setClass(storageClass: StorageClass): void {
    this.classes.set(storageClass.metadata.name, storageClass);
    this.version++;
  }

  removeClass(name: string): void {
    if (this.classes.delete(name)) this.version++;
  }
}
