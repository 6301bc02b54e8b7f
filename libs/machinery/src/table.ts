// Tables as `kubectl get` asks for them (meta.k8s.io/v1 Table), and durations as it prints them.
import type { Column, KindDefinition } from './kind.ts';
import type { KubeObject } from './object.ts';

export interface TableOptions {
  /** Unix milliseconds, for ages. */
  now: number;
  includeObject: 'None' | 'Metadata' | 'Object';
  listMeta?: { resourceVersion?: string; continue?: string; remainingItemCount?: number };
  /** False leaves the column definitions out, as in all watch events but the first. */
  columns?: boolean;
  /** Of meta.k8s.io; `v1` unless it is given. */
  version?: MetaVersion | undefined;
}

export type MetaVersion = 'v1' | 'v1beta1';

export function metaVersion(version: MetaVersion = 'v1'): `meta.k8s.io/${MetaVersion}` {
  return `meta.k8s.io/${version}`;
}

export interface Table {
  kind: 'Table';
  apiVersion: `meta.k8s.io/${MetaVersion}`;
  metadata: NonNullable<TableOptions['listMeta']>;
  columnDefinitions: object[];
  rows: { cells: unknown[]; object?: unknown }[];
}

export function renderTable<T extends KubeObject>(kind: KindDefinition<T>, objects: T[], options: TableOptions): Table {
  const columns: Column<T>[] = kind.columns.length > 0 ? kind.columns : defaultColumns<T>();
  return {
    kind: 'Table',
    apiVersion: metaVersion(options.version),
    metadata: options.listMeta ?? {},
    columnDefinitions:
      options.columns === false
        ? []
        : columns
            .filter(({ isUnnamed }) => !isUnnamed)
            .map(({ name, type, format, description, priority }) => ({
              name,
              type,
              format: format ?? (name === 'Name' ? 'name' : ''),
              description,
              priority: priority ?? 0,
            })),
    rows: objects.map((object) => ({
      cells: columns.map((column) => column.value(object, options.now)),
      ...embedded(kind, object, options),
    })),
  };
}

function embedded(kind: PartialKind, object: KubeObject, { includeObject, version }: TableOptions): { object?: unknown } {
  if (includeObject === 'None') return {};
  return { object: includeObject === 'Object' ? object : partialMetadata(kind, object, version) };
}

/** A PartialObjectMetadata: of whichever version, with the metadata that is stored. */
export function partialMetadata({ view, strategy }: PartialKind, object: KubeObject, version?: MetaVersion): Record<string, unknown> {
  const { metadata } = view ? view.toStored(object) : object;
  const { versionAnnotations: hidden } = strategy;
  const shown = hidden ? withoutAnnotations(metadata, hidden) : metadata;
  return { kind: 'PartialObjectMetadata', apiVersion: metaVersion(version), metadata: shown };
}

type PartialKind = Pick<KindDefinition, 'view' | 'strategy'>;

function withoutAnnotations(metadata: KubeObject['metadata'], hidden: readonly string[]): object {
  const { annotations, ...rest } = metadata;
  const kept = Object.entries(annotations ?? {}).filter(([name]) => !hidden.includes(name));
  return kept.length > 0 ? { ...rest, annotations: Object.fromEntries(kept) } : rest;
}

function defaultColumns<T extends KubeObject>(): Column<T>[] {
  return [
    { name: 'Name', type: 'string', format: 'name', description: 'Name must be unique within a namespace.', value: (o) => o.metadata.name },
    {
      name: 'Created At',
      type: 'date',
      description: 'When the object was created.',
      value: (o) => o.metadata.creationTimestamp ?? '0001-01-01T00:00:00Z',
    },
  ];
}

/** `<unknown>` where there is no time. */
export function age(time: string | undefined, now: number): string {
  return time ? humanDuration(now - Date.parse(time)) : '<unknown>';
}

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;
const year = 365 * day;

/** `45s`, `3m20s`, `12m`, `3h5m`, `2d4h`, `300d`, `2y11d`: two units while the larger one is small, as kubectl does. */
export function humanDuration(ms: number): string {
  if (ms <= -2 * second) return '<invalid>';
  if (ms < 0) return '0s';
  const seconds = Math.floor(ms / second);
  if (seconds < 120) return `${seconds}s`;
  if (ms < 10 * minute) return pair(ms, minute, 'm', second, 's');
  if (ms < 3 * hour) return `${Math.floor(ms / minute)}m`;
  if (ms < 8 * hour) return pair(ms, hour, 'h', minute, 'm');
  if (ms < 2 * day) return `${Math.floor(ms / hour)}h`;
  if (ms < 8 * day) return pair(ms, day, 'd', hour, 'h');
  if (ms < 2 * year) return `${Math.floor(ms / day)}d`;
  if (ms < 8 * year) return pair(ms, year, 'y', day, 'd');
  return `${Math.floor(ms / year)}y`;
}

function pair(ms: number, large: number, largeUnit: string, small: number, smallUnit: string): string {
  const rest = Math.floor((ms % large) / small);
  return `${Math.floor(ms / large)}${largeUnit}${rest > 0 ? `${rest}${smallUnit}` : ''}`;
}
