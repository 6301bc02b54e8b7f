// Where each line of a log stands when only those that one can see are drawn: its height follows from its length, as all letters are equally
// wide, so that nothing needs to be measured.
import { type LogEntry, unfolded, widthOf } from './log-entry.ts';

export interface LogLook {
  /** Letters that fit in a row; undefined when long lines are not wrapped. */
  columns: number | undefined;
  hasTimes: boolean;
  hasSources: boolean;
  unfoldsJson: boolean;
}

export interface LogRows {
  /** The row at which each line begins, and behind the last one how many rows there are. */
  starts: Uint32Array;
}

export function rowsOf(entries: LogEntry[], look: LogLook): LogRows {
  const starts = new Uint32Array(entries.length + 1);
  let row = 0;
  for (const [index, entry] of entries.entries()) {
    starts[index] = row;
    row += heightOf(entry, look);
  }
  starts[entries.length] = row;
  return { starts };
}

function heightOf(entry: LogEntry, look: LogLook): number {
  const { columns, unfoldsJson } = look;
  const json = unfoldsJson ? unfolded(entry) : undefined;
  if (columns === undefined) return json ? json.length : 1;
  const before = prefixOf(entry, look).length;
  if (!json) return wrapped(before + entry.width, columns);
  return json.reduce((sum, line, index) => sum + wrapped((index === 0 ? before : 0) + widthOf(line), columns), 0);
}

function wrapped(width: number, columns: number): number {
  return Math.max(1, Math.ceil(width / Math.max(1, columns)));
}

/** What stands before a line, spaces included. */
export function prefixOf({ time, source }: LogEntry, { hasTimes, hasSources }: LogLook): string {
  return `${hasTimes ? `${shownTime(time)} ` : ''}${hasSources && source ? `${source} ` : ''}`;
}

/** Milliseconds are enough to read. */
function shownTime(time: string): string {
  return time === '' ? ''.padEnd(24) : `${time.slice(0, 23)}Z`;
}

/** Which lines are in rows `from` to `to`, the last one left out. */
export function linesAt({ starts }: LogRows, from: number, to: number): { first: number; end: number } {
  const count = starts.length - 1;
  const first = Math.max(0, Math.min(count, lineAt(starts, from)));
  return { first, end: Math.max(first, Math.min(count, lineAt(starts, to) + 1)) };
}

/** The last line that begins at this row or before it. */
function lineAt(starts: Uint32Array, row: number): number {
  let [low, high] = [0, starts.length - 1];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((starts[middle] ?? 0) <= row) low = middle;
    else high = middle - 1;
  }
  return low;
}

const ranks = { error: 3, warn: 2, info: 1, debug: 0 };

/** Whether a line has the text that is looked for, in any case. */
export function matcher(text: string): ((entry: LogEntry) => boolean) | undefined {
  if (text === '') return undefined;
  const wanted = new RegExp(text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'), 'i');
  return (entry) => wanted.test(entry.text);
}

/** @param least the least bad level that is shown; lines that say none are shown with all, and with `info` */
export function filtered(
  entries: LogEntry[],
  least: keyof typeof ranks | '',
  matches: ((entry: LogEntry) => boolean) | undefined,
): LogEntry[] {
  if (!least && !matches) return entries;
  const rank = least ? ranks[least] : 0;
  return entries.filter((entry) => ranks[entry.level ?? 'info'] >= rank && (!matches || matches(entry)));
}

/** The next line that matches, around the end; undefined when none does. */
export function nextMatch(entries: LogEntry[], matches: (entry: LogEntry) => boolean, from: number, step: 1 | -1): number | undefined {
  for (let tried = 1; tried <= entries.length; tried += 1) {
    const index = (from + step * tried + 2 * entries.length) % entries.length;
    const entry = entries[index];
    if (entry && matches(entry)) return index;
  }
  return undefined;
}
