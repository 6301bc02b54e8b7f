// The logs of containers for a page, drawn at most once a frame; while paused, what is read stands still.
import { useEffect, useMemo, useRef, useState } from 'react';
import type { LogEntry } from '../model/log-entry.ts';
import { LogFollower, type LogSource, type ReaderState } from './log-follower.ts';
import { useSession } from './session-context.ts';

export interface LogsState {
  entries: LogEntry[];
  dropped: number;
  state: 'waiting' | ReaderState;
  errors: string[];
}

export interface LogsAsked {
  sources: LogSource[];
  linesMax: number;
  sinceSeconds: number | undefined;
  /** When it changes, all is read anew. */
  attempt: string;
}

/** To look through and lay out so many for each frame would be too much. */
const manyLines = 10_000;
const manyLinesPauseMs = 250;
const nothingYet: LogsState = { entries: [], dropped: 0, state: 'waiting', errors: [] };

export function useLogs({ sources, linesMax, sinceSeconds, attempt }: LogsAsked, isPaused: boolean): LogsState {
  const { api } = useSession();
  const [shown, setShown] = useState(nothingYet);
  const paused = useRef(isPaused);
  const draw = useRef<() => void>(undefined);
  const [follower, setFollower] = useState<LogFollower>();
  // Sources are equal when they say the same.
  const key = JSON.stringify(sources);
  const wanted = useMemo<LogSource[]>(() => JSON.parse(key), [key]);
  const count = Math.max(1, wanted.length);
  const tailLines = useRef(linesMax);
  tailLines.current = Math.ceil(linesMax / count);
  // Another attempt begins anew.
  useEffect(() => {
    let frame = 0;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isScheduled = false;
    setShown(nothingYet);
    const made = new LogFollower(api, linesMax, { tailLines: tailLines.current, sinceSeconds }, () => draw.current?.());
    draw.current = () => {
      if (isScheduled) return;
      isScheduled = true;
      const soon = () => {
        frame = requestAnimationFrame(() => {
          isScheduled = false;
          const state = summary(made);
          setShown((before) =>
            paused.current ? { ...before, ...state } : { ...state, entries: made.log.entries, dropped: made.log.dropped },
          );
        });
      };
      if (made.log.entries.length < manyLines) soon();
      else timer = setTimeout(soon, manyLinesPauseMs);
    };
    setFollower(made);
    return () => {
      made.stop();
      cancelAnimationFrame(frame);
      clearTimeout(timer);
      draw.current = undefined;
    };
  }, [api, linesMax, sinceSeconds, attempt]);
  useEffect(() => {
    follower?.follow(wanted);
    draw.current?.();
  }, [follower, wanted]);
  useEffect(() => {
    paused.current = isPaused;
    if (!isPaused) draw.current?.();
  }, [isPaused]);
  return shown;
}

/** Of all readers, the one that has most to come. */
function summary({ states }: LogFollower): Pick<LogsState, 'state' | 'errors'> {
  const order: ReaderState[] = ['following', 'connecting', 'failed', 'ended'];
  const state = order.find((one) => states.some((reader) => reader.state === one)) ?? 'waiting';
  const errors = states.flatMap(({ error, source }) => (error ? [source.label ? `${source.label}: ${error}` : error] : []));
  return { state, errors: [...new Set(errors)] };
}
