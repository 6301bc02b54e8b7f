// Claims with their users, volumes, classes, and what nodes can attach and have attached, as the plugins for volumes need them. `version` grows with every change that may alter an answer.
import {
  type CSIDriver,
  type CSINode,
  type CSIStorageCapacity,
  type PersistentVolume,
  type PersistentVolumeClaim,
  type StorageClass,
  storageClassNameOf,
  type VolumeAttachment,
} from '@berth/api';
import { keyOf } from '@berth/machinery';
import { StorageCapacities } from './storage-capacity.ts';

export class VolumeState {
  readonly claims = new Map<string, PersistentVolumeClaim>();
  readonly volumes = new Map<string, PersistentVolume>();
  readonly classes = new Map<string, StorageClass>();
  readonly capacities = new StorageCapacities();
  version = 0;
  /** How many pods that have a node mount each claim. */
  readonly #users = new Map<string, number>();
  /** By node, then by driver. */
  readonly #limits = new Map<string, Map<string, number>>();
  readonly #attachments = new Map<string, Map<string, VolumeAttachment>>();

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

  /** How many volumes of each driver a node takes; undefined when nothing limits them. */
  limitsOf(nodeName: string): Map<string, number> | undefined {
    return this.#limits.get(nodeName);
  }

  setNodeLimits({ metadata, spec }: CSINode): void {
    const limits = spec.drivers.flatMap(({ name, allocatable }): [string, number][] =>
      allocatable?.count === undefined ? [] : [[name, allocatable.count]],
    );
    if (limits.length === 0) this.#limits.delete(metadata.name);
    else this.#limits.set(metadata.name, new Map(limits));
    this.version++;
  }

  removeNodeLimits(nodeName: string): void {
    if (this.#limits.delete(nodeName)) this.version++;
  }

  setAttachment(attachment: VolumeAttachment): void {
    const { nodeName } = attachment.spec;
    const here = this.#attachments.get(nodeName) ?? new Map<string, VolumeAttachment>();
    this.#attachments.set(nodeName, here.set(attachment.metadata.name, attachment));
    this.version++;
  }

  removeAttachment({ metadata, spec }: VolumeAttachment): void {
    const here = this.#attachments.get(spec.nodeName);
    if (!here?.delete(metadata.name)) return;
    if (here.size === 0) this.#attachments.delete(spec.nodeName);
    this.version++;
  }

  /** Volumes of CSI drivers that are attached to a node, each with its driver. */
  *attachmentsTo(nodeName: string): Iterable<[volume: string, driver: string]> {
    for (const { spec } of this.#attachments.get(nodeName)?.values() ?? []) {
      const csi = this.volumes.get(spec.source.persistentVolumeName ?? '')?.spec.csi;
      if (csi && spec.attacher) yield [`${spec.attacher}/${csi.volumeHandle}`, spec.attacher];
    }
  }

  /** What a claim takes of a node's limits: a volume of a driver, or one that its class's provisioner has yet to make. */
  driverOf(key: string): { volume: string; name: string } | undefined {
    const claim = this.claims.get(key);
    const volume = this.volumes.get(claim?.spec.volumeName ?? '');
    if (volume) {
      const { csi } = volume.spec;
      return csi && { volume: `${csi.driver}/${csi.volumeHandle}`, name: csi.driver };
    }
    const provisioner = claim && this.classes.get(storageClassNameOf(claim) ?? '')?.provisioner;
    // No handle begins like this: a claim has a name and a namespace.
    return provisioner ? { volume: `claim:${key}`, name: provisioner } : undefined;
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

  setCapacity(capacity: CSIStorageCapacity): void {
    this.capacities.set(capacity);
    this.version++;
  }

  removeCapacity(key: string): void {
    this.capacities.remove(key);
    this.version++;
  }

  setDriver(driver: CSIDriver): void {
    this.capacities.setDriver(driver);
    this.version++;
  }

  removeDriver(name: string): void {
    this.capacities.removeDriver(name);
    this.version++;
  }

  setClass(storageClass: StorageClass): void {
    this.classes.set(storageClass.metadata.name, storageClass);
    this.version++;
  }

  removeClass(name: string): void {
    if (this.classes.delete(name)) this.version++;
  }
}
