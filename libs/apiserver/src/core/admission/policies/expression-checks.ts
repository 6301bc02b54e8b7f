// What is wrong with expressions of admission policies and webhooks, found when they are written: syntax, types, fields that `request`
// does not have. Of an update, Kubernetes passes over match conditions that stay as they are; a whole that stays is passed over here, as
// nothing can be wrong with it that was not when it was made. (k8s.io/kubernetes, pkg/apis/admissionregistration/validation/validation.go)
import {
  type admissionregistrationV1,
  MutatingAdmissionPolicy,
  MutatingWebhookConfiguration,
  ValidatingAdmissionPolicy,
  ValidatingWebhookConfiguration,
} from '@berth/api';
import { deepEqual, type FieldError, type KindDefinition, type KubeObject } from '@berth/machinery';
import { erased } from '../../kinds-by-name.ts';
import { AdmissionEnvironment } from '../expressions/index.ts';
import { configurationTypes, operationTypes } from './compiled-mutating-policy.ts';
import { annotationTypes, messageTypes, validationTypes } from './compiled-policy.ts';
import type { PolicySpec } from './policy-basis.ts';

/** Each is compiled while others wait: what a body of 3 MiB can hold would take seconds. */
const expressionsMax = 1_000;
const variablesMax = 200;

type Check = (object: KubeObject, old: KubeObject | undefined) => FieldError[];

const checks = new Map<KindDefinition, Check>([
  [
    erased(ValidatingAdmissionPolicy),
    (object, old) => policyErrors(object as ValidatingAdmissionPolicy, old as ValidatingAdmissionPolicy | undefined),
  ],
  [
    erased(MutatingAdmissionPolicy),
    (object, old) => mutatingPolicyErrors(object as MutatingAdmissionPolicy, old as MutatingAdmissionPolicy | undefined),
  ],
  [erased(ValidatingWebhookConfiguration), (object, old) => webhookErrors(object as Webhooks, old as Webhooks | undefined)],
  [erased(MutatingWebhookConfiguration), (object, old) => webhookErrors(object as Webhooks, old as Webhooks | undefined)],
]);

/** A kind whose objects hold expressions, with a validation that compiles them; any other kind as it is. */
export function withExpressionChecks(kind: KindDefinition): KindDefinition {
  const check = checks.get(kind);
  return check ? { ...kind, validate: (object, old) => [...kind.validate(object, old), ...check(object, old)] } : kind;
}

interface Webhooks extends KubeObject {
  webhooks?: { matchConditions?: admissionregistrationV1.MatchCondition[] }[];
}

const stateless = new AdmissionEnvironment({ hasParams: false, hasAuthorizer: true });

/** Checks expressions of one object, as many as there may be. */
class Expressions {
  readonly errors: FieldError[] = [];
  #count = 0;

  /** CEL's name of its type. What is blank is refused by the kind. */
  check(environment: AdmissionEnvironment, text: string | undefined, field: string, returns: readonly string[]): string {
    if (!text?.trim()) return 'dyn';
    this.#count++;
    if (this.#count === expressionsMax + 1) {
      this.errors.push({ type: 'Forbidden', field, detail: `an object may hold at most ${expressionsMax} expressions` });
    }
    if (this.#count > expressionsMax) return 'dyn';
    const result = environment.check(text, returns);
    if ('type' in result) return result.type;
    this.errors.push({ type: 'Invalid', field, value: text, detail: withPrefix(result.problem) });
    return 'dyn';
  }
}

function withPrefix(problem: string): string {
  return problem.startsWith('ERROR:') ? `compilation failed: ${problem}` : problem;
}

function policyErrors({ spec }: ValidatingAdmissionPolicy, old: ValidatingAdmissionPolicy | undefined): FieldError[] {
  if (old && deepEqual(spec, old.spec)) return [];
  const { validations = [], auditAnnotations = [] } = spec ?? {};
  const expressions = new Expressions();
  const environment = basisChecked(expressions, spec ?? {}, old?.spec);
  const messages = environment.withoutAuthorizer();
  for (const [i, { expression, messageExpression }] of validations.entries()) {
    expressions.check(environment, expression, `spec.validations[${i}].expression`, validationTypes);
    expressions.check(messages, messageExpression, `spec.validations[${i}].messageExpression`, messageTypes);
  }
  for (const [i, { valueExpression }] of auditAnnotations.entries()) {
    expressions.check(environment, valueExpression, `spec.auditAnnotations[${i}].valueExpression`, annotationTypes);
  }
  return [...tooManyVariables(spec ?? {}), ...expressions.errors];
}

function mutatingPolicyErrors({ spec }: MutatingAdmissionPolicy, old: MutatingAdmissionPolicy | undefined): FieldError[] {
  if (old && deepEqual(spec, old.spec)) return [];
  const expressions = new Expressions();
  const environment = basisChecked(expressions, spec ?? {}, old?.spec).withPatchTypes();
  for (const [i, { patchType, applyConfiguration, jsonPatch }] of (spec?.mutations ?? []).entries()) {
    const isPatch = patchType === 'JSONPatch';
    const text = (isPatch ? jsonPatch : applyConfiguration)?.expression?.trim();
    const field = `spec.mutations[${i}].${isPatch ? 'jsonPatch' : 'applyConfiguration'}.expression`;
    expressions.check(environment, text, field, isPatch ? operationTypes : configurationTypes);
  }
  return [...tooManyVariables(spec ?? {}), ...expressions.errors];
}

/** What all policies have. @returns what their other expressions are checked in */
function basisChecked(expressions: Expressions, spec: PolicySpec, old: PolicySpec | undefined): AdmissionEnvironment {
  const { paramKind, matchConditions = [], variables = [] } = spec;
  let environment = new AdmissionEnvironment({ hasParams: paramKind !== undefined, hasAuthorizer: true });
  const isAsBefore = old && deepEqual([paramKind, spec.matchConditions], [old.paramKind, old.matchConditions]);
  for (const [i, { expression }] of (isAsBefore ? [] : matchConditions).entries()) {
    expressions.check(environment, expression, `spec.matchConditions[${i}].expression`, validationTypes);
  }
  for (const [i, { name, expression }] of variables.slice(0, variablesMax).entries()) {
    const type = expressions.check(environment, expression, `spec.variables[${i}].expression`, []);
    if (name) environment = environment.withVariable(name, type);
  }
  return environment;
}

function tooManyVariables({ variables = [] }: PolicySpec): FieldError[] {
  if (variables.length <= variablesMax) return [];
  return [{ type: 'TooMany', field: 'spec.variables', value: variables.length, detail: `must have at most ${variablesMax} items` }];
}

function webhookErrors({ webhooks = [] }: Webhooks, old: Webhooks | undefined): FieldError[] {
  const conditionsOf = (all: Webhooks['webhooks'] = []) => all.map(({ matchConditions }) => matchConditions);
  if (old && deepEqual(conditionsOf(webhooks), conditionsOf(old.webhooks))) return [];
  const expressions = new Expressions();
  for (const [i, { matchConditions = [] }] of webhooks.entries()) {
    for (const [j, { expression }] of matchConditions.entries()) {
      expressions.check(stateless, expression, `webhooks[${i}].matchConditions[${j}].expression`, validationTypes);
    }
  }
  return expressions.errors;
}
