// What a query may cost, in values it makes and in values it looks at; and when it lets others have the event loop. Nothing here knows
// the time: a turn is due after so many values, and whoever runs the query says what a turn is.
import { PromqlError } from './promql-error.ts';

export interface MeterOptions {
  /** Values in memory: samples read, and steps of every series that is made on the way. */
  valuesMax: number;
  /** Values looked at, as often as they are: a window of an hour at every step looks at all of its samples again. */
  workMax: number;
  /** Lets others run. @throws to end the query */
  turn(): Promise<void>;
}

/** What it takes to look at all labels of a series. */
export const workOfLabels = 50;
/** A few milliseconds. */
const workOfTurn = 15_000;

export class Meter {
  readonly #options: MeterOptions;
  #values = 0;
  #work = 0;
  #sinceTurn = 0;

  constructor(options: MeterOptions) {
    this.#options = options;
  }

  /** Before that many are made. @throws PromqlError */
  make(values: number): void {
    this.#values += values;
    const { valuesMax } = this.#options;
    if (this.#values <= valuesMax) return;
    throw new PromqlError(
      'execution',
      `query processing would load too many samples into memory (more than ${valuesMax}); ask for fewer series, a shorter time or longer steps`,
    );
  }

  /** Whether a turn is due, which whoever asks then awaits. @throws PromqlError */
  spend(work: number): boolean {
    this.#work += work;
    this.#sinceTurn += work;
    const { workMax } = this.#options;
    if (this.#work <= workMax) return this.#sinceTurn >= workOfTurn;
    throw new PromqlError(
      'execution',
      `the query looks at too many samples (more than ${workMax}); ask for fewer series, a shorter time or longer steps`,
    );
  }

  /** @param work of each item */
  async each<T>(items: Iterable<T>, work: number, visit: (item: T) => void): Promise<void> {
    for (const item of items) {
      visit(item);
      if (this.spend(work)) await this.turn();
    }
  }

  async turn(): Promise<void> {
    this.#sinceTurn = 0;
    await this.#options.turn();
  }
}
