// What this agent has taken out of its table itself and `nft monitor` has yet to say so: on a busy machine it speaks late, of what may be there
// again by then, and to take that for a loss would be to read the whole table. Each removal is expected once, and not for ever: events may be lost.
import type { Clock } from '@berth/telemetry';
import { type Entry, idOf } from './frontends.ts';

const expectedMs = 60_000;
const expectedMax = 20_000;

interface Expected {
  left: number;
  untilMs: number;
}

export class OwnRemovals {
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  readonly #max: number;
  /** By id; the oldest first. */
  readonly #expected = new Map<string, Expected>();

  constructor(clock: Pick<Clock, 'monotonicMs'>, max = expectedMax) {
    this.#clock = clock;
    this.#max = max;
  }

  /** Before the kernel is asked: it may be heard of at once. */
  expect(entries: readonly Entry[]): void {
    const nowMs = this.#clock.monotonicMs();
    for (const entry of entries) {
      const id = idOf(entry);
      const known = this.#expected.get(id);
      this.#expected.delete(id);
      // A chain goes with each of its rules.
      const left = entry.kind === 'chain' ? Number.POSITIVE_INFINITY : (known?.left ?? 0) + 1;
      this.#expected.set(id, { left, untilMs: nowMs + expectedMs });
    }
    for (const [id, { untilMs }] of this.#expected) {
      if (untilMs > nowMs && this.#expected.size <= this.#max) return;
      this.#expected.delete(id);
    }
  }

  /** Whether a removal that was heard of is one of these, which is so once. */
  take(id: string): boolean {
    const known = this.#expected.get(id);
    if (!known) return false;
    known.left--;
    if (known.left <= 0) this.#expected.delete(id);
    return known.untilMs > this.#clock.monotonicMs();
  }
}
