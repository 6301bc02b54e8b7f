// A ValidatingAdmissionPolicy as it is evaluated: every expression compiled once, in an order in which each variable knows those before it.
import type { admissionregistrationV1, ValidatingAdmissionPolicy } from '@berth/api';
import { AdmissionEnvironment, type Compiled, compiled, ExpressionError } from '../expressions/index.ts';
import { MatchConditions, MatchCriteria } from '../matching/index.ts';

export const validationTypes = ['bool'];
export const messageTypes = ['string'];
export const annotationTypes = ['string', 'null'];

export interface CompiledValidation {
  expression: Compiled;
  messageExpression: Compiled | undefined;
  validation: admissionregistrationV1.Validation;
}

export interface CompiledAnnotation {
  key: string;
  valueExpression: string;
  expression: Compiled;
}

export class CompiledPolicy {
  readonly name: string;
  readonly failurePolicy: string;
  readonly paramKind: admissionregistrationV1.ParamKind | undefined;
  readonly criteria: MatchCriteria;
  readonly conditions: MatchConditions | undefined;
  readonly variables = new Map<string, Compiled>();
  readonly validations: CompiledValidation[];
  readonly annotations: CompiledAnnotation[];

  constructor({ metadata, spec }: ValidatingAdmissionPolicy) {
    const { failurePolicy = 'Fail', paramKind, matchConstraints = {}, matchConditions = [], auditAnnotations = [] } = spec;
    this.name = metadata.name;
    this.failurePolicy = failurePolicy;
    this.paramKind = paramKind;
    this.criteria = new MatchCriteria(matchConstraints, { matchesWithoutRules: true });
    let environment = new AdmissionEnvironment({ hasParams: paramKind !== undefined, hasAuthorizer: true });
    this.conditions = matchConditions.length > 0 ? new MatchConditions(matchConditions, failurePolicy, environment) : undefined;
    for (const { name, expression } of spec.variables ?? []) {
      const variable = compiled(environment, expression, []);
      this.variables.set(name, variable);
      environment = environment.withVariable(name, variable instanceof ExpressionError ? 'dyn' : variable.type);
    }
    const messages = environment.withoutAuthorizer();
    this.validations = (spec.validations ?? []).map((validation) => ({
      validation,
      expression: compiled(environment, validation.expression, validationTypes),
      messageExpression: validation.messageExpression ? compiled(messages, validation.messageExpression, messageTypes) : undefined,
    }));
    this.annotations = auditAnnotations.map(({ key, valueExpression }) => ({
      ...{ key, valueExpression },
      expression: compiled(environment, valueExpression.trim(), annotationTypes),
    }));
  }
}
