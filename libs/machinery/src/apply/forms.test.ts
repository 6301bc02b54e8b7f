import { expect, it } from 'vitest';
import type { KubeObject } from '../object.ts';
import { SchemaRegistry } from '../schema.ts';
import { type Conversion, converted, type Form, Forms } from './forms.ts';
import { applyConfigurationAs, managedAfterUpdateAs, managedFieldsOf, setManagedFields } from './ownership.ts';

/** The same thing twice: `size` of v1 is `replicas` of v2. */
const registry = new SchemaRegistry();
const meta = { fields: [{ name: 'name', type: 'string' }] };
for (const [group, field] of [
  ['t.v1', 'size'],
  ['t.v2', 'replicas'],
] as const) {
  registry.add(group, {
    Meta: meta,
    Thing: {
      fields: [
        { name: 'metadata', type: `${group}.Meta` },
        { name: field, type: 'int32', pointer: true, omitempty: true },
        { name: 'note', type: 'string' },
      ],
    },
  });
}

type Fields = KubeObject & { size?: number; replicas?: number; note?: string };

function renamed(object: KubeObject, from: 'size' | 'replicas', to: 'size' | 'replicas', apiVersion: string): KubeObject {
  const { [from]: value, ...rest } = object as Fields;
  return { ...rest, apiVersion, ...(value !== undefined && { [to]: value }) };
}

const v2: Form = { apiVersion: 't/v2', schema: registry.message('t.v2.Thing') };
const v1: Form = { apiVersion: 't/v1', schema: registry.message('t.v1.Thing') };

const convert = ({ object, to }: Pick<Conversion, 'object' | 'to'>) =>
  to === v1 ? renamed(object, 'replicas', 'size', 't/v1') : renamed(object, 'size', 'replicas', 't/v2');
const stored = (object: KubeObject) => convert({ object, to: v2 });

const thing = (form: Form, fields: object): KubeObject => ({
  apiVersion: form.apiVersion,
  kind: 'Thing',
  metadata: { name: 'a' },
  ...fields,
});
const author = (manager: string, { apiVersion }: Form) => ({ manager, apiVersion, time: '2026-01-01T00:00:00Z' });

/** Of a stored object, as whoever writes in this version does. */
function update(form: Form, live: KubeObject | undefined, manager: string, fields: object): KubeObject {
  const next = thing(form, fields);
  const forms = new Forms(form, [v2, v1]);
  const shown = live && convert({ object: live, to: form });
  setManagedFields(next, converted(managedAfterUpdateAs(form.schema, shown, next, author(manager, form), forms), convert));
  return stored(next);
}

function apply(form: Form, live: KubeObject | undefined, manager: string, fields: object, force = false): KubeObject {
  const forms = new Forms(form, [v2, v1]);
  const shown = live && convert({ object: live, to: form });
  const request = { message: form.schema, live: shown, applied: thing(form, fields), author: author(manager, form), force, forms };
  return stored(converted(applyConfigurationAs(request), convert));
}

function owners(object: KubeObject): Record<string, unknown> {
  const entries = managedFieldsOf(object) ?? [];
  return Object.fromEntries(entries.map(({ manager, apiVersion, fieldsV1 }) => [`${manager} ${apiVersion}`, fieldsV1]));
}

it('names what is owned as in the version that it was written in, and takes it away in whichever version it is changed', () => {
  const made = update(v1, undefined, 'old', { size: 2, note: 'x' });
  expect(owners(made)).toEqual({ 'old t/v1': { 'f:size': {}, 'f:note': {} } });
  const scaled = update(v2, made, 'new', { replicas: 3, note: 'x' });
  expect(owners(scaled)).toEqual({ 'old t/v1': { 'f:note': {} }, 'new t/v2': { 'f:replicas': {} } });
});

it('sees conflicts across versions, and takes over when it is forced to', () => {
  const made = apply(v1, undefined, 'one', { size: 2 });
  expect(() => apply(v2, made, 'two', { replicas: 3 })).toThrow('conflict with "one": .size');
  const forced = apply(v2, made, 'two', { replicas: 3 }, true);
  expect(forced).toMatchObject({ replicas: 3 });
  expect(owners(forced)).toEqual({ 'two t/v2': { 'f:replicas': {} } });
});

it('takes out what its manager applied in the other version and applies no more, unless others want it', () => {
  const made = apply(v1, undefined, 'one', { size: 2, note: 'x' });
  const less = apply(v2, made, 'one', { note: 'x' });
  expect(less).not.toHaveProperty('replicas');
  expect(owners(less)).toEqual({ 'one t/v2': { 'f:note': {} } });
  const shared = apply(v2, made, 'two', { replicas: 2 });
  const kept = apply(v1, shared, 'one', { note: 'x' });
  expect(kept).toMatchObject({ replicas: 2, note: 'x' });
  expect(owners(kept)).toEqual({ 'one t/v1': { 'f:note': {} }, 'two t/v2': { 'f:replicas': {} } });
});
