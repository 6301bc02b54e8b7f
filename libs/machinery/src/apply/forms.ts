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
  toStored(object: KubeObject): KubeObject;
  fromStored(stored: KubeObject): KubeObject;
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

  /** What changes between two objects of the request's version, as each manager's version names it. */
  changes(old: KubeObject, next: KubeObject, own: FieldChanges): (manager: Manager) => FieldChanges {
    const known = new Map<Form, FieldChanges>([[this.#own, own]]);
    return ({ apiVersion }) => {
      const form = this.of(apiVersion);
      const changes = known.get(form) ?? changedFields(rootShape(form.schema), this.#as(form, old), this.#as(form, next));
      known.set(form, changes);
      return changes;
    };
  }

  /**
   * Takes out of `merged`, an object of the request's version, what `dropped` has, which is named as in the version `from`, and which
   * none of `managers` has.
   */
  prune(merged: KubeObject, dropped: FieldSet, from: string, managers: readonly Manager[]): KubeObject {
    const form = this.of(from);
    const owned = (version: Form) =>
      managers.filter(({ apiVersion }) => this.of(apiVersion) === version).reduce((all, { fields }) => union(all, fields), noFields);
    let pruned = this.#back(form, removeFields(shapeOf(form), this.#as(form, merged), dropped, owned(form)) as KubeObject);
    for (const other of [this.#own, ...this.#others]) {
      const kept = owned(other);
      if (other === form || isEmpty(kept)) continue;
      const whole = this.#as(other, merged);
      // Of what went, that which managers of this version have is put back.
      const { removed } = changedFields(shapeOf(other), whole, this.#as(other, pruned));
      pruned = this.#back(other, removeFields(shapeOf(other), whole, removed, kept) as KubeObject);
    }
    return pruned;
  }

  #as(form: Form, object: KubeObject): KubeObject {
    return form === this.#own ? object : form.fromStored(this.#own.toStored(object));
  }

  #back(form: Form, object: KubeObject): KubeObject {
    return form === this.#own ? object : this.#own.fromStored(form.toStored(object));
  }
}

function shapeOf({ schema }: Form): Shape {
  return rootShape(schema);
}
