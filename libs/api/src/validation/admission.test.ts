import { expect, test } from 'vitest';
import {
  FlowSchema,
  MutatingWebhookConfiguration,
  PriorityLevelConfiguration,
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
} from '../index.ts';
import { admissionSamples } from '../samples/admission.ts';
import { messages } from './messages.ts';

test('a webhook is defaulted, and says whom to call, how long and for what', () => {
  const configuration = admissionSamples.MutatingWebhookConfiguration();
  const [hook] = configuration.webhooks ?? [];
  if (!hook) throw new Error('the sample has a webhook');
  MutatingWebhookConfiguration.defaults(configuration);
  expect(hook).toMatchObject({ failurePolicy: 'Fail', matchPolicy: 'Equivalent', timeoutSeconds: 10, reinvocationPolicy: 'Never' });
  expect([hook.namespaceSelector, hook.rules?.[0]?.scope, hook.clientConfig.service?.port]).toEqual([{}, '*', 443]);
  Object.assign(hook, {
    name: 'short.name',
    sideEffects: 'Some',
    timeoutSeconds: 31,
    admissionReviewVersions: ['v2'],
    clientConfig: { url: 'http://user@example.com/?q#f' },
    rules: [{ operations: ['*', 'CREATE'], apiGroups: [], apiVersions: [''], resources: ['pods/*', 'pods/log'] }],
  });
  expect(messages(MutatingWebhookConfiguration.validate(configuration))).toEqual([
    'webhooks[0].name: Invalid value: "short.name": should be a domain with at least three segments separated by dots',
    'webhooks[0].rules[0].operations: Invalid value: ["*","CREATE"]: if \'*\' is present, must not specify other operations',
    'webhooks[0].rules[0].apiGroups: Required value',
    'webhooks[0].rules[0].apiVersions[0]: Required value',
    'webhooks[0].rules[0].resources[1]: Invalid value: "pods/log": if \'pods/*\' is present, must not specify pods/log',
    'webhooks[0].sideEffects: Unsupported value: "Some": supported values: "None", "NoneOnDryRun"',
    'webhooks[0].timeoutSeconds: Invalid value: 31: the timeout value must be between 1 and 30 seconds',
    `webhooks[0].clientConfig.url: Invalid value: "http": 'https' is the only allowed URL scheme; desired format: https://host[/path]`,
    'webhooks[0].clientConfig.url: Invalid value: "user": user information is not permitted in the URL',
    'webhooks[0].clientConfig.url: Invalid value: "f": fragments are not permitted in the URL',
    'webhooks[0].clientConfig.url: Invalid value: "q": query parameters are not permitted in the URL',
    'webhooks[0].admissionReviewVersions: Invalid value: ["v2"]: must include at least one of v1, v1beta1',
  ]);
});

test('policies have rules, expressions and names that expressions can use', () => {
  const policy = admissionSamples.ValidatingAdmissionPolicy();
  Object.assign(policy.spec, {
    matchConstraints: {},
    validations: [{ expression: ' ', message: 'a\nb', reason: 'Gone' }],
    variables: [{ name: 'in', expression: '1' }],
    paramKind: { apiVersion: 'v1', kind: 'ConfigMap' },
  });
  ValidatingAdmissionPolicy.defaults(policy);
  expect(messages(ValidatingAdmissionPolicy.validate(policy))).toEqual([
    'spec.matchConstraints.resourceRules: Required value',
    'spec.variables[0].name: Invalid value: "in": must be a valid CEL identifier',
    'spec.validations[0].expression: Required value: expression is not specified',
    'spec.validations[0].message: Invalid value: "a\\nb": must not contain line breaks',
    'spec.validations[0].reason: Unsupported value: "Gone": supported values: "Forbidden", "Invalid", "RequestEntityTooLarge"',
  ]);
  expect(ValidatingAdmissionPolicy.columns.map((column) => column.value(policy, 0)).slice(1, 3)).toEqual([1, 'v1/ConfigMap']);

  const binding = admissionSamples.ValidatingAdmissionPolicyBinding();
  Object.assign(binding.spec, { validationActions: ['Deny', 'Warn'], paramRef: { name: 'a', namespace: 'b', selector: {} } });
  expect(ValidatingAdmissionPolicyBinding.validate(binding).map(({ type, field }) => `${type} ${field}`)).toEqual([
    'Forbidden spec.paramRef.name',
    'Forbidden spec.paramRef.selector',
    'Required spec.paramRef.parameterNotFoundAction',
    'Invalid spec.validationActions',
  ]);
  expect(ValidatingAdmissionPolicyBinding.columns[2]?.value(binding, 0)).toBe('b/a');
});

test('flow schemas and priority levels', () => {
  const schema = admissionSamples.FlowSchema();
  FlowSchema.defaults(schema);
  expect(FlowSchema.columns.map((column) => column.value(schema, 0)).slice(1, 4)).toEqual(['sample', 1000, '<none>']);
  expect(FlowSchema.columns[5]?.value(schema, 0)).toBe('?');
  Object.assign(schema.spec, {
    matchingPrecedence: 1,
    rules: [
      {
        subjects: [{ kind: 'User', group: { name: 'a' } }],
        resourceRules: [{ verbs: ['eat'], apiGroups: ['*', ''], resources: ['pods'] }],
      },
    ],
  });
  expect(FlowSchema.validate(schema).map(({ field, detail }) => `${field}: ${detail}`)).toEqual([
    "spec.matchingPrecedence: only the schema named 'exempt' may have matchingPrecedence 1",
    "spec.rules[0].subjects[0].user: user is required when subject kind is 'User'",
    "spec.rules[0].subjects[0].group: group is forbidden when subject kind is not 'Group'",
    expect.stringContaining('spec.rules[0].resourceRules[0].verbs: supported values'),
    "spec.rules[0].resourceRules[0].apiGroups: if '*' is present, must not specify other api groups",
    'spec.rules[0].resourceRules[0].namespaces: resource rules that are not cluster scoped must supply at least one namespace',
  ]);

  const level = admissionSamples.PriorityLevelConfiguration();
  PriorityLevelConfiguration.defaults(level);
  expect(PriorityLevelConfiguration.columns.map((column) => column.value(level, 0)).slice(1, 6)).toEqual(['Limited', 30, 64, 8, 50]);
  const queuing = level.spec.limited?.limitResponse?.queuing;
  Object.assign(queuing ?? {}, { queues: 1024, handSize: 8 });
  expect(PriorityLevelConfiguration.validate(level).map(({ detail }) => detail)).toEqual([
    'required entropy bits of deckSize 1024 and handSize 8 should not be greater than 60',
  ]);
  expect(messages(PriorityLevelConfiguration.validate({ ...level, metadata: { name: 'exempt' } }))[0]).toBe(
    `spec.type: Invalid value: "Limited": must be 'Exempt' if and only if \`name\` is 'exempt'`,
  );
});
