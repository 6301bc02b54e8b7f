// Conditions of webhooks and policies: expressions that must all hold for a request to be their concern. One that does not hold settles
// it, whatever becomes of the others.
import { AdmissionEnvironment, type Compiled, compiled, OutOfBudget, SharedBudget } from '../expressions/index.ts';

/** Units of cost that all conditions of one configuration may take together (Kubernetes' RuntimeCELCostBudgetMatchConditions). */
const conditionsUnits = 2_500_000;

export interface MatchCondition {
  name: string;
  expression: string;
}

/** `error` with a failure policy of Fail alone. */
export interface ConditionsResult {
  matches: boolean;
  error?: string;
}

export class MatchConditions {
  readonly #conditions: Compiled[];
  readonly #failurePolicy: string;

  /**
   * Compiles them once; one that cannot be compiled is an error whenever it is evaluated.
   * @param failurePolicy Fail or Ignore: what becomes of conditions that have no value
   */
  constructor(
    conditions: readonly MatchCondition[],
    failurePolicy: string,
    environment: AdmissionEnvironment = new AdmissionEnvironment({ hasParams: false, hasAuthorizer: true }),
  ) {
    this.#failurePolicy = failurePolicy;
    this.#conditions = conditions.map(({ expression }) => compiled(environment, expression, ['bool']));
  }

  /** @param values what expressions see: RequestValues */
  async evaluate(values: object): Promise<ConditionsResult> {
    const errors: string[] = [];
    const budget = new SharedBudget(conditionsUnits);
    try {
      for (const condition of this.#conditions) {
        const outcome = budget.evaluate(condition, (expression, own) => expression.evaluate(values, own));
        if ('error' in outcome) errors.push(outcome.error);
        else if (outcome.value === false) return { matches: false };
        await budget.pause();
      }
    } catch (error) {
      if (error instanceof OutOfBudget) return this.#failed(error.message);
      throw error;
    }
    const [first = '', ...others] = errors;
    if (errors.length === 0) return { matches: true };
    return this.#failed(others.length === 0 ? first : `[${errors.join(', ')}]`);
  }

  #failed(error: string): ConditionsResult {
    return this.#failurePolicy === 'Ignore' ? { matches: false } : { matches: false, error };
  }
}
