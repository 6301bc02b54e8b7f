// Lists in the form of tables: the server's own columns, as kubectl shows them, for kinds that this page knows nothing of. A row stands
// for its object and has its metadata.
import type { KubernetesObject } from '../model/kubernetes-object.ts';

export const tableAccept = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json';

export interface TableColumn {
  name: string;
  type?: string;
  format?: string;
  /** Above 0, kubectl shows it with -o wide only. */
  priority?: number;
  description?: string;
}

export interface TableRow extends KubernetesObject {
  cells: unknown[];
}

interface Table {
  columnDefinitions?: TableColumn[];
  rows?: { cells: unknown[]; object?: KubernetesObject }[];
}

/** Undefined where there are none: in a watch, only the first event has them. */
export function tableColumns(table: unknown): TableColumn[] | undefined {
  const { columnDefinitions } = table as Table;
  return columnDefinitions?.length ? columnDefinitions : undefined;
}

export function rowsOf(table: unknown): TableRow[] {
  const { rows } = table as Table;
  return (rows ?? []).flatMap(({ cells, object }) => (object ? [{ cells, metadata: object.metadata }] : []));
}
