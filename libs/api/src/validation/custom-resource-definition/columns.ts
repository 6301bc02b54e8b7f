// Columns that tables of a kind show.
import type { CustomResourceColumnDefinition } from '../../generated/apiextensions-v1.types.ts';
import { type FieldError, invalid, required } from '../errors.ts';

const types = ['boolean', 'date', 'integer', 'number', 'string'];
const formats = ['byte', 'date', 'date-time', 'double', 'float', 'int32', 'int64', 'password'];

export function validateColumn(column: Partial<CustomResourceColumnDefinition>, field: string): FieldError[] {
  const { name, type, format, jsonPath } = column;
  const errors = name ? [] : [required(`${field}.name`)];
  const typeDetail = `must be one of ${types.join(',')}`;
  if (!type) errors.push(required(`${field}.type`, typeDetail));
  else if (!types.includes(type)) errors.push(invalid(`${field}.type`, type, typeDetail));
  if (format && !formats.includes(format)) errors.push(invalid(`${field}.format`, format, `must be one of ${formats.join(',')}`));
  const at = `${field}.JSONPath`;
  return [...errors, ...(jsonPath ? simplePath(jsonPath, at) : [required(at)])];
}

/** A path that is read when the table is shown; here it only has to begin like one. */
export function simplePath(path: string, field: string): FieldError[] {
  return path.startsWith('.') ? [] : [invalid(field, path, 'must be a simple json path starting with .')];
}
