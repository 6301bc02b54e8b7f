// Which objects belong to one: a Deployment's ReplicaSets and their pods, a CronJob's Jobs and theirs. Owners say so; of what is gone
// already, only its name can, which controllers make of their own. Pure.
import type { KubeObject } from '@berth/machinery';

export interface Reference {
  kind: string;
  name: string;
  namespace?: string;
  uid?: string;
}

/** How controllers name what they make: their own name, and what follows. */
const random = '[bcdfghjklmnpqrstvwxz2456789]{5}';
const madeNames: Record<string, Record<string, string>> = {
  Deployment: { ReplicaSet: '[a-z0-9]{1,10}', Pod: `[a-z0-9]{1,10}-${random}` },
  ReplicaSet: { Pod: random },
  ReplicationController: { Pod: random },
  DaemonSet: { Pod: random },
  Job: { Pod: `(\\d+-)?${random}` },
  StatefulSet: { Pod: '\\d+' },
  CronJob: { Job: '\\d+', Pod: `\\d+-${random}` },
};

export class Family {
  readonly #root: Reference;
  readonly #uids = new Set<string>();
  readonly #keys = new Set<string>();
  readonly #patterns: [string, RegExp][];

  /** @param root what was asked about, whether it is still there or not */
  constructor(root: Reference) {
    this.#root = root;
    this.#keys.add(keyOf(root));
    if (root.uid) this.#uids.add(root.uid);
    const name = root.name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
    this.#patterns = Object.entries(madeNames[root.kind] ?? {}).map(([kind, rest]) => [kind, new RegExp(`^${name}-${rest}$`)]);
  }

  /** Adds those that descend from it. @param objects in any order */
  addDescendants(objects: readonly KubeObject[]): void {
    for (let size = -1; size !== this.#uids.size; ) {
      size = this.#uids.size;
      for (const object of objects) this.#addIfChild(object);
    }
  }

  #addIfChild({ kind, metadata: { uid = '', name, namespace, ownerReferences = [] } }: KubeObject): void {
    if (!ownerReferences.some((owner) => this.#uids.has(owner.uid))) return;
    this.#uids.add(uid);
    this.#keys.add(keyOf({ kind, name, namespace }));
  }

  has({ kind, name, namespace, uid }: Reference): boolean {
    if (uid !== undefined && this.#uids.has(uid)) return true;
    if (this.#keys.has(keyOf({ kind, name, namespace }))) return true;
    if (this.#root.namespace !== namespace) return false;
    return this.#patterns.some(([made, pattern]) => made === kind && pattern.test(name));
  }
}

/** What has no namespace, such as a node, is recorded in one. */
function keyOf({ kind, name, namespace }: Reference): string {
  return `${kind} ${kind === 'Node' ? '' : (namespace ?? '')}/${name}`;
}
