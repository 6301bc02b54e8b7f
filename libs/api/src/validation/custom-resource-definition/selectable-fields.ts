// Fields that lists can select by: plain values at fixed places, and not many.
import type { SelectableField } from '../../generated/apiextensions-v1.types.ts';
import { duplicate, type FieldError, invalid, required, tooMany } from '../errors.ts';
import { findField } from './field-path.ts';
import type { Schema } from './schema-shape.ts';

const fieldsMax = 8;
const selectableTypes = ['string', 'boolean', 'integer'];
const wrongType = 'must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.';

/** @param allowsMany for those that were there before there was a limit */
export function validateSelectableFields(fields: SelectableField[], schema: Schema, field: string, allowsMany: boolean): FieldError[] {
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  for (const [index, { jsonPath }] of fields.entries()) {
    const at = `${field}[${index}].jsonPath`;
    if (!jsonPath) errors.push(required(at));
    else errors.push(...selectable(jsonPath, schema, seen, at));
  }
  if (seen.size > fieldsMax && !allowsMany) errors.push(tooMany(field, seen.size, fieldsMax));
  return errors;
}

function selectable(jsonPath: string, schema: Schema, seen: Set<string>, field: string): FieldError[] {
  const found = findField(jsonPath, schema, false);
  if ('error' in found) return [invalid(field, jsonPath, `is an invalid path: ${found.error}`)];
  const errors: FieldError[] = [];
  if (found.root === 'metadata') errors.push(invalid(field, jsonPath, 'must not point to fields in metadata'));
  if (!selectableTypes.includes(found.schema.type ?? '')) errors.push(invalid(field, jsonPath, wrongType));
  if (seen.has(found.path)) errors.push(duplicate(field, jsonPath));
  seen.add(found.path);
  return errors;
}

/** Whether there were too many before, and they are the same. */
export function keepsMany(fields: SelectableField[] | undefined, old: SelectableField[] | undefined): boolean {
  if (!old || old.length <= fieldsMax) return false;
  return old.length === fields?.length && old.every(({ jsonPath }, index) => fields[index]?.jsonPath === jsonPath);
}
