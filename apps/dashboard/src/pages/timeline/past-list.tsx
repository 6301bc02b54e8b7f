// Objects of a kind as they were at a moment that a slider sets; what is no longer there can be made again.
import { useMemo, useState } from 'react';
import type { TableRow } from '../../live/table-form.ts';
import { ageText } from '../../model/age.ts';
import { findKind, type ServedKind } from '../../model/discovery.ts';
import { type Column, DataTable } from '../../parts/data-table.tsx';
import { BringBack } from './bring-back.tsx';
import { keyOf, type PastTable, useKeptTime, usePastTable } from './past-api.ts';

/** Computed when they are read: they have no past. */
const computedGroups = /^(?:metrics\.k8s\.io|.*\.berth\.io)$/;
const secondMs = 1_000;

interface Props {
  kinds: ServedKind[];
  resource: string;
  change(resource: string): void;
}

export function PastList({ kinds, resource, change }: Props) {
  const kept = useKeptTime();
  const [agoMs, setAgoMs] = useState(0);
  const [chosenMs, setChosenMs] = useState<number>();
  const listed = useMemo(() => kinds.filter(({ group, verbs }) => verbs.includes('watch') && !computedGroups.test(group)), [kinds]);
  const [group = '', plural = 'deployments'] = resource.split('/');
  const type = findKind(listed, group, plural);
  const past = usePastTable(type, chosenMs);
  if (kept.error) return <p className="notice bad">{kept.error.message}</p>;
  if (!kept.data) return <p className="quiet">Loading…</p>;
  const { fromMs, toMs } = kept.data;
  const spanMs = Math.max(secondMs, toMs - fromMs);
  const choose = () => setChosenMs(agoMs < secondMs ? undefined : toMs - agoMs);
  return (
    <>
      <search className="filters past">
        <select aria-label="Kind" value={resource} onChange={(event) => change(event.target.value)}>
          {listed.map((kind) => (
            <option key={`${kind.group}/${kind.resource}`} value={`${kind.group}/${kind.resource}`}>
              {kind.group ? `${kind.resource}.${kind.group}` : kind.resource}
            </option>
          ))}
        </select>
        <input
          type="range"
          aria-label="Moment"
          aria-valuetext={momentText(agoMs, toMs)}
          min={0}
          max={Math.floor(spanMs / secondMs)}
          value={Math.floor((spanMs - agoMs) / secondMs)}
          onChange={(event) => setAgoMs(spanMs - Number(event.target.value) * secondMs)}
          onPointerUp={choose}
          onKeyUp={choose}
          onBlur={choose}
        />
        <output>{momentText(agoMs, toMs)}</output>
      </search>
      {past.error && <p className="notice bad">{past.error.message}</p>}
      {past.data && type && <PastRows table={past.data} type={type} atMs={chosenMs ?? toMs} isPast={chosenMs !== undefined} />}
    </>
  );
}

function momentText(agoMs: number, toMs: number): string {
  return agoMs < secondMs ? 'now' : new Date(toMs - agoMs).toLocaleString();
}

interface RowsProps {
  table: PastTable;
  type: ServedKind;
  atMs: number;
  isPast: boolean;
}

function PastRows({ table, type, atMs, isPast }: RowsProps) {
  const shown = table.columns.map((column, index) => ({ column, index })).filter(({ column }) => !column.priority);
  const cells = shown.map(({ column, index }): Column<TableRow> => {
    const isAge = column.name === 'Age';
    return {
      title: column.name,
      ...(isAge && { className: 'w-short' }),
      cell: ({ cells: values, metadata }) => (isAge ? ageText(metadata.creationTimestamp, atMs) : String(values[index] ?? '')),
    };
  });
  const gone: Column<TableRow> = {
    title: 'Today',
    className: 'w-name',
    cell: (row) =>
      table.today.has(keyOf(row)) ? (
        'there'
      ) : (
        <BringBack type={type} namespace={row.metadata.namespace} name={row.metadata.name} atMs={atMs} />
      ),
  };
  const namespace: Column<TableRow> = { title: 'Namespace', className: 'w-namespace wide', cell: ({ metadata }) => metadata.namespace };
  const columns = [...(type.isNamespaced ? [namespace] : []), ...cells, ...(isPast ? [gone] : [])];
  return (
    <DataTable
      label={`${type.kind} then`}
      columns={columns}
      rows={table.rows}
      rowKey={keyOf}
      empty={`There ${isPast ? 'were' : 'are'} no ${type.resource}.`}
      wrap
    />
  );
}
