// Mutating admission policies and their bindings: what is true of validating ones, and mutations of which each says how it changes an
// object. Whether an expression compiles is for the server that evaluates it.
import type {
  MutatingAdmissionPolicy,
  MutatingAdmissionPolicyBinding,
  Mutation,
} from '../generated/admissionregistration-v1beta1.types.ts';
import { binding, policy } from './admission-policies.ts';
import { each, type FieldError, invalid, notSupported, oneOfGiven, required } from './errors.ts';

/** What is deleted cannot be changed. */
const operations = ['*', 'CONNECT', 'CREATE', 'UPDATE'];
const reinvocationPolicies = ['IfNeeded', 'Never'];
const patchTypes = ['ApplyConfiguration', 'JSONPatch'];

type Rules = { operations?: string[] }[] | undefined;

export function validateMutatingPolicy({ spec = {} }: MutatingAdmissionPolicy): FieldError[] {
  const { matchConstraints, mutations = [], reinvocationPolicy } = spec;
  return [
    ...policy(spec),
    ...mutable(matchConstraints?.resourceRules, 'spec.matchConstraints'),
    ...(mutations.length > 0 ? [] : [required('spec.mutations', 'mutations must contain at least one item')]),
    ...each(mutations, 'spec.mutations', mutation),
    ...(reinvocationPolicy
      ? oneOfGiven('spec.reinvocationPolicy', reinvocationPolicy, reinvocationPolicies)
      : [required('spec.reinvocationPolicy')]),
  ];
}

export function validateMutatingBinding({ spec = {} }: MutatingAdmissionPolicyBinding): FieldError[] {
  return [...binding(spec), ...mutable(spec.matchResources?.resourceRules, 'spec.matchResources')];
}

function mutable(rules: Rules, field: string): FieldError[] {
  const given = rules?.flatMap((rule) => rule.operations ?? []) ?? [];
  const others = given.filter((operation) => !operations.includes(operation));
  return others.map((operation) => notSupported(`${field}.resourceRules.operations`, operation, operations));
}

function mutation({ patchType, applyConfiguration, jsonPatch }: Mutation, field: string): FieldError[] {
  if (!patchType) return [required(`${field}.patchType`)];
  if (!patchTypes.includes(patchType)) return [notSupported(`${field}.patchType`, patchType, patchTypes)];
  const parts = [
    { name: 'applyConfiguration', given: applyConfiguration, isMeant: patchType === 'ApplyConfiguration' },
    { name: 'jsonPatch', given: jsonPatch, isMeant: patchType === 'JSONPatch' },
  ].sort((left, right) => Number(right.isMeant) - Number(left.isMeant));
  return parts.flatMap(({ name, given, isMeant }) => {
    const at = `${field}.${name}`;
    if (isMeant && !given) return [required(at, `must be specified when patchType is ${patchType}`)];
    if (isMeant) return given?.expression?.trim() ? [] : [required(`${at}.expression`)];
    return given ? [invalid(at, `{${name}}`, `must not be specified when patchType is ${patchType}`)] : [];
  });
}
