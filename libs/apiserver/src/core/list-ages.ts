// How old the revisions of paged lists are. However much of the past the store keeps, a list can be continued at its revision for
// five minutes, which is how long Kubernetes' etcd keeps it: clients are written for tokens that expire, and tested with it.
import type { Clock } from '@berth/telemetry';

export const listAgeMaxMs = 5 * 60_000;
/** Tokens that are handed out within this time share a mark: there are no more marks than fit into the age. */
const markSpacingMs = 10_000;

interface Mark {
  atMs: number;
  /** The newest of the cluster at that time. */
  revision: number;
}

export class ListAges {
  readonly #clock: Clock;
  /** The newest that is too old, and all after it. */
  readonly #marks: Mark[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A token is handed out while this is the newest revision. */
  note(revision: number): void {
    const mark = { atMs: this.#clock.now(), revision };
    const before = this.#marks.at(-2);
    if (before && mark.atMs - before.atMs < markSpacingMs) this.#marks.pop();
    this.#marks.push(mark);
    this.#forget();
  }

  /** Whether lists of this revision are no longer continued consistently. */
  isOld(revision: number): boolean {
    this.#forget();
    const [oldest] = this.#marks;
    return oldest !== undefined && this.#isOld(oldest) && revision <= oldest.revision;
  }

  #forget(): void {
    let old = 0;
    for (const mark of this.#marks) if (this.#isOld(mark)) old += 1;
    if (old > 1) this.#marks.splice(0, old - 1);
  }

  #isOld({ atMs }: Mark): boolean {
    return this.#clock.now() - atMs >= listAgeMaxMs;
  }
}
