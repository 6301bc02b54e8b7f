// What policies that judge and policies that change have in common, as it is evaluated: every expression compiled once, in an order in
// which each variable knows those before it.
import type { admissionregistrationV1 } from '@berth/api';
import type { KubeObject } from '@berth/machinery';
import { AdmissionEnvironment, type Compiled, compiled, ExpressionError } from '../expressions/index.ts';
import { MatchConditions, MatchCriteria } from '../matching/index.ts';

export type PolicySpec = Pick<
  admissionregistrationV1.ValidatingAdmissionPolicySpec,
  'failurePolicy' | 'paramKind' | 'matchConstraints' | 'matchConditions' | 'variables'
>;

export class PolicyBasis {
  readonly name: string;
  readonly failurePolicy: string;
  readonly paramKind: admissionregistrationV1.ParamKind | undefined;
  readonly criteria: MatchCriteria;
  readonly conditions: MatchConditions | undefined;
  readonly variables = new Map<string, Compiled>();
  /** Of expressions that may use the variables. */
  protected readonly environment: AdmissionEnvironment;

  constructor(metadata: KubeObject['metadata'], spec: PolicySpec) {
    const { failurePolicy = 'Fail', paramKind, matchConstraints = {}, matchConditions = [] } = spec;
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
    this.environment = environment;
  }
}
