// How long the past stays readable: a day by default, less when much is written. Every five minutes the newest revision is noted with
// its time, in the store itself, so that the notes outlive the process and several processes share them.
import type { Clock, Logger, Timer } from '@berth/telemetry';
import { CompactedError, type RevisionMark, type Store, StoreUnavailableError } from './store.ts';

const marksKey = '/compaction/marks';
const intervalMs = 300_000;
const dayMs = 86_400_000;

export interface HistoryOptions {
  /** What was superseded longer ago than this is forgotten. */
  historyMs?: number;
  /** So many revisions stay at most, whatever their age. etcd counts 64 for each request, see etcd/revisions.ts. */
  revisionsMax?: number;
}

export class History {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #historyMs: number;
  readonly #revisionsMax: number;
  #timer: Timer | undefined;
  #stopped = false;

  constructor(store: Store, clock: Clock, logger: Logger, { historyMs = dayMs, revisionsMax = 2_000_000 }: HistoryOptions) {
    this.#store = store;
    this.#clock = clock;
    this.#logger = logger;
    this.#historyMs = historyMs;
    this.#revisionsMax = revisionsMax;
  }

  start(): void {
    this.#timer = this.#clock.after(intervalMs, () => void this.#tick());
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  /** Those of the past that is still there. */
  async marks(): Promise<RevisionMark[]> {
    const { kv } = await this.#store.get(marksKey);
    return kv ? parse(kv.value) : [];
  }

  async #tick(): Promise<void> {
    try {
      await this.#advance();
    } catch (error) {
      // A process that lost the race, or a store that is away, tries again later.
      if (!this.#stopped && !(error instanceof CompactedError)) this.#logger.warn('forgetting the past failed, trying again', { error });
    }
    if (!this.#stopped) this.start();
  }

  async #advance(): Promise<void> {
    const { kv } = await this.#store.get(marksKey);
    const marks = kv ? parse(kv.value) : [];
    const revision = await this.#store.revision();
    const nowMs = this.#clock.now();
    const newest = marks.at(-1);
    // Another process noted it already; half an interval apart is close enough.
    if (newest && nowMs - newest.atMs < intervalMs / 2 && nowMs >= newest.atMs) return;
    // Nothing was written since but the note itself: an idle cluster does not write notes about notes.
    const isIdle = newest !== undefined && kv !== undefined && revision - kv.modRevision < 64;
    if (!isIdle) marks.push({ atMs: nowMs, revision });
    const isPast = ({ atMs, revision: at }: RevisionMark) => atMs <= nowMs - this.#historyMs || at <= revision - this.#revisionsMax;
    const boundary = marks.filter(isPast).at(-1);
    if (isIdle && !boundary) return;
    const value = new Uint8Array(Buffer.from(JSON.stringify(marks.filter((mark) => !isPast(mark)))));
    const result = await this.#store.transact({
      compare: [{ key: marksKey, target: 'mod', revision: kv?.modRevision ?? 0 }],
      writes: [{ type: 'put', key: marksKey, value }],
    });
    if (result.succeeded && boundary) await this.#store.compact(boundary.revision);
  }
}

function parse(value: Uint8Array): RevisionMark[] {
  const marks: unknown = JSON.parse(Buffer.from(value).toString());
  if (!Array.isArray(marks)) throw new StoreUnavailableError(`${marksKey} does not hold a list; delete the key`);
  return marks.map((mark) => ({ atMs: Number(mark.atMs), revision: Number(mark.revision) }));
}
