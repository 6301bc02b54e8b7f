// Admission policies and their bindings: expressions that are there, names that expressions can use, actions that make sense.
// Whether an expression compiles is for the server that evaluates it.
import { asGoStruct } from '@berth/machinery';
import type {
  AuditAnnotation,
  ParamKind,
  ParamRef,
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
  Validation,
  Variable,
} from '../generated/admissionregistration-v1.types.ts';
import { schemas } from '../schemas.ts';
import { matchConditions, matchResources } from './admission-rules.ts';
import {
  duplicate,
  duplicates,
  each,
  type FieldError,
  forbidden,
  invalid,
  invalidAll,
  notSupported,
  oneOf,
  oneOfGiven,
  required,
} from './errors.ts';
import { labelSelector } from './labels.ts';
import { dns1035Label, dnsSubdomain, pathSegment, qualified } from './names.ts';

const annotationMessage = schemas.message('admissionregistration.v1.AuditAnnotation');

const reasons = ['Forbidden', 'Invalid', 'RequestEntityTooLarge'];
const annotationsMax = 20;
const annotationExpressionBytesMax = 5 * 1024;
const actions = ['Audit', 'Deny', 'Warn'];
const failurePolicies = ['Fail', 'Ignore'];
const reserved = new Set(
  'as break const continue else false for function if import in let loop namespace null package return true var void while'.split(' '),
);

export function validateValidatingPolicy({ metadata, spec = {} }: ValidatingAdmissionPolicy): FieldError[] {
  const errors = policy(spec);
  if (!spec.validations?.length && !spec.auditAnnotations?.length) {
    const rule = 'validations or auditAnnotations must contain at least one item';
    errors.push(required('spec.validations', rule), required('spec.auditAnnotations', rule));
  }
  return [
    ...errors,
    ...each(spec.validations, 'spec.validations', validation),
    ...auditAnnotations(spec.auditAnnotations ?? [], metadata.name ?? ''),
  ];
}

/** In audit events, keys stand behind the policy's name. */
function auditAnnotations(list: AuditAnnotation[], policyName: string): FieldError[] {
  const root = 'spec.auditAnnotations';
  const shown = list.map((annotation) => asGoStruct(annotationMessage, annotation));
  const rule = `must not have more than ${annotationsMax} auditAnnotations`;
  return [
    ...(list.length > annotationsMax ? [invalid(root, shown, rule)] : []),
    ...each(list, root, ({ key = '', valueExpression = '' }, field) => {
      const whole = `${policyName}/${key}`;
      const isLong = valueExpression.trim().length > annotationExpressionBytesMax;
      return [
        ...(policyName
          ? invalidAll(`${field}.key`, whole, qualified(whole))
          : [invalid(`${field}.key`, key, 'requires metadata.name be non-empty')]),
        ...(isLong ? [required(`${field}.valueExpression`, `must not exceed ${annotationExpressionBytesMax} bytes in length`)] : []),
        ...expression(valueExpression, `${field}.valueExpression`, 'valueExpression is not specified'),
      ];
    }),
    ...duplicates(
      list,
      ({ key = '' }) => `key ${key}`,
      (index, { key = '' }) => duplicate(`${root}[${index}].key`, key),
    ),
  ];
}

interface Policy {
  failurePolicy?: string;
  paramKind?: ParamKind;
  matchConstraints?: ValidatingAdmissionPolicy['spec']['matchConstraints'];
  matchConditions?: ValidatingAdmissionPolicy['spec']['matchConditions'];
  variables?: Variable[];
}

/** What policies have in common. */
export function policy(spec: Policy): FieldError[] {
  return [
    ...oneOfGiven('spec.failurePolicy', spec.failurePolicy, failurePolicies),
    ...(spec.paramKind ? paramKind(spec.paramKind, 'spec.paramKind') : []),
    ...matchResources(spec.matchConstraints, true, 'spec.matchConstraints'),
    ...matchConditions(spec.matchConditions, 'spec.matchConditions'),
    ...each(spec.variables, 'spec.variables', variable),
  ];
}

function paramKind({ apiVersion, kind }: ParamKind, field: string): FieldError[] {
  const parts = apiVersion?.split('/') ?? [];
  const version = parts.at(-1) ?? '';
  const errors: FieldError[] = [];
  if (!apiVersion) errors.push(required(`${field}.apiVersion`));
  else if (parts.length > 2) errors.push(invalid(`${field}.apiVersion`, apiVersion, `unexpected GroupVersion string: ${apiVersion}`));
  else {
    const [group = ''] = parts.length === 2 ? parts : [];
    if (group) errors.push(...invalidOnce(`${field}.apiVersion`, group, dnsSubdomain(group)));
    if (!version) errors.push(invalid(`${field}.apiVersion`, apiVersion, 'version must be specified'));
    else errors.push(...invalidOnce(`${field}.apiVersion`, version, dns1035Label(version)));
  }
  if (!kind) return [...errors, required(`${field}.kind`)];
  const reasons = dns1035Label(kind.toLowerCase());
  const rule = `may have mixed case, but should otherwise match: ${reasons.join(',')}`;
  return reasons.length > 0 ? [...errors, invalid(`${field}.kind`, kind, rule)] : errors;
}

/** All reasons in one error. */
function invalidOnce(field: string, value: string, reasons: string[]): FieldError[] {
  return reasons.length > 0 ? [invalid(field, value, reasons.join(','))] : [];
}

function expression(text: string | undefined, field: string, missing: string): FieldError[] {
  return text?.trim() ? [] : [required(field, missing)];
}

function variable({ name, expression: text }: Variable, field: string): FieldError[] {
  const errors = expression(text, `${field}.expression`, 'expression is not specified');
  if (!name?.trim()) return [required(`${field}.name`, 'name is not specified'), ...errors];
  const isIdentifier = /^[_a-zA-Z][_a-zA-Z0-9]*$/.test(name) && !reserved.has(name);
  return isIdentifier ? errors : [invalid(`${field}.name`, name, 'must be a valid CEL identifier'), ...errors];
}

function validation({ expression: text, message, messageExpression, reason }: Validation, field: string): FieldError[] {
  const errors = expression(text, `${field}.expression`, 'expression is not specified');
  if (messageExpression !== undefined && messageExpression !== '' && !messageExpression.trim())
    errors.push(invalid(`${field}.messageExpression`, messageExpression, 'must be non-empty if specified'));
  if (message && !message.trim()) errors.push(invalid(`${field}.message`, message, 'must be non-empty if specified'));
  else if (message && /[\n\r]/.test(message.trim())) errors.push(invalid(`${field}.message`, message, 'must not contain line breaks'));
  return reason === undefined || reasons.includes(reason) ? errors : [...errors, notSupported(`${field}.reason`, reason, reasons)];
}

export function validateValidatingBinding({ spec = {} }: ValidatingAdmissionPolicyBinding): FieldError[] {
  const field = 'spec.validationActions';
  const given = spec.validationActions ?? [];
  const errors = [...binding(spec), ...(given.length > 0 ? [] : [required(field, 'at least one validation action is required')])];
  errors.push(...each(given, field, (action, at) => (actions.includes(action) ? [] : [notSupported(at, action, actions)])));
  errors.push(
    ...duplicates(
      given,
      (action) => action,
      (index, action) => duplicate(`${field}[${index}]`, action),
    ),
  );
  if (given.includes('Deny') && given.includes('Warn')) {
    const rule =
      'must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)';
    errors.push(invalid(field, given, rule));
  }
  return errors;
}

/** What bindings have in common. */
export function binding(spec: Omit<ValidatingAdmissionPolicyBinding['spec'], 'validationActions'>): FieldError[] {
  const { policyName } = spec;
  return [
    ...(policyName ? invalidAll('spec.policyName', policyName, dnsSubdomain(policyName)) : [required('spec.policyName')]),
    ...(spec.paramRef ? paramRef(spec.paramRef, 'spec.paramRef') : []),
    ...matchResources(spec.matchResources, false, 'spec.matchResources'),
  ];
}

function paramRef({ name, selector, parameterNotFoundAction: action }: ParamRef, field: string): FieldError[] {
  const errors: FieldError[] = [];
  if (name && selector) {
    errors.push(...['name', 'selector'].map((key) => forbidden(`${field}.${key}`, 'name and selector are mutually exclusive')));
  }
  if (!name && !selector) errors.push(required(field, 'one of name or selector must be specified'));
  return [
    ...errors,
    ...(name ? invalidAll(`${field}.name`, name, pathSegment(name)) : []),
    ...labelSelector(selector, `${field}.selector`),
    ...oneOf(`${field}.parameterNotFoundAction`, action, ['Deny', 'Allow']),
  ];
}
