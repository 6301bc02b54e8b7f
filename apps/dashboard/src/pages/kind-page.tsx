// The objects of any kind, with the columns that the server gives it (kubectl's), filtered by namespace, text, labels and fields.
import { parseFieldSelector, parseLabelSelector, StatusError } from '@berth/machinery';
import { useMemo, useState } from 'react';
import { type TypedSource, useListing, within } from '../live/listings.ts';
import { useServedKinds } from '../live/served-kinds.ts';
import { useSession } from '../live/session-context.ts';
import type { TableColumn, TableRow } from '../live/table-form.ts';
import { cellOrder } from '../model/cell-order.ts';
import { findKind, type ServedKind } from '../model/discovery.ts';
import { absent } from '../model/known.ts';
import { builtInType, type ResourceType } from '../model/resource-types.ts';
import { type Column, DataTable } from '../parts/data-table.tsx';
import { namespacesOf } from '../parts/filter-bar.tsx';
import { Age, ListingNotice, ObjectLink } from '../parts/small.tsx';
import { coreGroup, replaceQuery, useRoute } from '../route.ts';

export function KindPage({ segments: [groupText = '', resource = ''] }: { segments: string[] }) {
  const group = groupText === coreGroup ? '' : groupText;
  const { kinds, error } = useServedKinds();
  const type = kinds && findKind(kinds, group, resource);
  if (type) return <KindList type={type} />;
  if (kinds) return <p className="notice bad">This cluster serves no {group ? `${resource} of group ${group}` : resource}.</p>;
  return error ? <p className="notice bad">{error}</p> : <p className="quiet">Loading…</p>;
}

function KindList({ type }: { type: ServedKind }) {
  const { confinedTo } = useSession();
  const { query } = useRoute();
  const [labels, fields, text] = ['labels', 'fields', 'name'].map((key) => query.get(key) ?? '');
  const namespace = query.get('namespace') || confinedTo;
  const wrong = wrongSelector(labels ?? '', fields ?? '');
  const source: TypedSource<TableRow> | undefined = wrong
    ? undefined
    : { ...within<TableRow>(type, namespace), isTable: true, labelSelector: labels, fieldSelector: fields };
  const listing = useListing(source);
  const columns = useMemo(() => columnsOf(type, listing.columns ?? [], namespace === undefined), [type, listing.columns, namespace]);
  const rows = useMemo(() => listing.items.filter((row) => hasText(row, text ?? '')).sort(byName), [listing.items, text]);
  return (
    <>
      <h1>{type.kind}</h1>
      <Filters type={type} namespaces={namespacesOf(listing.items)} count={rows.length} total={listing.items.length} />
      {wrong ? <p className="notice bad">{wrong}</p> : <ListingNotice listings={[listing]} />}
      {!wrong && (
        <DataTable label={type.kind} columns={columns} rows={rows} rowKey={keyOf} empty={absent(`No ${type.resource}.`, listing)} />
      )}
    </>
  );
}

/** What the server would refuse to read is said without asking it. */
function wrongSelector(labels: string, fields: string): string | undefined {
  try {
    parseLabelSelector(labels);
    parseFieldSelector(fields);
    return undefined;
  } catch (error) {
    if (error instanceof StatusError) return error.message;
    throw error;
  }
}

/** Those of kubectl without -o wide; the age moves on by itself. */
function columnsOf(type: ResourceType, columns: TableColumn[], hasNamespaces: boolean): Column<TableRow>[] {
  const shown = columns.map((column, index) => ({ column, index })).filter(({ column }) => !column.priority);
  const namespace: Column<TableRow> = {
    title: 'Namespace',
    className: 'w-namespace wide',
    sort: ({ metadata }) => metadata.namespace ?? '',
    cell: ({ metadata }) => metadata.namespace,
  };
  return [
    ...(type.isNamespaced && hasNamespaces ? [namespace] : []),
    ...shown.map(({ column, index }, at): Column<TableRow> => {
      const isAge = column.name === 'Age';
      return {
        title: column.name,
        ...(isAge ? { className: 'w-short' } : at > 2 && at < shown.length - 1 ? { className: 'wide' } : {}),
        sort: (row) => (isAge ? -Date.parse(row.metadata.creationTimestamp ?? '') : cellOrder(row.cells[index])),
        cell: (row) => <Cell type={type} column={column} value={row.cells[index]} row={row} />,
      };
    }),
  ];
}

interface CellProps {
  type: ResourceType;
  column: TableColumn;
  value: unknown;
  row: TableRow;
}

function Cell({ type, column, value, row: { metadata } }: CellProps) {
  if (column.format === 'name' || column.name === 'Name') {
    const apiVersion = type.group ? `${type.group}/${type.version}` : type.version;
    const known = builtInType(type.kind, type.group);
    return (
      <ObjectLink kind={type.kind} namespace={metadata.namespace} name={metadata.name} apiVersion={known ? undefined : apiVersion}>
        {metadata.name}
      </ObjectLink>
    );
  }
  if (column.name === 'Age') return <Age of={metadata.creationTimestamp} />;
  const text = value === null || value === undefined ? '' : typeof value === 'object' ? JSON.stringify(value) : String(value);
  return <span title={text}>{text}</span>;
}

function hasText({ metadata, cells }: TableRow, text: string): boolean {
  const wanted = text.toLowerCase();
  if (!wanted) return true;
  return [metadata.namespace, metadata.name, ...cells].some((cell) =>
    String(cell ?? '')
      .toLowerCase()
      .includes(wanted),
  );
}

interface FiltersProps {
  type: ServedKind;
  namespaces: string[];
  count: number;
  total: number;
}

function Filters({ type, namespaces, count, total }: FiltersProps) {
  const { query } = useRoute();
  const { confinedTo } = useSession();
  const change = (changes: Record<string, string>) => {
    const changed = new URLSearchParams(query);
    for (const [name, value] of Object.entries(changes)) {
      if (value) changed.set(name, value);
      else changed.delete(name);
    }
    replaceQuery(changed);
  };
  const chosen = query.get('namespace') ?? '';
  return (
    <search className="filters">
      <input
        type="search"
        aria-label="Filter by text"
        placeholder="text  ( / )"
        value={query.get('name') ?? ''}
        onChange={(event) => change({ name: event.target.value })}
      />
      <Selector key={`labels ${query.get('labels')}`} name="labels" placeholder="labels: app=web" change={change} />
      <Selector key={`fields ${query.get('fields')}`} name="fields" placeholder="fields: metadata.name=web" change={change} />
      {type.isNamespaced && confinedTo === undefined && (
        <select aria-label="Namespace" value={chosen} onChange={(event) => change({ namespace: event.target.value })}>
          <option value="">Namespace: all</option>
          {[...new Set([...namespaces, chosen])]
            .filter(Boolean)
            .sort()
            .map((option) => (
              <option key={option}>{option}</option>
            ))}
        </select>
      )}
      <output>{count === total ? total : `${count} of ${total}`}</output>
    </search>
  );
}

/** Asked of the server once it is whole: with Enter, or when it is left. */
function Selector({ name, placeholder, change }: { name: string; placeholder: string; change(changes: Record<string, string>): void }) {
  const { query } = useRoute();
  const [text, setText] = useState(query.get(name) ?? '');
  const apply = () => {
    if (text !== (query.get(name) ?? '')) change({ [name]: text.trim() });
  };
  return (
    <input
      aria-label={name === 'labels' ? 'Filter by labels' : 'Filter by fields'}
      placeholder={placeholder}
      spellCheck={false}
      value={text}
      onChange={(event) => setText(event.target.value)}
      onBlur={apply}
      onKeyDown={(event) => event.key === 'Enter' && apply()}
    />
  );
}

function byName(a: TableRow, b: TableRow): number {
  const [first, second] = [keyOf(a), keyOf(b)];
  return first < second ? -1 : first > second ? 1 : 0;
}

function keyOf({ metadata }: TableRow): string {
  return `${metadata.namespace ?? ''}/${metadata.name}`;
}
