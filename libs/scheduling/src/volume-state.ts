// Claims, volumes and classes as volume-binding needs them. `version` grows with every change that may alter an answer.
import type { PersistentVolume, PersistentVolumeClaim, StorageClass } from '@berth/api';
import { keyOf } from '@berth/machinery';

export class VolumeState {
  readonly claims = new Map<string, PersistentVolumeClaim>();
  readonly volumes = new Map<string, PersistentVolume>();
  readonly classes = new Map<string, StorageClass>();
  version = 0;

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
