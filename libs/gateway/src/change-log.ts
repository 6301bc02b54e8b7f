// A set of objects with the order of its last changes, so that a reader at a revision gets what follows it.
// Bounded: a reader further behind than the log reaches gets everything.
import type { KubeObject } from '@berth/machinery';
import type { DesiredKey } from '@berth/protocol';

export interface Delta {
  objects: KubeObject[];
  removed: DesiredKey[];
}

/** Revisions of one gateway, shared by its logs. The upper part is chosen by chance: another gateway's revisions are unknown here. */
export class RevisionCounter {
  readonly first: number;
  #last: number;

  constructor(epoch: number) {
    this.first = (epoch + 1) * 2 ** 31;
    this.#last = this.first;
  }

  get last(): number {
    return this.#last;
  }

  next(): number {
    return ++this.#last;
  }

  /** Whether a revision was given by this counter. */
  knows(revision: number): boolean {
    return revision >= this.first && revision <= this.#last;
  }
}

export function keyText(key: DesiredKey): string {
  return `${key.kind}/${key.namespace}/${key.name}`;
}

export function keyFor(object: KubeObject): DesiredKey {
  return { kind: object.kind, namespace: object.metadata.namespace ?? '', name: object.metadata.name };
}

export class ChangeLog {
  readonly #current = new Map<string, KubeObject>();
  readonly #changes: { revision: number; key: DesiredKey }[] = [];
  readonly #counter: RevisionCounter;
  readonly #limit: number;
  /** Changes after this revision are all in the log. */
  #floor: number;

  constructor(counter: RevisionCounter, limit: number) {
    this.#counter = counter;
    this.#limit = limit;
    this.#floor = counter.last;
  }

  get size(): number {
    return this.#current.size;
  }

  /** Returns whether anything changed. */
  set(object: KubeObject): boolean {
    const key = keyFor(object);
    const text = keyText(key);
    const known = this.#current.get(text);
    if (known && isSame(known, object)) return false;
    this.#current.set(text, object);
    this.#record(key);
    return true;
  }

  remove(key: DesiredKey): boolean {
    if (!this.#current.delete(keyText(key))) return false;
    this.#record(key);
    return true;
  }

  /** Makes `objects` the whole set. */
  replace(objects: Map<string, KubeObject>): boolean {
    let changed = false;
    for (const [text, object] of this.#current) if (!objects.has(text)) changed = this.remove(keyFor(object)) || changed;
    for (const object of objects.values()) changed = this.set(object) || changed;
    return changed;
  }

  all(): KubeObject[] {
    return [...this.#current.values()];
  }

  /** What changed after `revision`, each object once and as it is now; undefined when the log no longer reaches that far. */
  since(revision: number): Delta | undefined {
    if (revision < this.#floor) return undefined;
    const delta: Delta = { objects: [], removed: [] };
    const seen = new Set<string>();
    for (let i = this.#changes.length - 1; i >= 0; i--) {
      const change = this.#changes[i];
      if (!change || change.revision <= revision) break;
      const text = keyText(change.key);
      if (seen.has(text)) continue;
      seen.add(text);
      const object = this.#current.get(text);
      if (object) delta.objects.push(object);
      else delta.removed.push(change.key);
    }
    return delta;
  }

  #record(key: DesiredKey): void {
    this.#changes.push({ revision: this.#counter.next(), key });
    if (this.#changes.length <= this.#limit) return;
    // Half at once, so that trimming costs little per change.
    const dropped = this.#changes.splice(0, Math.ceil(this.#limit / 2));
    this.#floor = dropped.at(-1)?.revision ?? this.#floor;
  }
}

function isSame(a: KubeObject, b: KubeObject): boolean {
  return a.metadata.uid === b.metadata.uid && a.metadata.resourceVersion === b.metadata.resourceVersion;
}
