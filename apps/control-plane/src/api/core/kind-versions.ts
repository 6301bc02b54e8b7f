// The versions in which objects of a kind are served: one is stored, the others are views of it. A write is defaulted, and its fields
// are owned, in the version that it comes in.
import { apiVersionOf, type Form, Forms, fillZeroValues, type KindDefinition, type KubeObject, storedKind } from '@berth/machinery';
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

export class KindVersions {
  readonly #kinds: KindsByName;
  /** By stored kind, which is another one when its versions change. */
  readonly #forms = new WeakMap<KindDefinition, Form[]>();

  constructor(kinds: KindsByName) {
    this.#kinds = kinds;
  }

  /** Undefined for kinds of one version. */
  of(target: Target): Forms | undefined {
    const forms = this.#formsOf(target.kind);
    if (forms.length < 2) return undefined;
    const own = forms.find(({ apiVersion }) => apiVersion === apiVersionOf(servedKind(target)));
    return own && new Forms(own, forms);
  }

  #formsOf(stored: KindDefinition): Form[] {
    let forms = this.#forms.get(stored);
    if (!forms) {
      const views = this.#kinds.all.filter((kind) => kind !== stored && storedKind(kind) === stored);
      forms = [formOf(stored), ...views.map(formOf)];
      this.#forms.set(stored, forms);
    }
    return forms;
  }
}

/** What is applied stands in an object as it was written. */
function decoded(kind: KindDefinition, object: KubeObject): KubeObject {
  return readBody(kind, object, { fieldValidation: 'Ignore' }).object;
}

function formOf(kind: KindDefinition): Form {
  return {
    apiVersion: apiVersionOf(kind),
    schema: kind.schema,
    toStored: (object) => asStored(kind, decoded(kind, object)),
    fromStored: (stored) => asServed(kind, stored),
  };
}
