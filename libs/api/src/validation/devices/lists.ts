// Lists and maps of the resource group: how many members there may be is looked at first, and where there are more, at nothing else.
import { duplicate, each, type FieldError, tooMany } from '../errors.ts';

export type ItemCheck<T> = (item: T, field: string) => FieldError[];

export function listOf<T>(items: readonly T[] | undefined, itemsMax: number, field: string, check: ItemCheck<T>): FieldError[] {
  const count = items?.length ?? 0;
  return count > itemsMax ? [tooMany(field, count, itemsMax)] : each(items, field, check);
}

/** The same where no two may have one key. @param shownKey what of a repeated one is shown, where it is not the key */
export function setOf<T>(
  items: readonly T[] | undefined,
  itemsMax: number,
  field: string,
  check: ItemCheck<T>,
  keyOf: (item: T) => string,
  shownKey: (item: T) => unknown = keyOf,
): FieldError[] {
  const errors = listOf(items, itemsMax, field, check);
  if ((items?.length ?? 0) > itemsMax) return errors;
  const seen = new Set<string>();
  return [
    ...errors,
    ...each(items, field, (item, path) => {
      const key = keyOf(item);
      if (seen.has(key)) return [duplicate(path, shownKey(item))];
      seen.add(key);
      return [];
    }),
  ];
}

/** Members are looked at in the order of their names. @param keyLengthMax of longer names, as much is shown */
export function mapOf<T>(
  members: Record<string, T> | undefined,
  { membersMax, keyLengthMax }: { membersMax: number; keyLengthMax: number },
  field: string,
  check: (key: string, value: T, field: string) => FieldError[],
): FieldError[] {
  const entries = Object.entries(members ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  if (entries.length > membersMax) return [tooMany(field, entries.length, membersMax)];
  return entries.flatMap(([key, value]) => check(key, value, `${field}[${shortened(key, keyLengthMax)}]`));
}

const ellipsis = '...';

function shortened(text: string, lengthMax: number): string {
  if (text.length <= lengthMax) return text;
  const kept = lengthMax - ellipsis.length;
  return text.slice(0, Math.floor((kept + 1) / 2)) + ellipsis + text.slice(text.length - Math.floor(kept / 2));
}
