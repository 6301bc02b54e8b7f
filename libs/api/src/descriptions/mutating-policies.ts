// Policies that change requests. What they have in common with those that refuse them is described once.
import type { Descriptions } from './descriptions.ts';
import { requestDescriptions } from './requests.ts';

const shared = ['ParamKind', 'ParamRef', 'Variable', 'MatchCondition', 'MatchResources', 'NamedRuleWithOperations'];
const { paramKind, matchConstraints, failurePolicy, matchConditions, variables } =
  requestDescriptions['admissionregistration.v1.ValidatingAdmissionPolicySpec'] ?? {};
const { reinvocationPolicy } = requestDescriptions['admissionregistration.v1.MutatingWebhook'] ?? {};
const { policyName, paramRef, matchResources } = requestDescriptions['admissionregistration.v1.ValidatingAdmissionPolicyBindingSpec'] ?? {};

export const mutatingPolicyDescriptions: Descriptions = {
  ...Object.fromEntries(
    shared.map((name) => [`admissionregistration.v1beta1.${name}`, requestDescriptions[`admissionregistration.v1.${name}`] ?? {}]),
  ),
  'admissionregistration.v1beta1.MutatingAdmissionPolicySpec': described({
    '': 'How objects are changed, and which.',
    paramKind,
    matchConstraints,
    variables,
    mutations: 'The changes, one after the other.',
    failurePolicy,
    matchConditions,
    reinvocationPolicy,
  }),
  'admissionregistration.v1beta1.Mutation': {
    '': 'One change of an object.',
    patchType: 'How it is written down: ApplyConfiguration or JSONPatch.',
    applyConfiguration: 'Fields that are set as server-side apply sets them.',
    jsonPatch: 'Operations that are carried out one after the other.',
  },
  'admissionregistration.v1beta1.ApplyConfiguration': {
    '': 'The fields of an object that are to be set.',
    expression: 'The fields, in CEL: Object{spec: Object.spec{...}}.',
  },
  'admissionregistration.v1beta1.JSONPatch': {
    '': 'A JSON patch of an object.',
    expression: 'A list of operations, in CEL: [JSONPatch{op: "add", path: "/...", value: ...}].',
  },
  'admissionregistration.v1beta1.MutatingAdmissionPolicyBindingSpec': described({
    '': 'Where a policy holds.',
    policyName,
    paramRef,
    matchResources,
  }),
};

function described(fields: Record<string, string | undefined>): Record<string, string> {
  return Object.fromEntries(Object.entries(fields).map(([name, text]) => [name, text ?? '']));
}
