// A controller that says what it reads and what it writes, and is held to both: a kind that it has not declared is neither read from a
// cache that nobody fills nor written behind another controller's back. Its plan is pure, so that tests need no cluster.
import { type Action, type Caches, type Controller, type ControllerWatch, erased, undeclaredWrite, watches } from '@berth/controller';
import { groupResourceOf, type KindDefinition, type KubeObject, keyOf, type ObjectKey } from '@berth/machinery';

/** What a controller may read: its own kind and its inputs, from caches. Objects are shared: copy before changing. */
export interface Reader {
  get<T extends KubeObject>(kind: KindDefinition<T>, key: ObjectKey): T | undefined;
  list<T extends KubeObject>(kind: KindDefinition<T>): T[];
  /** Those that the object controls, of a kind declared by `owned`. */
  owned<T extends KubeObject>(kind: KindDefinition<T>, owner: KubeObject): T[];
}

export interface Input {
  kind: KindDefinition;
  /** Keys of the objects that an object concerns; absent for what they own. */
  concerns?(object: KubeObject, read: Reader): ObjectKey[];
}

export interface Output {
  kind: KindDefinition;
  statusOnly: boolean;
}

export interface ControllerOptions<T extends KubeObject, Observed> {
  name: string;
  /** The kind whose objects are planned for, one at a time. */
  for: KindDefinition<T>;
  /** What it reads beside. */
  inputs?: Input[];
  /** What it writes. */
  outputs: Output[];
  /** Everything that the plan depends on; undefined when there is nothing to do. */
  observe(object: T, read: Reader): Observed | undefined;
  /** @param now Unix milliseconds */
  plan(observed: Observed, now: number): Action[];
}

const controllerIndex = 'controller';

/** Objects that those planned for control. */
export function owned<T extends KubeObject>(kind: KindDefinition<T>): Input {
  return { kind: erased(kind) };
}

/** @param concerns which of the objects planned for are planned again when such an object changes */
export function reads<T extends KubeObject>(kind: KindDefinition<T>, concerns: (object: T, read: Reader) => ObjectKey[]): Input {
  return { kind: erased(kind), concerns: concerns as unknown as NonNullable<Input['concerns']> };
}

export function writes<T extends KubeObject>(kind: KindDefinition<T>): Output {
  return { kind: erased(kind), statusOnly: false };
}

export function writesStatus<T extends KubeObject>(kind: KindDefinition<T>): Output {
  return { kind: erased(kind), statusOnly: true };
}

export function defineController<T extends KubeObject, Observed>(options: ControllerOptions<T, Observed>): Controller<Observed> {
  const { name, inputs = [], outputs } = options;
  const owners = new Set(inputs.filter(({ concerns }) => !concerns).map(({ kind }) => nameOf(kind)));
  const declared = new Set([nameOf(options.for), ...inputs.map(({ kind }) => nameOf(kind))]);
  const written = outputs.map(({ kind, statusOnly }) => `${nameOf(kind)}${statusOnly ? '/status' : ''}`);
  const readerOf = (caches: Caches) => new DeclaredReader(name, declared, owners, caches);
  return {
    name,
    writes: written,
    owns: outputs.map(({ kind, statusOnly }) => `${nameOf(kind)}${statusOnly ? '.status' : ` for ${nameOf(options.for)}`}`),
    watches: [watches(options.for, (object) => [keyOf(object)]), ...inputs.map((input) => watchOf(input, options.for, readerOf))],
    prepare(caches) {
      for (const { kind, concerns } of inputs) {
        if (!concerns) caches.of(kind).addIndex(controllerIndex, ({ metadata }) => ownersOf(metadata).map(({ uid }) => uid));
      }
    },
    observe(key, caches) {
      const object = caches.of(options.for).get(key);
      return object && options.observe(object, readerOf(caches));
    },
    plan(observed, now) {
      const actions = options.plan(observed, now);
      for (const action of actions) checkAction(name, written, action);
      return actions;
    },
  };
}

class DeclaredReader implements Reader {
  readonly #controller: string;
  readonly #declared: ReadonlySet<string>;
  readonly #owned: ReadonlySet<string>;
  readonly #caches: Caches;

  constructor(controller: string, declared: ReadonlySet<string>, owned: ReadonlySet<string>, caches: Caches) {
    this.#controller = controller;
    this.#declared = declared;
    this.#owned = owned;
    this.#caches = caches;
  }

  get<T extends KubeObject>(kind: KindDefinition<T>, key: ObjectKey): T | undefined {
    return this.#cache(kind).get(keyOf({ metadata: kind.namespaced ? key : { name: key.name } }));
  }

  list<T extends KubeObject>(kind: KindDefinition<T>): T[] {
    return this.#cache(kind).list();
  }

  owned<T extends KubeObject>(kind: KindDefinition<T>, { metadata }: KubeObject): T[] {
    if (!this.#owned.has(nameOf(kind))) throw this.#undeclared(kind, `owned(${kind.kind})`);
    return this.#cache(kind).byIndex(controllerIndex, metadata.uid ?? '');
  }

  #cache<T extends KubeObject>(kind: KindDefinition<T>) {
    if (!this.#declared.has(nameOf(kind))) throw this.#undeclared(kind, `reads(${kind.kind}, …) or owned(${kind.kind})`);
    return this.#caches.of(kind);
  }

  #undeclared(kind: Named, remedy: string): RangeError {
    return new RangeError(`${this.#controller} reads ${nameOf(kind)}, which it does not declare: add ${remedy} to its inputs`);
  }
}

function watchOf(
  { kind, concerns }: Input,
  primary: Pick<KindDefinition, 'group' | 'kind' | 'namespaced'>,
  readerOf: (caches: Caches) => Reader,
): ControllerWatch {
  return watches(kind, (object, caches) => {
    if (concerns) return concerns(object, readerOf(caches)).map((metadata) => keyOf({ metadata }));
    const { namespace } = object.metadata;
    return ownersOf(object.metadata)
      .filter((owner) => owner.kind === primary.kind && owner.apiVersion.split('/').slice(0, -1).join('') === primary.group)
      .map(({ name }) => keyOf({ metadata: { name, ...(primary.namespaced && namespace !== undefined && { namespace }) } }));
  });
}

function ownersOf({ ownerReferences }: KubeObject['metadata']) {
  return (ownerReferences ?? []).filter(({ controller }) => controller);
}

function checkAction(controller: string, written: readonly string[], action: Action): void {
  const undeclared = undeclaredWrite(written, action);
  if (undeclared === undefined) return;
  const remedy = undeclared.endsWith('/status') ? 'writesStatus' : 'writes';
  throw new RangeError(`${controller} writes ${undeclared}, which it does not declare: add ${remedy}(…) of that kind to its outputs`);
}

type Named = Pick<KindDefinition, 'group' | 'plural'>;
const nameOf = (kind: Named) => groupResourceOf(kind);
