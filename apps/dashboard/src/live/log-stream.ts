// Follows one container’s log into a bounded buffer, drawn at most once a frame. A log that ends or breaks off says so, and
// is taken up again when asked for.
import { useEffect, useRef, useState } from 'react';
import { LogBuffer, logLinesMax } from '../model/log-buffer.ts';
import { ApiError } from './api-client.ts';
import { useSession } from './session.tsx';

export interface LogSource {
  namespace: string;
  name: string;
  container: string;
  isPrevious: boolean;
  /** Counted up to start anew. */
  attempt: number;
}

export interface LogState {
  lines: string[];
  dropped: number;
  state: 'connecting' | 'following' | 'ended' | 'failed';
  error?: string;
}

const nothingYet: LogState = { lines: [], dropped: 0, state: 'connecting' };

export function useLog({ namespace, name, container, isPrevious, attempt }: LogSource, isPaused: boolean): LogState {
  const { api } = useSession();
  const [log, setLog] = useState<LogState>(nothingYet);
  const paused = useRef(isPaused);
  const draw = useRef<() => void>(undefined);
  useEffect(() => {
    const stop = new AbortController();
    const buffer = new LogBuffer();
    let state: Pick<LogState, 'state' | 'error'> = { state: 'connecting' };
    let frame: number | undefined;
    draw.current = () => {
      frame ??= requestAnimationFrame(() => {
        frame = undefined;
        // While paused the buffer fills on, but what is read stands still.
        setLog((shown) => (paused.current ? { ...shown, ...state } : { lines: buffer.lines, dropped: buffer.dropped, ...state }));
      });
    };
    setLog(nothingYet);
    const follow = async () => {
      const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(name)}/log`;
      const how: Record<string, string> = isPrevious ? { previous: 'true' } : { follow: 'true' };
      const query = { container, tailLines: `${logLinesMax}`, ...how };
      for await (const text of api.stream(path, query, stop.signal)) {
        state = { state: 'following' };
        buffer.append(text);
        draw.current?.();
      }
      state = { state: 'ended' };
    };
    follow()
      .catch((error: unknown) => {
        if (stop.signal.aborted) return;
        state = { state: 'failed', error: error instanceof ApiError ? error.message : `the log broke off: ${String(error)}` };
      })
      .finally(() => draw.current?.());
    return () => {
      stop.abort();
      if (frame !== undefined) cancelAnimationFrame(frame);
      draw.current = undefined;
    };
  }, [api, namespace, name, container, isPrevious, attempt]);
  useEffect(() => {
    paused.current = isPaused;
    if (!isPaused) draw.current?.();
  }, [isPaused]);
  return log;
}
