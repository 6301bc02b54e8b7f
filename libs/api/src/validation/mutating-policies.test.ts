// What a mutating policy and its binding must say, in Kubernetes' words.
import { fieldMessage } from '@berth/machinery';
import { expect, test } from 'vitest';
import { MutatingAdmissionPolicy, MutatingAdmissionPolicyBinding } from '../beta-kinds/index.ts';
import { betaKinds } from '../kind-list.ts';
import { sampleOf } from '../samples/every-kind.ts';

type Policy = MutatingAdmissionPolicy;
const applied = { patchType: 'ApplyConfiguration', applyConfiguration: { expression: 'Object{}' } };

function policyErrors(spec: object): string[] {
  const policy = sampleOf(betaKinds[0] as never) as Policy;
  Object.assign(policy.spec, spec);
  MutatingAdmissionPolicy.defaults(policy);
  return MutatingAdmissionPolicy.validate(policy).map((error) => `${error.field}: ${fieldMessage(error)}`);
}

test('samples are valid, and get their defaults', () => {
  for (const kind of betaKinds) {
    const sample = sampleOf(kind);
    kind.defaults(sample);
    expect(kind.validate(sample)).toEqual([]);
  }
  const policy = sampleOf(betaKinds[0] as never) as Policy;
  MutatingAdmissionPolicy.defaults(policy);
  expect([policy.spec.failurePolicy, policy.spec.matchConstraints?.matchPolicy]).toEqual(['Fail', 'Equivalent']);
});

test.each([
  [{ mutations: [] }, ['spec.mutations: Required value: mutations must contain at least one item']],
  [{ mutations: [{}] }, ['spec.mutations[0].patchType: Required value']],
  [
    { mutations: [{ patchType: 'x' }] },
    ['spec.mutations[0].patchType: Unsupported value: "x": supported values: "ApplyConfiguration", "JSONPatch"'],
  ],
  [
    { mutations: [{ patchType: 'JSONPatch' }] },
    ['spec.mutations[0].jsonPatch: Required value: must be specified when patchType is JSONPatch'],
  ],
  [{ mutations: [{ patchType: 'JSONPatch', jsonPatch: { expression: ' ' } }] }, ['spec.mutations[0].jsonPatch.expression: Required value']],
  [
    { mutations: [{ ...applied, patchType: 'JSONPatch' }] },
    [
      'spec.mutations[0].jsonPatch: Required value: must be specified when patchType is JSONPatch',
      'spec.mutations[0].applyConfiguration: Invalid value: "{applyConfiguration}": must not be specified when patchType is JSONPatch',
    ],
  ],
  [
    { mutations: [{ ...applied, jsonPatch: {} }] },
    ['spec.mutations[0].jsonPatch: Invalid value: "{jsonPatch}": must not be specified when patchType is ApplyConfiguration'],
  ],
  [{ reinvocationPolicy: '' }, ['spec.reinvocationPolicy: Required value']],
  [{ reinvocationPolicy: 'x' }, ['spec.reinvocationPolicy: Unsupported value: "x": supported values: "IfNeeded", "Never"']],
  [{ matchConstraints: undefined }, ['spec.matchConstraints: Required value']],
  [
    {
      matchConstraints: {
        resourceRules: [{ operations: ['DELETE', 'CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods'] }],
      },
    },
    ['spec.matchConstraints.resourceRules.operations: Unsupported value: "DELETE": supported values: "*", "CONNECT", "CREATE", "UPDATE"'],
  ],
])('%j', (spec, errors) => {
  expect(policyErrors(spec)).toEqual(errors);
});

test('a binding names its policy, and no operation that cannot be changed', () => {
  const binding = sampleOf(betaKinds[1] as never) as MutatingAdmissionPolicyBinding;
  const resourceRules = [{ operations: ['DELETE'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods'] }];
  binding.spec = { policyName: '', paramRef: {}, matchResources: { resourceRules } };
  MutatingAdmissionPolicyBinding.defaults(binding);
  expect(MutatingAdmissionPolicyBinding.validate(binding).map(({ field }) => field)).toEqual([
    ...['spec.policyName', 'spec.paramRef', 'spec.paramRef.parameterNotFoundAction', 'spec.matchResources.resourceRules.operations'],
  ]);
});
