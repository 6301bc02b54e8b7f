// What evaluating expressions may cost, so that none can hold up the server: every step costs one, every value that comes out
// of a step as much as reading it would, as in Kubernetes' cost model (a tenth for a character). Counted, not timed: the same
// expression over the same values ends in the same way on a busy machine.

/**
 * For all expressions over one token together: some tens of milliseconds at worst, in which nobody else is served. Kubernetes
 * allows four times as much to each, but has other threads.
 */
export const budgetUnits = 250_000;
const unitsPerCharacter = 0.1;

/** One and the same, so that a loop which is not told of it at once is through with its rest soon. */
const exhausted = new Error('the expression takes too much: it looks at too many values, or makes too large ones');

export class Budget {
  #left: number;

  constructor(units: number = budgetUnits) {
    this.#left = units;
  }

  get isExhausted(): boolean {
    return this.#left < 0;
  }

  /** Units; negative once more was asked for than there was. */
  get left(): number {
    return this.#left;
  }

  /** @throws Error when nothing is left; expressions may swallow it (`true || …`), so whoever evaluates asks `isExhausted` as well */
  spend(units: number): void {
    this.#left -= units;
    if (this.#left < 0) throw exhausted;
  }

  throwIfExhausted(): void {
    if (this.isExhausted) throw exhausted;
  }
}

/** What reading this value costs. */
export function unitsOf(value: unknown): number {
  if (typeof value === 'string') return value.length * unitsPerCharacter;
  if (Array.isArray(value)) return value.length;
  if (value instanceof Uint8Array) return value.length * unitsPerCharacter;
  return value instanceof Map ? value.size : 0;
}

/** Where functions of an environment find the budget of the evaluation that runs: evaluation is synchronous, so there is one. */
export class Meter {
  #budget: Budget | undefined;

  spend(units: number): void {
    this.#budget?.spend(units);
  }

  /** @throws what `work` throws, or that the budget is exhausted */
  run<T>(budget: Budget, work: () => T): T {
    // An evaluation may begin in the middle of another: of a variable that an expression asks for.
    const outer = this.#budget;
    this.#budget = budget;
    try {
      const value = work();
      budget.throwIfExhausted();
      return value;
    } catch (error) {
      // What an expression makes of the error is beside the point.
      budget.throwIfExhausted();
      throw error;
    } finally {
      this.#budget = outer;
    }
  }
}
