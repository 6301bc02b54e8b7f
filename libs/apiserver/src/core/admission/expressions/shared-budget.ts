// What several expressions may take together, each within a limit of its own.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Budget } from '../../../cel/budget.ts';
import { ExpressionError } from '../../../cel/expression-error.ts';
import { type AdmissionEnvironment, type AdmissionExpression, expressionUnits } from './admission-environment.ts';

/** Compiled, or why not: what was stored before may not compile today. */
export type Compiled = AdmissionExpression | ExpressionError;

/** @param returns see AdmissionEnvironment.compile */
export function compiled(environment: AdmissionEnvironment, source: string, returns: readonly string[]): Compiled {
  try {
    return environment.compile(source, returns);
  } catch (error) {
    if (error instanceof ExpressionError) return error;
    throw error;
  }
}

/** `error` in Kubernetes' words. */
export type Outcome = { value: unknown } | { error: string };

/** When nothing is left for all expressions together; none of them has a value then. */
export class OutOfBudget extends Error {
  constructor() {
    super('validation failed due to running out of cost budget, no further validation rules will be run');
    this.name = 'OutOfBudget';
  }
}

/** Some tens of milliseconds, after which others have their turn. */
const turnUnits = 200_000;

export class SharedBudget {
  #left: number;
  #spentInTurn = 0;

  /** @param units of cost, for all together */
  constructor(units: number) {
    this.#left = units;
  }

  get left(): number {
    return this.#left;
  }

  /** @param evaluate with the budget that it may use. @throws OutOfBudget */
  evaluate(expression: Compiled, evaluate: (expression: AdmissionExpression, budget: Budget) => unknown): Outcome {
    if (expression instanceof ExpressionError) return { error: `compilation error: ${expression.message}` };
    const limit = Math.min(expressionUnits, this.#left);
    const budget = new Budget(limit);
    try {
      return { value: evaluate(expression, budget) };
    } catch (error) {
      if (!(error instanceof ExpressionError)) throw error;
      if (budget.isExhausted && limit < expressionUnits) throw new OutOfBudget();
      return { error: `expression '${expression.source}' resulted in error: ${error.message}` };
    } finally {
      const spent = limit - Math.max(0, budget.left);
      this.#left -= spent;
      this.#spentInTurn += spent;
    }
  }

  /** Between expressions: lets the rest of the server go on, if they have taken long. */
  async pause(): Promise<void> {
    if (this.#spentInTurn < turnUnits) return;
    this.#spentInTurn = 0;
    await nextTurn();
  }
}
