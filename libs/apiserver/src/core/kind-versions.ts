// The versions in which objects of a kind are served: of built-in kinds one is stored, and the others are views of it; those of kinds
// that users define are converted. A write is defaulted, and its fields are owned, in the version that it comes in.
import {
  apiVersionOf,
  type Conversion,
  type Converting,
  converted,
  type Form,
  Forms,
  fillZeroValues,
  type KindDefinition,
  type KubeObject,
  storedKind,
} from '@berth/machinery';
import { readBody } from './body.ts';
import type { KindsByName } from './kinds-by-name.ts';
import type { Target } from './types.ts';

/** The kind in the version of the request. */
export function servedKind({ kind, through }: Target): KindDefinition {
  return through ?? kind;
}

/** A stored object as a version has it. May share parts with the stored one. */
export function asServed(kind: KindDefinition, stored: KubeObject): KubeObject {
  if (!kind.view) return stored;
  const object = kind.view.fromStored(stored);
  kind.defaults(object);
  return object;
}

/** An object of a version as it is stored: without what only its own version shows when it is empty. */
export function asStored(kind: KindDefinition, object: KubeObject): KubeObject {
  if (!kind.view) return object;
  return readBody(kind.view.of, kind.view.toStored(object), { fieldValidation: 'Ignore' }).object;
}

/** What a write is validated with: the defaults of its own version are in it already, and those of the stored one come when it is read. */
export function defaultForWrite({ kind, through }: Target, object: KubeObject): void {
  if (through) fillZeroValues(kind.schema, object as unknown as Record<string, unknown>);
  else kind.defaults(object);
}

/** An object of one version of a kind in another. May share parts with the one given. @throws StatusError when it cannot be converted */
export function inVersion(object: KubeObject, from: KindDefinition, to: KindDefinition): KubeObject | Promise<KubeObject> {
  if (!from.conversion) return asServed(to, asStored(from, object));
  const objects = from.conversion.convert([object], to);
  return objects instanceof Promise ? objects.then(only) : only(objects);
}

interface VersionForm extends Form {
  kind: KindDefinition;
}

export class KindVersions {
  readonly #kinds: KindsByName;
  /** By stored kind, which is another one when its versions change. */
  readonly #forms = new WeakMap<KindDefinition, VersionForm[]>();

  constructor(kinds: KindsByName) {
    this.#kinds = kinds;
  }

  /** Undefined for kinds of one version. */
  of(target: Target): Forms | undefined {
    const forms = this.#formsOf(homeOf(target.kind));
    if (forms.length < 2) return undefined;
    const own = forms.find(({ apiVersion }) => apiVersion === apiVersionOf(servedKind(target)));
    return own && new Forms(own, forms);
  }

  /** What a computation over `of(target)` comes to. */
  converted<T>(target: Target, computation: Converting<T>): T | Promise<T> {
    return converted(computation, (asked) => this.#convert(target, asked));
  }

  #convert({ kind }: Target, { object, from, to }: Conversion): KubeObject | Promise<KubeObject> {
    const forms = this.#formsOf(homeOf(kind));
    const kindOf = ({ apiVersion }: Form) => forms.find((form) => form.apiVersion === apiVersion)?.kind ?? kind;
    return kind.conversion ? inVersion(object, kind, kindOf(to)) : inVersion(decoded(kindOf(from), object), kindOf(from), kindOf(to));
  }

  #formsOf(home: KindDefinition): VersionForm[] {
    let forms = this.#forms.get(home);
    if (!forms) {
      const others = this.#kinds.all.filter((kind) => kind !== home && homeOf(kind) === home);
      const isServed = !home.conversion || this.#kinds.all.includes(home);
      forms = [...(isServed ? [home] : []), ...others].map((kind) => ({ apiVersion: apiVersionOf(kind), schema: kind.schema, kind }));
      this.#forms.set(home, forms);
    }
    return forms;
  }
}

/** Which stands for all versions of a kind. */
export function homeOf(kind: KindDefinition): KindDefinition {
  return kind.conversion?.stored ?? storedKind(kind);
}

function only([object]: KubeObject[]): KubeObject {
  if (!object) throw new RangeError('one object was converted to none');
  return object;
}

/** What is applied stands in an object as it was written. */
function decoded(kind: KindDefinition, object: KubeObject): KubeObject {
  return readBody(kind, object, { fieldValidation: 'Ignore' }).object;
}
