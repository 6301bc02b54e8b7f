// Goes on with logs as they are written: of the containers that there are, of their next runs, and of pods that come while it does.
// Each stream starts where the last one ended, so that neither a restart nor a connection that breaks loses or repeats a line.
import { hasEnded, Pod } from '@berth/api';
import type { HttpClient } from '@berth/client';
import { isReason, StatusError } from '@berth/machinery';
import type { Clock } from '@berth/telemetry';
import { type LineFilter, type LogLine, lineFilter, logLine, textLines } from './log-lines.ts';
import { Reordering } from './log-merge.ts';
import type { PodQuery } from './log-pods.ts';
import { type LogQuery, type LogRun, logPath, logRuns, sourceOf } from './log-runs.ts';

const windowMs = 200;
const waitingLinesMax = 5_000;
const retryMs = 1_000;
/** At a time, each a connection. */
export const streamsMax = 100;

export interface FollowerOptions {
  client: HttpClient;
  clock: Clock;
  namespace: string;
  pods: PodQuery;
  container: string | undefined;
  query: Pick<LogQuery, 'tail' | 'sinceMs'>;
  filter: LineFilter;
  write(line: LogLine): Promise<void>;
  note(text: string): void;
}

/** Up to where a container has been read. */
export interface Mark {
  time: string;
  key: string;
  /** How many lines of exactly this time. */
  count: number;
}

/** @param mark that of the container before this line */
export function nextMark(mark: Mark | undefined, { key, time }: Pick<LogLine, 'key' | 'time'>): Mark {
  return { time, key, count: mark?.key === key ? mark.count + 1 : 1 };
}

/** Tells lines that were read before, of a stream that begins with the time of the mark, from those that were not. */
export function afterMark(mark: Mark | undefined): (line: Pick<LogLine, 'key'>) => boolean {
  let skipped = 0;
  return ({ key }) => {
    if (mark === undefined || key > mark.key) return true;
    if (key < mark.key || skipped >= mark.count) return key >= mark.key;
    skipped++;
    return false;
  };
}

interface Followed {
  containerId: string | undefined;
  done: Promise<void>;
}

export class LogFollower {
  readonly #options: FollowerOptions;
  readonly #reordering: Reordering;
  readonly #marks: Map<string, Mark>;
  readonly #followed = new Map<string, Followed>();
  readonly #ended = new AbortController();
  /** By uid, as last heard of; pods that are gone are not in it. */
  readonly #pods = new Map<string, Pod>();
  /** Of which there were lines that nobody asked for. */
  #initial: ReadonlySet<string> = new Set();
  #open = 0;
  #failure: unknown;

  /** @param marks of what has been shown, by pod's uid and container */
  constructor(options: FollowerOptions, marks: Map<string, Mark>) {
    this.#options = options;
    this.#marks = marks;
    this.#reordering = new Reordering({ clock: options.clock, windowMs, linesMax: waitingLinesMax, write: options.write });
  }

  /** Until the signal, or until all of it has ended where nothing more can come. @param pods as of that version */
  async run(pods: readonly Pod[], resourceVersion: string, signal: AbortSignal): Promise<void> {
    const either = AbortSignal.any([signal, this.#ended.signal]);
    this.#initial = new Set(pods.map(({ metadata }) => metadata.uid ?? ''));
    for (const pod of pods) this.#heard(pod, either);
    this.#endIfOver();
    try {
      await this.#watch(resourceVersion, either);
    } finally {
      this.#ended.abort();
    }
    await Promise.all([...this.#followed.values()].map(({ done }) => done));
    await this.#reordering.settled();
    if (this.#failure !== undefined) throw this.#failure;
  }

  async #watch(from: string, signal: AbortSignal): Promise<void> {
    const { client, namespace, pods } = this.#options;
    const selectors = { labelSelector: pods.labelSelector, fieldSelector: pods.fieldSelector };
    let resourceVersion: string | undefined = from;
    while (!signal.aborted) {
      try {
        for await (const change of client.watch(Pod, {
          namespace,
          ...selectors,
          signal,
          ...(resourceVersion !== undefined && { resourceVersion }),
        })) {
          if (change.type === 'BOOKMARK') resourceVersion = change.resourceVersion;
          else resourceVersion = change.object.metadata.resourceVersion;
          if (change.type === 'DELETED') this.#pods.delete(change.object.metadata.uid ?? '');
          else if (change.type !== 'BOOKMARK') this.#heard(change.object, signal);
          this.#endIfOver();
        }
      } catch (error) {
        if (!isReason(error, 'Expired')) throw error;
        // From the beginning: what is followed already is not followed twice.
        resourceVersion = undefined;
      }
    }
  }

  /** Follows each run of its containers once, one after another. */
  #heard(pod: Pod, signal: AbortSignal): void {
    const { container, note, clock } = this.#options;
    this.#pods.set(pod.metadata.uid ?? '', pod);
    for (const run of logRuns(pod, { container, isPrevious: false }, clock.now()).runs) {
      if (run.isPrevious || run.containerId === undefined) continue;
      const key = `${run.uid}/${run.container}`;
      const before = this.#followed.get(key);
      if (before?.containerId === run.containerId) continue;
      if (!before && this.#open >= streamsMax) {
        note(`${sourceOf(run)} is not followed: ${streamsMax} are already; -c or -l makes them fewer`);
        continue;
      }
      this.#open++;
      const done = this.#follow(run, key, before?.done, signal).finally(() => {
        this.#open--;
        this.#endIfOver();
      });
      this.#followed.set(key, { containerId: run.containerId, done });
    }
  }

  async #follow(run: LogRun, key: string, before: Promise<void> | undefined, signal: AbortSignal): Promise<void> {
    await before;
    try {
      while (!signal.aborted) {
        await this.#stream(run, key, signal);
        if (signal.aborted || !this.#isRunning(run)) return;
        // It goes on, so that the connection has ended and not the container.
        await this.#options.clock.sleep(retryMs, signal).catch(() => undefined);
      }
    } catch (error) {
      this.#failure ??= error;
      this.#ended.abort();
    }
  }

  #isRunning({ uid, container, containerId }: LogRun): boolean {
    const statuses = this.#pods.get(uid)?.status;
    const all = [
      ...(statuses?.initContainerStatuses ?? []),
      ...(statuses?.containerStatuses ?? []),
      ...(statuses?.ephemeralContainerStatuses ?? []),
    ];
    return all.some(({ name, containerID, state }) => name === container && containerID === containerId && state?.running !== undefined);
  }

  async #stream(run: LogRun, key: string, signal: AbortSignal): Promise<void> {
    const { client, query, filter, note } = this.#options;
    const mark = this.#marks.get(key);
    const isNew = afterMark(mark);
    const isWanted = lineFilter(filter);
    try {
      const tail = this.#initial.has(run.uid) ? query.tail : undefined;
      const path = logPath(run, { ...query, tail, isFollowed: true, ...(mark && { sinceTime: mark.time }) });
      const answer = await client.open(path, signal);
      for await (const text of textLines(answer as AsyncIterable<Uint8Array>)) {
        const line = logLine(sourceOf(run), text, this.#marks.get(key)?.key);
        if (!isNew(line)) continue;
        if (line.time !== '') this.#marks.set(key, nextMark(this.#marks.get(key), line));
        if (isWanted(line.text)) await this.#reordering.push(line);
      }
    } catch (error) {
      if (signal.aborted) return;
      const isBroken = ['ECONNRESET', 'EPIPE', 'ERR_STREAM_PREMATURE_CLOSE'].includes((error as NodeJS.ErrnoException).code ?? '');
      if (!(error instanceof StatusError) && !isBroken) throw error;
      note(`${sourceOf(run)}: ${(error as Error).message}`);
    }
  }

  #endIfOver(): void {
    const { isClosed } = this.#options.pods;
    if (isClosed && this.#open === 0 && [...this.#pods.values()].every((pod) => hasEnded(pod))) this.#ended.abort();
  }
}
