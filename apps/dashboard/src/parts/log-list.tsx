// The lines of a log, of which only those that one can see are drawn: a hundred thousand scroll as ten do.
import { type ReactNode, type RefObject, useLayoutEffect, useMemo, useRef, useState } from 'react';
import { type LogEntry, segments, unfolded } from '../model/log-entry.ts';
import { type LogLook, linesAt, prefixOf, rowsOf } from '../model/log-layout.ts';

/** As in the style sheet. */
const rowHeightPx = 17;
const overscanRows = 12;
const nearEndPx = 40;

interface Props {
  label: string;
  entries: LogEntry[];
  look: Omit<LogLook, 'columns'>;
  wraps: boolean;
  /** Marked in the lines. */
  text: string;
  isFollowing: boolean;
  /** A line to be shown; another object shows it again. */
  target: { index: number } | undefined;
  scrolledUp(): void;
}

export function LogList({ label, entries, look, wraps, text, isFollowing, target, scrolledUp }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const { columns, rowsShown } = useSize(box);
  const [firstRow, setFirstRow] = useState(0);
  const { hasTimes, hasSources, unfoldsJson } = look;
  const whole = useMemo<LogLook>(
    () => ({ hasTimes, hasSources, unfoldsJson, columns: wraps ? columns : undefined }),
    [hasTimes, hasSources, unfoldsJson, wraps, columns],
  );
  const rows = useMemo(() => rowsOf(entries, whole), [entries, whole]);
  const total = rows.starts[entries.length] ?? 0;
  useLayoutEffect(() => {
    const element = box.current;
    if (element && isFollowing) element.scrollTop = total * rowHeightPx;
  }, [total, isFollowing]);
  const latestRows = useRef(rows);
  latestRows.current = rows;
  useLayoutEffect(() => {
    const element = box.current;
    const row = target && latestRows.current.starts[target.index];
    if (element && row !== undefined) element.scrollTop = row * rowHeightPx - element.clientHeight / 3;
  }, [target]);
  const onScroll = () => {
    const element = box.current;
    if (!element) return;
    setFirstRow(Math.floor(element.scrollTop / rowHeightPx / overscanRows) * overscanRows);
    const isAtEnd = element.scrollHeight - element.scrollTop - element.clientHeight < nearEndPx;
    if (!isAtEnd && isFollowing) scrolledUp();
  };
  const from = isFollowing ? Math.max(0, total - rowsShown - overscanRows) : Math.max(0, firstRow - overscanRows);
  const { first, end } = linesAt(rows, from, from + rowsShown + 3 * overscanRows);
  return (
    <div
      ref={box}
      className={wraps ? 'log-lines wraps' : 'log-lines'}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: so that it scrolls by keyboard
      tabIndex={0}
      role="log"
      aria-live="off"
      aria-label={label}
      onScroll={onScroll}
    >
      <div style={{ height: total * rowHeightPx }}>
        <div style={{ transform: `translateY(${(rows.starts[first] ?? 0) * rowHeightPx}px)` }}>
          {entries.slice(first, end).map((entry, index) => (
            <Line key={first + index} entry={entry} look={whole} text={text} />
          ))}
        </div>
      </div>
    </div>
  );
}

function Line({ entry, look, text }: { entry: LogEntry; look: LogLook; text: string }) {
  const json = look.unfoldsJson ? unfolded(entry) : undefined;
  const prefix = prefixOf(entry, look);
  return (
    <div className={entry.level ? `line ${entry.level}` : 'line'}>
      {prefix && <span className="prefix">{prefix}</span>}
      {json
        ? marked(json.join('\n'), text)
        : segments(entry.raw).map((segment, index) => (
            <span key={index} className={segment.style || undefined}>
              {marked(segment.text, text)}
            </span>
          ))}
      {'\n'}
    </div>
  );
}

function marked(line: string, text: string): ReactNode {
  if (text === '') return line;
  const [all, wanted] = [line.toLowerCase(), text.toLowerCase()];
  const parts: ReactNode[] = [];
  let from = 0;
  for (let at = all.indexOf(wanted); at >= 0; at = all.indexOf(wanted, from)) {
    parts.push(line.slice(from, at), <mark key={at}>{line.slice(at, at + text.length)}</mark>);
    from = at + text.length;
  }
  return [...parts, line.slice(from)];
}

/** How many letters and rows fit; measured anew when the box changes. */
function useSize(box: RefObject<HTMLDivElement | null>): { columns: number; rowsShown: number } {
  const [size, setSize] = useState({ columns: 120, rowsShown: 40 });
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    const probe = document.createElement('span');
    probe.className = 'probe';
    probe.textContent = 'M'.repeat(100);
    const measure = () => {
      element.append(probe);
      const letterPx = probe.getBoundingClientRect().width / 100;
      probe.remove();
      const style = getComputedStyle(element);
      const widthPx = element.clientWidth - Number.parseFloat(style.paddingLeft) - Number.parseFloat(style.paddingRight);
      setSize({ columns: Math.max(10, Math.floor(widthPx / letterPx)), rowsShown: Math.ceil(element.clientHeight / rowHeightPx) });
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, [box]);
  return size;
}
