// Names of events: the object's, and the time in hexadecimal nanoseconds as Kubernetes writes it, so that lists by name are in
// the order in which things happened. Chance fills the digits that the clock lacks, for writers that do not know each other.
import type { Clock, Random } from '@berth/telemetry';

const nanosecondsPerMillisecond = 1_000_000n;
const objectNameBytesMax = 200;

export class EventNames {
  readonly #clock: Pick<Clock, 'now'>;
  readonly #random: Pick<Random, 'next'>;
  #last = 0n;

  constructor(clock: Pick<Clock, 'now'>, random: Pick<Random, 'next'>) {
    this.#clock = clock;
    this.#random = random;
  }

  /** Grows with every call. */
  next(objectName: string): string {
    const chance = BigInt(Math.floor(this.#random.next() * Number(nanosecondsPerMillisecond)));
    const now = BigInt(Math.floor(this.#clock.now())) * nanosecondsPerMillisecond + chance;
    // One object's events follow each other by more than chance could turn round.
    this.#last = now > this.#last ? now : this.#last + 1n;
    return `${objectName.slice(0, objectNameBytesMax)}.${this.#last.toString(16).padStart(16, '0')}`;
  }
}
