// An object whose kind has several versions, in each of them: what a manager owns is named as in the version that it wrote, so that what
// changes is looked for there.
import type { KubeObject } from '../object.ts';
import type { MessageSchema } from '../schema.ts';
import { changedFields, type FieldChanges } from './changed-fields.ts';
import { type FieldSet, isEmpty, noFields, union } from './field-set.ts';
import type { Manager } from './managers.ts';
import { removeFields } from './merge-applied.ts';
import { rootShape, type Shape } from './shape.ts';

/** One version of a kind. */
export interface Form {
  apiVersion: string;
  schema: MessageSchema;
}

/** An object that is needed in another version: whoever runs `Converting` goes on with it. */
export interface Conversion {
  object: KubeObject;
  from: Form;
  to: Form;
}

/** A computation that may need conversions, which may take their time. */
export type Converting<T> = Generator<Conversion, T, KubeObject>;

/** Runs it: at once where conversions are functions, as those of built-in kinds are, and else as they come. */
export function converted<T>(computation: Converting<T>, convert: (asked: Conversion) => KubeObject): T;
export function converted<T>(computation: Converting<T>, convert: (asked: Conversion) => KubeObject | Promise<KubeObject>): T | Promise<T>;
export function converted<T>(computation: Converting<T>, convert: (asked: Conversion) => KubeObject | Promise<KubeObject>): T | Promise<T> {
  const goOn = (from: IteratorResult<Conversion, T>): T | Promise<T> => {
    let step = from;
    while (!step.done) {
      const object = convert(step.value);
      if (object instanceof Promise) return object.then((known) => goOn(computation.next(known)));
      step = computation.next(object);
    }
    return step.value;
  };
  return goOn(computation.next());
}

export class Forms {
  readonly #own: Form;
  readonly #others: readonly Form[];

  /** @param own the version of the request, which is that of managers whose version is not served. @param all of the kind */
  constructor(own: Form, all: readonly Form[]) {
    this.#own = own;
    this.#others = all.filter(({ apiVersion }) => apiVersion !== own.apiVersion);
  }

  of(apiVersion: string): Form {
    return this.#others.find((form) => form.apiVersion === apiVersion) ?? this.#own;
  }

  /** What changes between two objects of the request's version, as the version of each of these managers names it. */
  *changes(
    old: KubeObject,
    next: KubeObject,
    own: FieldChanges,
    managers: readonly Manager[],
  ): Converting<(manager: Manager) => FieldChanges> {
    const known = new Map<Form, FieldChanges>([[this.#own, own]]);
    for (const { apiVersion } of managers) {
      const form = this.of(apiVersion);
      if (known.has(form)) continue;
      const before = yield* this.#as(form, old);
      known.set(form, changedFields(shapeOf(form), before, yield* this.#as(form, next)));
    }
    return ({ apiVersion }) => known.get(this.of(apiVersion)) ?? own;
  }

  /**
   * Takes out of `merged`, an object of the request's version, what `dropped` has, which is named as in the version `from`, and which
   * none of `managers` has.
   */
  *prune(merged: KubeObject, dropped: FieldSet, from: string, managers: readonly Manager[]): Converting<KubeObject> {
    const form = this.of(from);
    const owned = (version: Form) =>
      managers.filter(({ apiVersion }) => this.of(apiVersion) === version).reduce((all, { fields }) => union(all, fields), noFields);
    const without = removeFields(shapeOf(form), yield* this.#as(form, merged), dropped, owned(form)) as KubeObject;
    let pruned = yield* this.#back(form, without);
    for (const other of [this.#own, ...this.#others]) {
      const kept = owned(other);
      if (other === form || isEmpty(kept)) continue;
      const whole = yield* this.#as(other, merged);
      // Of what went, that which managers of this version have is put back.
      const { removed } = changedFields(shapeOf(other), whole, yield* this.#as(other, pruned));
      pruned = yield* this.#back(other, removeFields(shapeOf(other), whole, removed, kept) as KubeObject);
    }
    return pruned;
  }

  *#as(form: Form, object: KubeObject): Converting<KubeObject> {
    return form === this.#own ? object : yield { object, from: this.#own, to: form };
  }

  *#back(form: Form, object: KubeObject): Converting<KubeObject> {
    return form === this.#own ? object : yield { object, from: form, to: this.#own };
  }
}

function shapeOf({ schema }: Form): Shape {
  return rootShape(schema);
}
