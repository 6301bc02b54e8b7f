// Counters of a slice, of which devices take their share.
import { type FieldError, required } from '../errors.ts';
import { mapOf } from './lists.ts';
import { label, labelLengthMax } from './names.ts';

const countersMax = 32;

/** Any quantity will do. */
export function counterMap(counters: Record<string, unknown> | undefined, field: string): FieldError[] {
  if (Object.keys(counters ?? {}).length === 0) return [required(field)];
  return mapOf(counters, { membersMax: countersMax, keyLengthMax: labelLengthMax }, field, (key, _, at) => label(key, at));
}
