// Holds a controller to what it declares: a kind that it does not is neither read from a cache that nobody fills, or whose changes wake
// nobody, nor written behind another controller's back. What is written is named as in rights: `replicasets.apps`, `pods/status`, `*` for all.
import { groupResourceOf, type KindDefinition, type KubeObject } from '@berth/machinery';
import type { Action, Caches, Controller } from './controller.ts';

type Named = Pick<KindDefinition, 'group' | 'plural'>;
type Declaring = Pick<Controller, 'name' | 'watches' | 'reads'>;

/** The caches of the kinds that a controller watches or says that it reads. */
export class DeclaredCaches implements Caches {
  readonly #controller: Declaring;
  readonly #caches: Caches;
  readonly #readable: Set<string>;
  /** Spares those that were found readable from being named again: controllers read much more often than kinds change. */
  readonly #checked = new WeakSet<object>();

  constructor(controller: Declaring, caches: Caches) {
    this.#controller = controller;
    this.#caches = caches;
    const kinds = [...controller.watches.map(({ kind }) => kind), ...(controller.reads ?? [])];
    this.#readable = new Set(kinds.map(groupResourceOf));
  }

  /** @throws RangeError for a kind that the controller does not declare */
  of<T extends KubeObject>(kind: KindDefinition<T>) {
    if (!this.#checked.has(kind)) this.#check(kind);
    return this.#caches.of(kind);
  }

  customKinds() {
    return this.#caches.customKinds();
  }

  /** From now on a kind that users define is one that it watches. */
  add(kind: Named): void {
    this.#readable.add(groupResourceOf(kind));
  }

  #check(kind: Named): void {
    const name = groupResourceOf(kind);
    if (!this.#readable.has(name)) {
      throw new RangeError(`${this.#controller.name} reads ${name}, which it does not declare: add it to its watches or reads`);
    }
    this.#checked.add(kind);
  }
}

/** What an action, or one within it, writes that is not among `writes`, as rights name it. */
export function undeclaredWrite(writes: readonly string[], action: Action): string | undefined {
  return writes.includes('*') ? undefined : writtenBy(action).find((written) => !writes.includes(written));
}

/** What an action writes, as it is named in rights. */
function writtenBy(action: Action): string[] {
  switch (action.type) {
    case 'event':
    case 'requeue':
      return [];
    case 'independently':
      return action.groups.flat().flatMap(writtenBy);
    case 'slowStart':
    case 'ifEmpty':
    case 'ifUnchanged':
      return action.actions.flatMap(writtenBy);
    case 'ifAbsent':
      return [...action.actions, ...(action.otherwise ?? [])].flatMap(writtenBy);
    case 'updateStatus':
      return [`${groupResourceOf(action.kind)}/status`];
    default: {
      const subresource = 'subresource' in action ? action.subresource : undefined;
      return [`${groupResourceOf(action.kind)}${subresource ? `/${subresource}` : ''}`];
    }
  }
}
