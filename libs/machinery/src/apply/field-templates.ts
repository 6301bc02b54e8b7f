// The fields of values that are built alike. Which fields a value has depends on the names in it and hardly on anything else, and
// objects are made by the hundred from one template: a value built like one before is recognised in one walk, which makes nothing, and
// has that one's fields. Must say exactly what `fieldsOfNew` and `everything` find.
import { deepEqual, isRecord } from '../json.ts';
import type { MessageSchema } from '../schema.ts';
import type { FieldSet } from './field-set.ts';
import { isKept } from './known-sets.ts';
import { itemElement, itemShape, memberShape, plainKey, type Shape } from './shape.ts';

/** Of one kin; beyond this, the one that was not met for longest is forgotten. */
const perKinMax = 8;
/** Of all; beyond this, the oldest is forgotten. */
const templatesMax = 500;

/** How a value is built. */
type Form =
  /** A name that no field has, or a member that is undefined. */
  | { kind: 'ignored'; isAbsent: boolean }
  /** Owned as a whole. Of a shape that has parts, only null or a scalar is. */
  | { kind: 'whole'; isLeaf: boolean; empty: unknown; isEmpty: boolean }
  | { kind: 'members'; names: string[]; forms: Form[] }
  | { kind: 'items'; shape: Shape; elements: string[]; keys: unknown[]; forms: Form[] };

/** What all values have in common that are compared: their shape, or of new objects, which are compared with the empty one, their type. */
type Kin = Shape | MessageSchema;

interface Template {
  kin: Kin;
  form: Form;
  fields: FieldSet;
}

const byKin = new WeakMap<Kin, Template[]>();
const oldestFirst = new Set<Template>();

/** The fields of a value that is built like one before. */
export function fieldsOfLike(kin: Kin, value: unknown): FieldSet | undefined {
  const templates = byKin.get(kin);
  if (!templates) return undefined;
  for (let i = 0; i < templates.length; i++) {
    const template = templates[i] as Template;
    if (!matches(template.form, value)) continue;
    if (!isKept(template.fields)) {
      forget(template);
      return undefined;
    }
    if (i > 0) {
      templates.splice(i, 1);
      templates.unshift(template);
    }
    return template.fields;
  }
  return undefined;
}

/** @param empty what the value is compared with, of which equal parts are not owned; undefined where all is */
export function rememberForm(kin: Kin, shape: Shape, empty: unknown, value: unknown, fields: FieldSet): void {
  const template: Template = { kin, form: formOf(shape, empty, value), fields };
  const templates = byKin.get(kin) ?? [];
  byKin.set(kin, templates);
  templates.unshift(template);
  oldestFirst.add(template);
  const surplus = templates.length > perKinMax ? templates.at(-1) : oldestFirst.size > templatesMax ? first(oldestFirst) : undefined;
  if (surplus) forget(surplus);
}

function first(templates: Iterable<Template>): Template | undefined {
  for (const template of templates) return template;
  return undefined;
}

function forget(template: Template): void {
  oldestFirst.delete(template);
  const templates = byKin.get(template.kin);
  templates?.splice(templates.indexOf(template), 1);
}

function formOf(shape: Shape, empty: unknown, value: unknown): Form {
  if (shape.kind === 'leaf' || value === null || typeof value !== 'object') {
    return { kind: 'whole', isLeaf: shape.kind === 'leaf', empty, isEmpty: empty !== undefined && deepEqual(value, empty) };
  }
  if (Array.isArray(value)) {
    const elements = value.map((item) => itemElement(shape, item));
    return {
      kind: 'items',
      shape,
      elements,
      keys: value.map((item) => plainKey(shape, item)),
      forms: value.map((item) => formOf(itemShape(shape), undefined, item)),
    };
  }
  const names = Object.keys(value);
  const forms = names.map((name): Form => {
    const inner = (value as Record<string, unknown>)[name];
    const member = memberShape(shape, name);
    if (inner === undefined || !member) return { kind: 'ignored', isAbsent: inner === undefined };
    return formOf(member, isRecord(empty) && Object.hasOwn(empty, name) ? empty[name] : undefined, inner);
  });
  return { kind: 'members', names, forms };
}

function matches(form: Form, value: unknown): boolean {
  if (value === undefined) return form.kind === 'ignored' && form.isAbsent;
  switch (form.kind) {
    case 'ignored':
      return !form.isAbsent;
    case 'whole':
      if (!form.isLeaf && value !== null && typeof value === 'object') return false;
      return form.empty === undefined || deepEqual(value, form.empty) === form.isEmpty;
    case 'members':
      return isRecord(value) && hasMembers(form.names, form.forms, value);
    case 'items':
      return Array.isArray(value) && value.length === form.forms.length && value.every((item, i) => isItem(form, i, item));
  }
}

function hasMembers(names: string[], forms: Form[], value: Record<string, unknown>): boolean {
  let i = 0;
  for (const name in value) {
    if (names[i] !== name || !matches(forms[i] as Form, value[name])) return false;
    i++;
  }
  return i === names.length;
}

function isItem({ shape, elements, keys, forms }: Extract<Form, { kind: 'items' }>, i: number, item: unknown): boolean {
  const key = plainKey(shape, item);
  if (key === undefined ? itemElement(shape, item) !== elements[i] : key !== keys[i]) return false;
  return matches(forms[i] as Form, item);
}
