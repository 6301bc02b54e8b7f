// How much storage can still be made for a node, as CSIStorageCapacity objects say it for drivers that publish it, and what of that is
// promised already: to claims of pods that were given the node a moment ago, whose volumes are not made yet.
import {
  type CSIDriver,
  type CSIStorageCapacity,
  diskBytes,
  localProvisioner,
  type PersistentVolumeClaim,
  type StorageClass,
  storageClassNameOf,
} from '@berth/api';
import { keyOf, labelSelectorFrom, parseQuantity } from '@berth/machinery';
import type { NodeState } from './node-state.ts';

/** By keys or names. */
interface KnownVolumes {
  claims: ReadonlyMap<string, PersistentVolumeClaim>;
  classes: ReadonlyMap<string, StorageClass>;
  volumes: { has(name: string): boolean };
}

interface Offer {
  className: string;
  matches(labels: Record<string, string>): boolean;
  bytes: number;
}

export class StorageCapacities {
  readonly #offers = new Map<string, Offer>();
  readonly #drivers = new Set<string>();

  set(capacity: CSIStorageCapacity): void {
    const { nodeTopology, storageClassName: className } = capacity;
    const amount = capacity.maximumVolumeSize ?? capacity.capacity;
    // Without either it says that there is none, or that nobody reaches it.
    if (!nodeTopology || amount === undefined) {
      this.remove(keyOf(capacity));
      return;
    }
    const selector = labelSelectorFrom(nodeTopology);
    this.#offers.set(keyOf(capacity), { className, matches: (labels) => selector.matches(labels), bytes: parseQuantity(amount).value() });
  }

  remove(key: string): void {
    this.#offers.delete(key);
  }

  setDriver({ metadata, spec }: CSIDriver): void {
    if (spec.storageCapacity) this.#drivers.add(metadata.name);
    else this.#drivers.delete(metadata.name);
  }

  removeDriver(name: string): void {
    this.#drivers.delete(name);
  }

  /** The most that one place offers the node; undefined when nothing limits its volumes, as far as is known. */
  offered({ metadata, provisioner }: StorageClass, { labels }: NodeState): number | undefined {
    const isLocal = provisioner === localProvisioner;
    if (!isLocal && !this.#drivers.has(provisioner)) return undefined;
    let most = isLocal ? undefined : 0;
    for (const { className, matches, bytes } of this.#offers.values()) {
      if (className === metadata.name && matches(labels)) most = Math.max(most ?? 0, bytes);
    }
    return most;
  }
}

/** Of what the claim asks for, as large as its volume will be. */
export function claimBytes({ spec }: PersistentVolumeClaim, { provisioner }: StorageClass): number {
  const asked = parseQuantity(spec.resources?.requests?.storage ?? '0').value();
  return provisioner === localProvisioner ? diskBytes(asked, 'ext4') : asked;
}

/** What claims of pods on the node wait for, from one provisioner. Once a volume is there, its capacity object counts it. */
export function promisedBytes(node: NodeState, provisioner: string, volumes: KnownVolumes): number {
  let sum = 0;
  const seen = new Set<string>();
  for (const { claims, namespace } of node.pods.values()) {
    for (const name of claims) {
      const key = `${namespace}/${name}`;
      const claim = volumes.claims.get(key);
      if (!claim || claim.spec.volumeName || seen.has(key) || volumes.volumes.has(`pvc-${claim.metadata.uid}`)) continue;
      seen.add(key);
      const storageClass = volumes.classes.get(storageClassNameOf(claim) ?? '');
      if (storageClass?.provisioner === provisioner) sum += claimBytes(claim, storageClass);
    }
  }
  return sum;
}
