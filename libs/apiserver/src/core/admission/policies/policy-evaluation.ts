// What a policy says of one request with one set of parameters: a decision for each validation, and what goes into the audit log.
import type { Clock } from '@berth/telemetry';
import type { PolicyCheck } from '../../types.ts';
import { type Outcome, OutOfBudget, type RequestValues, SharedBudget } from '../expressions/index.ts';
import type { CompiledAnnotation, CompiledPolicy, CompiledValidation } from './compiled-policy.ts';
import { PolicyExpressions, policyUnits } from './policy-expressions.ts';

const messageBytesMax = 5 * 1024;

export interface Decision {
  denies: boolean;
  /** Whether it is one about an error, whose action is the failure policy's. */
  isError: boolean;
  message: string;
  reason: string;
  seconds: number;
}

export interface Annotation {
  key: string;
  /** Absent for what is not published. */
  value?: string;
  error?: string;
  seconds: number;
}

export interface Evaluated {
  decisions: Decision[];
  annotations: Annotation[];
}

const nothing: Evaluated = { decisions: [], annotations: [] };

/** Kubernetes' names of what became of an expression. */
export function errorTypeOf({ denies, isError, message }: Pick<Decision, 'denies' | 'isError' | 'message'>): PolicyCheck['errorType'] {
  if (!denies && !isError) return 'no_error';
  if (message.startsWith('compilation')) return 'compile_error';
  return message.startsWith('validation failed due to running out of cost budget') ? 'out_of_budget' : 'invalid_error';
}

export class PolicyEvaluation {
  readonly #policy: CompiledPolicy;
  readonly #values: RequestValues;
  readonly #clock: Clock;
  readonly #expressions: PolicyExpressions;

  constructor(policy: CompiledPolicy, values: RequestValues, clock: Clock) {
    this.#policy = policy;
    this.#values = values;
    this.#clock = clock;
    this.#expressions = new PolicyExpressions(policy, values);
  }

  async run(): Promise<Evaluated> {
    const conditions = await this.#policy.conditions?.evaluate(this.#values);
    if (conditions?.error !== undefined) return { decisions: [this.#failed(conditions.error, 0)], annotations: [] };
    if (conditions && !conditions.matches) return nothing;
    try {
      const decisions = await this.#decisions();
      return { decisions, annotations: await this.#annotations() };
    } catch (error) {
      if (error instanceof OutOfBudget) return { decisions: [this.#failed(error.message, 0)], annotations: [] };
      throw error;
    }
  }

  async #decisions(): Promise<Decision[]> {
    const budget = new SharedBudget(policyUnits);
    const decisions: Decision[] = [];
    for (const validation of this.#policy.validations) {
      const startMs = this.#clock.monotonicMs();
      const outcome = this.#expressions.evaluate(validation.expression, budget);
      const seconds = (this.#clock.monotonicMs() - startMs) / 1000;
      decisions.push('error' in outcome ? this.#failed(outcome.error, seconds) : this.#decided(validation, outcome.value, budget, seconds));
      await budget.pause();
    }
    return decisions;
  }

  #decided(validation: CompiledValidation, value: unknown, budget: SharedBudget, seconds: number): Decision {
    if (value === true) return { denies: false, isError: false, message: '', reason: '', seconds };
    try {
      const message = this.#message(validation, budget);
      return { denies: true, isError: false, message, reason: validation.validation.reason ?? 'Invalid', seconds };
    } catch (error) {
      if (error instanceof OutOfBudget) return this.#failed(`failed messageExpression: ${error.message}`, seconds);
      throw error;
    }
  }

  /** One that cannot be made, or says nothing, leaves what is written down. */
  #message({ validation, messageExpression }: CompiledValidation, budget: SharedBudget): string {
    const outcome = messageExpression && this.#expressions.evaluate(messageExpression, budget);
    const made = outcome && 'value' in outcome && typeof outcome.value === 'string' ? outcome.value.trim() : '';
    if (made !== '' && Buffer.byteLength(made) <= messageBytesMax && !made.includes('\n')) return made;
    return validation.message?.trim() || `failed expression: ${validation.expression.trim()}`;
  }

  async #annotations(): Promise<Annotation[]> {
    const budget = new SharedBudget(policyUnits);
    const annotations: Annotation[] = [];
    for (const annotation of this.#policy.annotations) {
      const startMs = this.#clock.monotonicMs();
      const outcome = this.#expressions.evaluate(annotation.expression, budget);
      const seconds = (this.#clock.monotonicMs() - startMs) / 1000;
      annotations.push({ key: annotation.key, seconds, ...this.#annotated(annotation, outcome) });
      await budget.pause();
    }
    return annotations;
  }

  #annotated({ valueExpression }: CompiledAnnotation, outcome: Outcome): Pick<Annotation, 'value' | 'error'> {
    if ('error' in outcome) return this.#policy.failurePolicy === 'Ignore' ? {} : { error: outcome.error };
    const { value } = outcome;
    if (value === null) return {};
    if (typeof value === 'string') return value.trim() === '' ? {} : { value: value.trim() };
    const why = 'resulted in an unsupported return type. Return type must be either string or null.';
    return { error: `valueExpression '${valueExpression}' ${why}` };
  }

  /** Fail or Ignore. */
  #failed(message: string, seconds: number): Decision {
    return { denies: this.#policy.failurePolicy !== 'Ignore', isError: true, message, reason: '', seconds };
  }
}
