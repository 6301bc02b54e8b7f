// Reads the logs of any number of containers into one, by time. The first is followed as it is written; the others, as browsers allow only so
// many connections, are asked for what is new every few seconds, one after the other.
import { logEntry } from '../model/log-entry.ts';
import type { WantedLog } from '../model/log-sources.ts';
import { LogLines, MergedLog, Unseen } from '../model/merged-log.ts';
import { type ApiClient, ApiError } from './api-client.ts';

/** A new run is read anew; a previous one once. */
export type LogSource = WantedLog;

export interface ReadOptions {
  tailLines: number;
  /** Undefined for all that is kept. */
  sinceSeconds: number | undefined;
}

export type ReaderState = 'connecting' | 'following' | 'ended' | 'failed';

const pollMs = 2_000;

interface Reader {
  source: LogSource;
  lines: LogLines;
  unseen: Unseen;
  state: ReaderState;
  error?: string;
  isFollowed: boolean;
}

export class LogFollower {
  readonly log: MergedLog;
  readonly #api: ApiClient;
  readonly #options: ReadOptions;
  readonly #changed: () => void;
  readonly #readers = new Map<string, Reader>();
  readonly #stopped = new AbortController();
  #isPolling = false;

  constructor(api: ApiClient, linesMax: number, options: ReadOptions, changed: () => void) {
    this.#api = api;
    this.log = new MergedLog(linesMax);
    this.#options = options;
    this.#changed = changed;
  }

  /** What is read already goes on; what is new is begun. Logs of what is gone stay as they were read. */
  follow(sources: LogSource[]): void {
    for (const source of sources) {
      const key = [source.pod, source.container, source.isPrevious ? 'previous' : source.run].join(' ');
      if (this.#readers.has(key)) continue;
      const isNewRun = !source.isPrevious && this.#hasRun(source);
      const reader: Reader = {
        source,
        lines: new LogLines(source.label),
        unseen: new Unseen(),
        state: 'connecting',
        isFollowed: this.#mayFollow(source),
      };
      this.#readers.set(key, reader);
      if (isNewRun) this.#note(source.label, '── the container was started again ──');
      if (reader.isFollowed) void this.#read(reader, true);
    }
    void this.#poll();
  }

  stop(): void {
    this.#stopped.abort();
  }

  get states(): { state: ReaderState; error: string | undefined; source: LogSource }[] {
    return [...this.#readers.values()].map(({ state, error, source }) => ({ state, error, source }));
  }

  /** One connection for all logs: the next run of the only container has it, once the last one's has ended. */
  #mayFollow({ isPrevious }: LogSource): boolean {
    return (
      !isPrevious && ![...this.#readers.values()].some(({ isFollowed, state }) => isFollowed && state !== 'ended' && state !== 'failed')
    );
  }

  #hasRun({ pod, container }: LogSource): boolean {
    return [...this.#readers.values()].some(({ source }) => source.pod === pod && source.container === container && !source.isPrevious);
  }

  #note(label: string, text: string): void {
    this.log.add([logEntry(text, label)]);
  }

  /** Those that are not followed, in turn; the first time whole, then what is new. */
  async #poll(): Promise<void> {
    if (this.#isPolling) return;
    this.#isPolling = true;
    const { signal } = this.#stopped;
    const polled = () =>
      [...this.#readers.values()].filter(({ isFollowed, state }) => !isFollowed && (state === 'connecting' || state === 'following'));
    while (!signal.aborted && polled().length > 0) {
      for (const reader of polled()) if (!signal.aborted) await this.#read(reader, false);
      if (polled().length > 0) await pause(pollMs, signal);
    }
    this.#isPolling = false;
  }

  async #read(reader: Reader, isFollowing: boolean): Promise<void> {
    const { source, lines, unseen } = reader;
    const { signal } = this.#stopped;
    const path = `/api/v1/namespaces/${encodeURIComponent(source.namespace)}/pods/${encodeURIComponent(source.pod)}/log`;
    const add = (entries: ReturnType<LogLines['push']>) => {
      this.log.add(isFollowing ? entries : unseen.filter(entries));
      this.#changed();
    };
    try {
      for await (const text of this.#api.stream(path, this.#query(reader, isFollowing), signal)) {
        reader.state = 'following';
        add(lines.push(text));
      }
      add(lines.end());
      if (isFollowing || source.isPrevious) reader.state = 'ended';
    } catch (error) {
      if (signal.aborted) return;
      reader.state = 'failed';
      reader.error = error instanceof ApiError ? error.message : `the log broke off: ${String(error)}`;
    }
    this.#changed();
    void this.#poll();
  }

  #query({ source: { container, isPrevious }, unseen }: Reader, isFollowing: boolean): Record<string, string> {
    const since = isFollowing ? undefined : unseen.begin();
    const { tailLines, sinceSeconds } = this.#options;
    const from: Record<string, string> = since
      ? { sinceTime: since }
      : sinceSeconds === undefined
        ? {}
        : { sinceSeconds: `${sinceSeconds}` };
    return {
      container,
      timestamps: 'true',
      ...(!since && { tailLines: `${tailLines}` }),
      ...from,
      ...(isPrevious ? { previous: 'true' } : isFollowing ? { follow: 'true' } : {}),
    };
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener(
      'abort',
      () => {
        clearTimeout(timer);
        resolve();
      },
      { once: true },
    );
  });
}
