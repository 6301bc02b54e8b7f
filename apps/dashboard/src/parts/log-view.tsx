// The logs of a pod's containers, or of all pods of a workload by time: as they are written, filtered by text and level, and to be saved.
// Follows the end until one scrolls up or pauses; then what is read stands still.
import { useDeferredValue, useMemo, useState } from 'react';
import type { LogSource } from '../live/log-follower.ts';
import { type LogsState, useLogs } from '../live/use-logs.ts';
import type { Level } from '../model/log-entry.ts';
import { filtered, matcher, nextMatch } from '../model/log-layout.ts';
import { type LoggedContainer, sourcesOf } from '../model/log-sources.ts';
import { LogList } from './log-list.tsx';
import { type LogChoices, LogToolbar } from './log-toolbar.tsx';

interface Props {
  /** Of one pod or several. */
  containers: LoggedContainer[];
  /** The container that is shown first; empty for all. */
  first: string;
  /** What a saved file is called. */
  name: string;
}

const initial = { hasTimes: false, wraps: true, unfoldsJson: false, showsOnlyMatches: true };

const readingAnew = new Set(['container', 'previous', 'linesMax', 'sinceSeconds']);

/** What is chosen, what is read, and what of it is shown. */
function useChosenLog(containers: LoggedContainer[], first: string) {
  const [choices, setChoices] = useState<LogChoices>({
    ...initial,
    container: first,
    previous: undefined,
    text: '',
    level: '',
    sinceSeconds: undefined,
    linesMax: 5_000,
  });
  const [isPaused, setPaused] = useState(false);
  const [attempt, setAttempt] = useState(0);
  const [target, setTarget] = useState<{ index: number }>();
  const { container, previous, text, level, sinceSeconds, linesMax, showsOnlyMatches } = choices;
  const chosen = useMemo(() => containers.filter((one) => !container || one.container === container), [containers, container]);
  const withPrevious = previous ?? chosen.some(({ isPreviousTelling }) => isPreviousTelling);
  const sources: LogSource[] = sourcesOf(chosen, withPrevious);
  const log = useLogs({ sources, linesMax, sinceSeconds, attempt: `${attempt} ${container} ${previous}` }, isPaused);
  // While one types, letters come first.
  const wanted = useDeferredValue(text);
  const matches = useMemo(() => matcher(wanted), [wanted]);
  const shown = useMemo(
    () => filtered(log.entries, level as Level | '', showsOnlyMatches ? matches : undefined),
    [log.entries, level, showsOnlyMatches, matches],
  );
  const change = (changes: Partial<LogChoices>) => {
    setChoices((before) => ({ ...before, ...changes }));
    if (Object.keys(changes).some((name) => readingAnew.has(name))) setPaused(false);
  };
  const showNext = (step: 1 | -1) => {
    const from = target?.index ?? (step > 0 ? -1 : shown.length);
    const index = matches ? nextMatch(shown, matches, from, step) : undefined;
    if (index === undefined) return;
    setPaused(true);
    setTarget({ index });
  };
  return {
    choices,
    change,
    withPrevious,
    sources,
    log,
    wanted,
    shown,
    target,
    showNext,
    isPaused,
    setPaused,
    readAgain: () => setAttempt(attempt + 1),
  };
}

export function LogView({ containers, first, name }: Props) {
  const chosen = useChosenLog(containers, first);
  const { choices, change, withPrevious, sources, log, wanted, shown, target, showNext, isPaused, setPaused, readAgain } = chosen;
  const { container, linesMax } = choices;
  const isOver = log.state === 'ended' || log.state === 'failed';
  return (
    <section className="log" aria-label="Logs">
      <LogToolbar containers={containers} choices={{ ...choices, previous: withPrevious }} change={change} showNext={showNext}>
        <button type="button" aria-pressed={isPaused} onClick={() => setPaused(!isPaused)}>
          {isPaused ? 'Follow' : 'Pause'}
        </button>
        {isOver && (
          <button type="button" onClick={readAgain}>
            Read again
          </button>
        )}
        <button type="button" disabled={shown.length === 0} onClick={() => save(name, shown)}>
          Download
        </button>
        <span className="quiet" role="status">
          {statusText(log, isPaused, shown.length, linesMax)}
        </span>
      </LogToolbar>
      {log.errors.map((error) => (
        <p key={error} className="trouble">
          {error}
        </p>
      ))}
      <LogList
        label={`Log of ${container || 'all containers'}`}
        entries={shown}
        look={{ hasTimes: choices.hasTimes, hasSources: sources.some(({ label }) => label !== ''), unfoldsJson: choices.unfoldsJson }}
        wraps={choices.wraps}
        text={wanted}
        target={target}
        isFollowing={!isPaused}
        scrolledUp={() => setPaused(true)}
      />
    </section>
  );
}

/** What is shown, with its times. */
function save(name: string, entries: LogsState['entries']): void {
  const lines = entries.map(({ time, source, text }) => `${[time, source, text].filter(Boolean).join(' ')}\n`);
  const url = URL.createObjectURL(new Blob(lines, { type: 'text/plain' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = `${name}.log`;
  link.click();
  URL.revokeObjectURL(url);
}

function statusText({ state, entries, dropped }: LogsState, isPaused: boolean, shown: number, linesMax: number): string {
  const words = {
    waiting: 'the container has not run yet',
    connecting: 'connecting',
    following: 'following',
    ended: 'the log has ended',
    failed: 'failed',
  };
  const count = `${entries.length} ${entries.length === 1 ? 'line' : 'lines'}${dropped > 0 ? `, the newest ${linesMax}` : ''}`;
  const some = shown === entries.length ? count : `${shown} of ${count}`;
  return `${isPaused && state === 'following' ? 'paused' : words[state]} · ${some}`;
}
