// Single values as Go's decoder takes them: what fits a type, and what a type holds when nothing was given.
import { isInt64 } from './exact-json.ts';
import { base64Error } from './go-base64.ts';
import { durationNanos } from './go-duration.ts';
import { goTimeError } from './go-time.ts';
import { isQuantity } from './quantity.ts';
import type { ScalarType, TypeSchema } from './schema.ts';

/** True when it fits, false for a wrong JSON type, a message for a malformed value. */
export function scalarFits(scalar: ScalarType, value: unknown): true | false | string {
  switch (scalar) {
    case 'string':
      return typeof value === 'string';
    case 'bool':
      return typeof value === 'boolean';
    case 'int32':
      return Number.isInteger(value) && (value as number) >= -(2 ** 31) && (value as number) < 2 ** 31;
    case 'int64':
      return isInt64(value);
    case 'double':
      return typeof value === 'number' || typeof value === 'bigint';
    case 'bytes':
      return typeof value === 'string' && (base64Error(value) ?? true);
    case 'Time':
    case 'MicroTime':
      return typeof value === 'string' && (goTimeError(value, scalar === 'MicroTime') ?? true);
    case 'Duration':
      return typeof value === 'string' && (durationNanos(value) !== undefined || `time: invalid duration ${JSON.stringify(value)}`);
    case 'Quantity':
      // Go reads whatever stands there as a quantity, less the spaces around it.
      return (
        ((typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint') && isQuantity(String(value).trim())) ||
        `quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'`
      );
    case 'IntOrString':
      return typeof value === 'string' || (Number.isInteger(value) && Math.abs(value as number) < 2 ** 31);
    default:
      return true;
  }
}

/** Go takes lists of numbers for bytes as well, and null for the number nought. */
export function isByte(item: unknown): boolean {
  return item === null || (Number.isInteger(item) && (item as number) >= 0 && (item as number) < 256);
}

/** @param items what is no byte counts as nought */
export function base64OfBytes(items: unknown[]): string {
  let text = '';
  for (const item of items) text += String.fromCharCode(isByte(item) ? Number(item) : 0);
  return btoa(text);
}

export function zero(schema: TypeSchema): unknown {
  if (schema.kind !== 'scalar') return schema.kind === 'list' ? [] : {};
  switch (schema.scalar) {
    case 'string':
    case 'bytes':
      return '';
    case 'Duration':
      return '0s';
    case 'bool':
      return false;
    case 'Quantity':
      return '0';
    case 'int32':
    case 'int64':
    case 'double':
    case 'IntOrString':
      return 0;
    default:
      return null;
  }
}
