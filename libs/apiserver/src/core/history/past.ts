// What the store still knows of the past: from when on, which revision was the newest at a time, and what was written between two of them.
import { StatusError } from '@berth/machinery';
import { CompactedError, type Origin, type Store, type StoreEvent } from '@berth/store';
import type { Clock } from '@berth/telemetry';
import { translated } from '../store-errors.ts';

/** When a revision was the newest, in milliseconds. */
export interface Known {
  atMs: number;
  revision: number;
}

export interface PastEvent extends StoreEvent {
  origin?: Origin;
}

export interface Between {
  /** Not itself. */
  after: number;
  /** Absent for the newest. */
  until?: number | undefined;
  start: string;
  end: string;
  signal?: AbortSignal | undefined;
}

/** Every key there is. */
const all = { start: '/', end: '0' };

export class Past {
  readonly #store: Store;
  readonly #clock: Clock;

  constructor(store: Store, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  now(): Promise<Known> {
    return translated(this.#store.revision()).then((revision) => ({ atMs: this.#clock.now(), revision }));
  }

  /** The first moment that can be shown. */
  async oldest(): Promise<Known> {
    const now = await this.now();
    const [mark] = await translated(this.#store.marks());
    for await (const { origin, kv } of this.events({ ...all, after: 0, until: mark?.revision })) {
      if (origin) return { atMs: origin.atMs, revision: kv.modRevision };
    }
    return mark ?? now;
  }

  /**
   * What was the newest revision then: no later one is of that time or before.
   * @throws StatusError BadRequest for the future, Expired for what is no longer kept; both say what can be asked for
   */
  async at(atMs: number, signal?: AbortSignal): Promise<number> {
    const now = await this.now();
    if (atMs > now.atMs)
      throw StatusError.badRequest(`${iso(atMs)} is in the future: it is ${iso(now.atMs)} now; ask for that time or an earlier one`);
    const marks = await translated(this.#store.marks());
    const before = marks.findLast((mark) => mark.atMs <= atMs);
    const from = before ?? (await this.#from(atMs));
    // What a build before wrote has no time; between two marks it is taken for the earlier one's.
    const until = marks.find((mark) => mark.atMs > atMs && mark.revision >= from.revision)?.revision;
    let revision = from.revision;
    for await (const { origin, kv } of this.events({ ...all, after: from.revision, until, signal })) {
      if (origin && origin.atMs > atMs) break;
      revision = kv.modRevision;
    }
    return revision;
  }

  async #from(atMs: number): Promise<Known> {
    const oldest = await this.oldest();
    if (oldest.atMs <= atMs) return oldest;
    throw StatusError.expired(
      `${iso(atMs)} is before what is kept: the past can be seen from ${iso(oldest.atMs)} on; ask for a later time`,
    );
  }

  /** What was written to these keys, in order, as far as it is still known. */
  async *events({ after, until, start, end, signal }: Between): AsyncGenerator<PastEvent> {
    const last = until ?? (await translated(this.#store.revision()));
    for (let from = after + 1; from <= last; ) {
      const watch = this.#store.watch({ start, end, fromRevision: from, withOrigins: true });
      const stop = () => watch.close();
      signal?.addEventListener('abort', stop, { once: true });
      try {
        // Where others share the store, asking for its revision has the watch get that far.
        await translated(this.#store.revision());
        for await (const batch of watch) {
          for (const event of batch.events) if (event.kv.modRevision <= last) yield event;
          if (batch.revision >= last) return;
        }
        return;
      } catch (error) {
        if (!(error instanceof CompactedError) || error.compactRevision < from) throw error;
        from = error.compactRevision + 1;
      } finally {
        signal?.removeEventListener('abort', stop);
        watch.close();
      }
    }
  }
}

export function iso(atMs: number): string {
  return new Date(atMs).toISOString();
}
