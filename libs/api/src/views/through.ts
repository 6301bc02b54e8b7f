// What a view shares with the kind that it shows: printer columns and selectable fields read the stored form.
import type { Column, KindView, KubeObject } from '@berth/machinery';

/** @param columns of the stored kind */
export function columnsThrough<T extends KubeObject, Stored extends KubeObject>(view: KindView, columns: Column<Stored>[]): Column<T>[] {
  return columns.map((column) => ({ ...column, value: (object, now) => column.value(view.toStored(object) as Stored, now) }));
}

/** @param fields of the stored kind, to which `own` ones are added */
export function fieldsThrough<T extends KubeObject, Stored extends KubeObject = never>(
  view: KindView,
  fields: Record<string, (object: Stored) => string>,
  own: Record<string, (object: T) => string> = {},
): Record<string, (object: T) => string> {
  const read = Object.entries(fields).map(([name, value]) => [name, (object: T) => value(view.toStored(object) as Stored)] as const);
  return { ...Object.fromEntries(read), ...own };
}
