// Evaluates expressions of a policy for one request with one set of parameters, with the variables that they ask for.
import type { Budget } from '../../../cel/budget.ts';
import {
  type AdmissionExpression,
  type Compiled,
  ExpressionError,
  LazyVariables,
  type Outcome,
  type RequestValues,
  type SharedBudget,
} from '../expressions/index.ts';
import type { PolicyBasis } from './policy-basis.ts';

/** Units of cost for one evaluation of a policy (Kubernetes' RuntimeCELCostBudget). */
export const policyUnits = 10_000_000;

export class PolicyExpressions {
  readonly #policy: PolicyBasis;
  readonly #values: RequestValues;
  /** That of the expression under evaluation, which pays for the variables that it is the first to ask for. */
  #budget: Budget | undefined;

  constructor(policy: PolicyBasis, values: RequestValues) {
    this.#policy = policy;
    this.#values = values;
    values.variables = new LazyVariables(policy.variables.keys(), (name) => this.#variable(name));
  }

  /** @throws OutOfBudget */
  evaluate(expression: Compiled, budget: SharedBudget): Outcome {
    return budget.evaluate(expression, (ready, own) => this.#within(own, ready));
  }

  #within(budget: Budget, expression: AdmissionExpression): unknown {
    this.#budget = budget;
    try {
      return expression.evaluate(this.#values, budget);
    } finally {
      this.#budget = undefined;
    }
  }

  #variable(name: string): unknown {
    const expression = this.#policy.variables.get(name);
    const budget = this.#budget;
    if (!expression || !budget) throw new ExpressionError(`no such variable: ${name}`);
    if (expression instanceof ExpressionError) {
      throw new ExpressionError(`composited variable ${JSON.stringify(name)} fails to compile: ${expression.message}`);
    }
    try {
      return expression.evaluate(this.#values, budget);
    } catch (error) {
      if (!(error instanceof ExpressionError)) throw error;
      throw new ExpressionError(`composited variable ${JSON.stringify(name)} fails to evaluate: ${error.message}`);
    }
  }
}
