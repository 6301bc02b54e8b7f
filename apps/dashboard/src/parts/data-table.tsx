// A table whose rows are drawn only where one can see them, so that ten thousand cost no more than forty. Rows have one height;
// with `wrap` they take what they need, and then their number is limited instead.
import { type ReactNode, useLayoutEffect, useMemo, useRef, useState } from 'react';

export interface Column<T> {
  title: string;
  cell: (row: T) => ReactNode;
  /** What the column is ordered by; without it, it cannot be. */
  sort?: (row: T) => string | number;
  /** A class that says how wide it is, e.g. `w-name`; `wide` hides it on phones. */
  className?: string;
}

interface Props<T> {
  label: string;
  columns: Column<T>[];
  rows: T[];
  rowKey: (row: T) => string;
  empty: string;
  wrap?: boolean;
}

const rowHeightPx = 28;
const overscanRows = 12;
const wrappedRowsMax = 300;

export function DataTable<T>({ label, columns, rows, rowKey, empty, wrap = false }: Props<T>) {
  const [order, setOrder] = useState<{ title: string; isDescending: boolean }>();
  const sorted = useMemo(() => inOrder(rows, columns, order), [rows, columns, order]);
  const body = useRef<HTMLTableSectionElement>(null);
  const range = useVisibleRange(body, sorted.length, wrap);
  const shown = wrap ? sorted.slice(0, wrappedRowsMax) : sorted.slice(range.from, range.to);
  const below = sorted.length - range.to;
  return (
    <>
      <table aria-label={label} aria-rowcount={sorted.length} className={wrap ? 'data wrap' : 'data'}>
        <thead>
          <tr>
            {columns.map((column) => {
              const isOrder = order?.title === column.title;
              const direction = isOrder ? (order.isDescending ? 'descending' : 'ascending') : undefined;
              return (
                <th key={column.title} scope="col" className={column.className} aria-sort={direction}>
                  {column.sort ? (
                    <button
                      type="button"
                      onClick={() => setOrder({ title: column.title, isDescending: isOrder ? !order.isDescending : false })}
                    >
                      {column.title}
                      {direction && <span aria-hidden="true">{direction === 'ascending' ? ' ▲' : ' ▼'}</span>}
                    </button>
                  ) : (
                    column.title
                  )}
                </th>
              );
            })}
          </tr>
        </thead>
        <tbody ref={body}>
          {!wrap && range.from > 0 && <Spacer rows={range.from} columns={columns.length} />}
          {shown.map((row) => (
            <tr key={rowKey(row)}>
              {columns.map((column) => (
                <td key={column.title} className={column.className}>
                  {column.cell(row)}
                </td>
              ))}
            </tr>
          ))}
          {!wrap && below > 0 && <Spacer rows={below} columns={columns.length} />}
        </tbody>
      </table>
      {sorted.length === 0 && <p className="quiet">{empty}</p>}
      {wrap && sorted.length > wrappedRowsMax && (
        <p className="quiet">{sorted.length - wrappedRowsMax} more are not shown: narrow the filter.</p>
      )}
    </>
  );
}

function Spacer({ rows, columns }: { rows: number; columns: number }) {
  return (
    <tr className="spacer">
      <td colSpan={columns} style={{ height: rows * rowHeightPx }} />
    </tr>
  );
}

function inOrder<T>(rows: T[], columns: Column<T>[], order: { title: string; isDescending: boolean } | undefined): T[] {
  const by = columns.find((column) => column.title === order?.title)?.sort;
  if (!by) return rows;
  const sign = order?.isDescending ? -1 : 1;
  return rows
    .map((row) => ({ row, key: by(row) }))
    .sort((a, b) => (a.key < b.key ? -sign : a.key > b.key ? sign : 0))
    .map(({ row }) => row);
}

/** Which rows are within the scrolled part of the page, in steps of the overscan, so that scrolling draws seldom. */
function useVisibleRange(body: React.RefObject<HTMLTableSectionElement | null>, count: number, isOff: boolean) {
  const [first, setFirst] = useState(0);
  const [height, setHeight] = useState(800);
  useLayoutEffect(() => {
    const scroller = body.current?.closest('main');
    if (isOff || !scroller) return;
    const measure = () => {
      const top = scroller.getBoundingClientRect().top - (body.current?.getBoundingClientRect().top ?? 0);
      setFirst(Math.max(0, Math.floor(top / rowHeightPx / overscanRows) * overscanRows));
      setHeight(scroller.clientHeight);
    };
    measure();
    scroller.addEventListener('scroll', measure, { passive: true });
    addEventListener('resize', measure);
    return () => {
      scroller.removeEventListener('scroll', measure);
      removeEventListener('resize', measure);
    };
  }, [body, isOff]);
  const rows = Math.ceil(height / rowHeightPx) + 3 * overscanRows;
  const from = Math.max(0, Math.min(first - overscanRows, count - rows));
  return { from, to: Math.min(count, from + rows) };
}
