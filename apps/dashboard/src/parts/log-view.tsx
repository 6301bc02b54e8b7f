// A container's log as it is written. Follows the end until one scrolls up or pauses; then what is read stands still.
import { useEffect, useRef, useState } from 'react';
import { type LogState, useLog } from '../live/log-stream.ts';
import { logLinesMax } from '../model/log-buffer.ts';

interface Props {
  namespace: string;
  name: string;
  containers: string[];
  first: string;
  /** The ID of a container's present run, or the last one; undefined when it has never run. */
  runOf(container: string): string | undefined;
}

const nearEndPx = 40;

export function LogView({ namespace, name, containers, first, runOf }: Props) {
  const [container, setContainer] = useState(first);
  const [isPrevious, setPrevious] = useState(false);
  const [isPaused, setPaused] = useState(false);
  const [attempt, setAttempt] = useState(0);
  const log = useLog({ namespace, name, container, isPrevious, run: runOf(container), attempt }, isPaused);
  const box = useRef<HTMLPreElement>(null);
  useEffect(() => {
    const element = box.current;
    if (element && !isPaused) element.scrollTop = element.scrollHeight;
  }, [log.lines, isPaused]);
  const onScroll = () => {
    const element = box.current;
    if (!element) return;
    const isAtEnd = element.scrollHeight - element.scrollTop - element.clientHeight < nearEndPx;
    if (!isAtEnd && !isPaused) setPaused(true);
  };
  return (
    <section className="log" aria-label="Logs">
      <div className="filters">
        <select aria-label="Container" value={container} onChange={(event) => setContainer(event.target.value)}>
          {containers.map((option) => (
            <option key={option}>{option}</option>
          ))}
        </select>
        <label>
          <input type="checkbox" checked={isPrevious} onChange={(event) => setPrevious(event.target.checked)} /> previous
        </label>
        <button type="button" aria-pressed={isPaused} onClick={() => setPaused(!isPaused)}>
          {isPaused ? 'Follow' : 'Pause'}
        </button>
        {(log.state === 'ended' || log.state === 'failed') && (
          <button type="button" onClick={() => setAttempt(attempt + 1)}>
            Read again
          </button>
        )}
        <span className="quiet" role="status">
          {statusText(log, isPaused)}
        </span>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: so that it scrolls by keyboard */}
      <pre ref={box} tabIndex={0} role="log" aria-live="off" aria-label={`Log of ${container}`} onWheel={onScroll} onScroll={onScroll}>
        {log.lines.join('\n')}
      </pre>
    </section>
  );
}

function statusText({ state, error, lines, dropped }: LogState, isPaused: boolean): string {
  const words = {
    waiting: 'the container has not run yet',
    connecting: 'connecting',
    following: 'following',
    ended: 'the log has ended',
    failed: error ?? 'failed',
  };
  const count = `${lines.length} ${lines.length === 1 ? 'line' : 'lines'}${dropped > 0 ? `, the newest ${logLinesMax}` : ''}`;
  return `${isPaused && state === 'following' ? 'paused' : words[state]} · ${count}`;
}
