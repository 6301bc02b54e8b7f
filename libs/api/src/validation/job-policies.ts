// What a job's pod failure policy and success policy must hold.
import { asGoStruct } from '@berth/machinery';
import type {
  JobSpec,
  PodFailurePolicyOnExitCodesRequirement,
  PodFailurePolicyOnPodConditionsPattern,
  PodFailurePolicyRule,
} from '../generated/batch-v1.types.ts';
import { countIndexes, parseIndexes } from '../job-indexes.ts';
import { schemas } from '../schemas.ts';
import {
  duplicates,
  each,
  type FieldError,
  invalid,
  invalidAll,
  invalidWithoutValue,
  nonNegative,
  notSupported,
  required,
  shownMember,
  tooMany,
} from './errors.ts';
import { qualified } from './names.ts';

const rulesMax = 20;
const exitCodesMax = 255;

export function podFailurePolicy(spec: JobSpec, field: string): FieldError[] {
  const rules = spec.podFailurePolicy?.rules ?? [];
  const errors = rules.length > rulesMax ? [tooMany(`${field}.rules`, rules.length, rulesMax)] : [];
  return [...errors, ...each(rules, `${field}.rules`, (rule, path) => failureRule(rule, spec, path))];
}

function failureRule(rule: PodFailurePolicyRule, spec: JobSpec, field: string): FieldError[] {
  const errors = choice(`${field}.action`, rule.action, ['Count', 'FailIndex', 'FailJob', 'Ignore']);
  if (rule.action === 'FailIndex' && spec.backoffLimitPerIndex === undefined) {
    errors.push(invalid(`${field}.action`, rule.action, 'requires the backoffLimitPerIndex to be set'));
  }
  const conditions = rule.onPodConditions ?? [];
  if (rule.onExitCodes) errors.push(...exitCodes(rule.onExitCodes, spec, `${field}.onExitCodes`));
  if (conditions.length > rulesMax) errors.push(tooMany(`${field}.onPodConditions`, conditions.length, rulesMax));
  errors.push(...each(conditions, `${field}.onPodConditions`, podCondition));
  if (rule.onExitCodes && conditions.length > 0) {
    errors.push(invalidWithoutValue(field, 'specifying both OnExitCodes and OnPodConditions is not supported'));
  }
  if (!rule.onExitCodes && conditions.length === 0) {
    errors.push(invalidWithoutValue(field, 'specifying one of OnExitCodes and OnPodConditions is required'));
  }
  return errors;
}

function exitCodes(given: PodFailurePolicyOnExitCodesRequirement, spec: JobSpec, field: string): FieldError[] {
  const { containerName, operator, values = [] } = given;
  const errors = choice(`${field}.operator`, operator, ['In', 'NotIn']);
  const { containers = [], initContainers = [] } = spec.template?.spec ?? {};
  const isKnown = [...containers, ...initContainers].some(({ name }) => name === containerName);
  if (containerName !== undefined && !isKnown) {
    const detail = 'must be one of the container or initContainer names in the pod template';
    errors.push(invalid(`${field}.containerName`, containerName, detail));
  }
  if (values.length === 0) errors.push(invalid(`${field}.values`, shownMember(given, 'values'), 'at least one value is required'));
  if (values.length > exitCodesMax) errors.push(tooMany(`${field}.values`, values.length, exitCodesMax));
  errors.push(
    ...each(values, `${field}.values`, (value, path) =>
      value === 0 && operator === 'In' ? [invalid(path, value, 'must not be 0 for the In operator')] : [],
    ),
    ...duplicates(values, String, (index, value) => ({ type: 'Duplicate', field: `${field}.values[${index}]`, value, detail: '' })),
  );
  if (values.some((value, index) => index > 0 && value < (values[index - 1] ?? value))) {
    errors.push(invalid(`${field}.values`, values, 'must be ordered'));
  }
  return errors;
}

function podCondition({ type = '', status }: PodFailurePolicyOnPodConditionsPattern, field: string): FieldError[] {
  return [...invalidAll(`${field}.type`, type, qualified(type)), ...choice(`${field}.status`, status, ['False', 'True', 'Unknown'])];
}

function choice(field: string, value: string | undefined, supported: string[]): FieldError[] {
  if (!value) return [required(field, `valid values: [${supported.map((name) => JSON.stringify(name)).join(' ')}]`)];
  return supported.includes(value) ? [] : [notSupported(field, value, supported)];
}

export function successPolicy(spec: JobSpec, field: string): FieldError[] {
  const policy = spec.successPolicy;
  if (!policy) return [];
  if (spec.completionMode !== 'Indexed')
    return [invalid(field, asGoStruct(schemas.message('batch.v1.SuccessPolicy'), policy), 'requires indexed completion mode')];
  const rules = policy.rules ?? [];
  const completions = spec.completions ?? 0;
  const errors: FieldError[] = [];
  if (rules.length === 0)
    errors.push(required(`${field}.rules`, 'at least one rules must be specified when the successPolicy is specified'));
  if (rules.length > rulesMax) errors.push(tooMany(`${field}.rules`, rules.length, rulesMax));
  const check = each(rules, `${field}.rules`, ({ succeededCount: count, succeededIndexes: text }, path) => {
    if (count === undefined && text === undefined) {
      return [required(path, 'at least one of succeededCount or succeededIndexes must be specified')];
    }
    const found = nonNegative(`${path}.succeededCount`, count);
    const indexes = text === undefined ? undefined : parseIndexes(text, completions);
    if (typeof indexes === 'string') found.push(invalid(`${path}.succeededIndexes`, text, `error parsing succeededIndexes: ${indexes}`));
    const atMost = (limit: number, what: string) => `must be less than or equal to ${limit} (the number of ${what})`;
    if (count !== undefined && count > completions) {
      found.push(invalid(`${path}.succeededCount`, count, atMost(completions, 'specified completions')));
    }
    // What cannot be read counts as none.
    const total = indexes === undefined ? undefined : typeof indexes === 'string' ? 0 : countIndexes(indexes);
    if (count !== undefined && total !== undefined && count > total) {
      found.push(invalid(`${path}.succeededCount`, count, atMost(total, 'indexes in the specified succeededIndexes field')));
    }
    return found;
  });
  return [...errors, ...check];
}
