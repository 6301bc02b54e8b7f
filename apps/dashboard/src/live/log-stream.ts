// Follows one container's log into a bounded buffer, drawn at most once a frame. When the container runs anew, its log goes on
// behind a line that says so; a log that ends or breaks off says so too, and is read again when asked for.
import { useEffect, useRef, useState } from 'react';
import { LogBuffer, logLinesMax } from '../model/log-buffer.ts';
import { ApiError } from './api-client.ts';
import { useSession } from './session-context.ts';

export interface LogSource {
  namespace: string;
  name: string;
  container: string;
  isPrevious: boolean;
  /** The run of the container, by its ID; undefined when it has never run, and then nothing is asked for. */
  run: string | undefined;
  /** Counted up to start anew. */
  attempt: number;
}

export interface LogState {
  lines: string[];
  dropped: number;
  state: 'waiting' | 'connecting' | 'following' | 'ended' | 'failed';
  error?: string | undefined;
}

const nothingYet: LogState = { lines: [], dropped: 0, state: 'waiting' };

export function useLog({ namespace, name, container, isPrevious, run, attempt }: LogSource, isPaused: boolean): LogState {
  const { api } = useSession();
  const [log, setLog] = useState<LogState>(nothingYet);
  const paused = useRef(isPaused);
  const draw = useRef<() => void>(undefined);
  const kept = useRef({ key: '', buffer: new LogBuffer() });
  const key = JSON.stringify([namespace, name, container, isPrevious, attempt]);
  useEffect(() => {
    const isNewRun = kept.current.key === key && kept.current.buffer.lines.length > 0;
    if (!isNewRun) kept.current = { key, buffer: new LogBuffer() };
    const { buffer } = kept.current;
    const stop = new AbortController();
    let state: Pick<LogState, 'state' | 'error'> = { state: run === undefined ? 'waiting' : 'connecting' };
    let frame: number | undefined;
    draw.current = () => {
      frame ??= requestAnimationFrame(() => {
        frame = undefined;
        // While paused the buffer fills on, but what is read stands still.
        setLog((shown) => (paused.current ? { ...shown, ...state } : { lines: buffer.lines, dropped: buffer.dropped, ...state }));
      });
    };
    draw.current();
    const follow = async () => {
      const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(name)}/log`;
      const how: Record<string, string> = isPrevious ? { previous: 'true' } : { follow: 'true' };
      if (isNewRun) buffer.append('\n── the container was started again ──\n');
      for await (const text of api.stream(path, { container, tailLines: `${logLinesMax}`, ...how }, stop.signal)) {
        state = { state: 'following' };
        buffer.append(text);
        draw.current?.();
      }
      state = { state: 'ended' };
    };
    if (run !== undefined) {
      follow()
        .catch((error: unknown) => {
          if (stop.signal.aborted) return;
          state = { state: 'failed', error: error instanceof ApiError ? error.message : `the log broke off: ${String(error)}` };
        })
        .finally(() => draw.current?.());
    }
    return () => {
      stop.abort();
      if (frame !== undefined) cancelAnimationFrame(frame);
      draw.current = undefined;
    };
  }, [api, namespace, name, container, isPrevious, run, key]);
  useEffect(() => {
    paused.current = isPaused;
    if (!isPaused) draw.current?.();
  }, [isPaused]);
  return log;
}
