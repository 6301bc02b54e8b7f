// What is done to requests: admission policies and webhooks, and how many are served at a time.
import type { Descriptions } from './descriptions.ts';

const name = 'The name of it, which tells it from others in the list.';
const expression = 'What is worked out, in CEL.';
const failurePolicy = 'What becomes of the request when this cannot be worked out: Fail, which is the default, or Ignore.';
const matchConditions = 'Further demands on requests, in CEL; all must hold.';
const matchPolicy = 'Whether other versions of the same kind count: Equivalent, which is the default, or Exact.';
const namespaceSelector = 'Only for objects in namespaces with these labels.';
const objectSelector = 'Only for objects with these labels.';
const conditions = 'What is true of it, and since when.';
const apiGroups = 'The groups of the resources; * for all.';
const apiVersions = 'The versions of the resources; * for all.';
const resources = 'The resources, such as pods or pods/exec; * for all.';
const operations = 'What is done: CREATE, UPDATE, DELETE, CONNECT or * for all.';
const scope = 'Only for resources of this scope: Cluster, Namespaced, or * for both.';
const paramKind = 'The kind of objects that the expressions can read settings from.';
const variables = 'Values that the expressions can use by name.';
const reinvocationPolicy = 'Whether it is asked again after others have changed the object: Never or IfNeeded.';

const webhook = (what: string): Record<string, string> => ({
  '': what,
  name,
  clientConfig: 'Where the server is.',
  rules: 'Which requests it is asked about.',
  failurePolicy: 'What becomes of the request when the server does not answer: Fail, which is the default, or Ignore.',
  matchPolicy,
  namespaceSelector,
  objectSelector,
  sideEffects: 'Whether asking it changes something elsewhere: None or NoneOnDryRun.',
  timeoutSeconds: 'After how many seconds it has not answered; by default 10.',
  admissionReviewVersions: 'The versions that it understands.',
  matchConditions,
});

const rules = { operations, apiGroups, apiVersions, resources, scope };

export const requestDescriptions: Descriptions = {
  'admissionregistration.v1.ValidatingWebhookConfiguration': { webhooks: 'The servers, and when each is asked.' },
  'admissionregistration.v1.MutatingWebhookConfiguration': { webhooks: 'The servers, and when each is asked.' },
  'admissionregistration.v1.ValidatingWebhook': webhook('A server that says whether objects may be stored.'),
  'admissionregistration.v1.MutatingWebhook': {
    ...webhook('A server that may change objects before they are stored.'),
    reinvocationPolicy,
  },
  'admissionregistration.v1.WebhookClientConfig': {
    '': 'Where a server is; by URL or by service.',
    url: 'The URL of the server.',
    service: 'The service that leads to it.',
    caBundle: 'The certificates to check it with, as PEM in base64.',
  },
  'admissionregistration.v1.ServiceReference': {
    '': 'Names a service.',
    namespace: 'The namespace of the service.',
    name: 'The name of the service.',
    path: 'The path to ask for.',
    port: 'The port of the service; by default 443.',
  },
  'admissionregistration.v1.RuleWithOperations': { '': 'Chooses requests.', ...rules },
  'admissionregistration.v1.NamedRuleWithOperations': {
    '': 'Chooses requests.',
    resourceNames: 'Only objects of these names; by default all.',
    ...rules,
  },
  'admissionregistration.v1.MatchResources': {
    '': 'Which requests something holds for.',
    namespaceSelector,
    objectSelector,
    resourceRules: 'Which requests; one of these is enough.',
    excludeResourceRules: 'Which of them not.',
    matchPolicy,
  },
  'admissionregistration.v1.MatchCondition': { '': 'One demand on a request.', name, expression: 'What must be true, in CEL.' },
  'admissionregistration.v1.ValidatingAdmissionPolicySpec': {
    '': 'What objects must satisfy, and which.',
    paramKind,
    matchConstraints: 'Which requests it is about.',
    validations: 'What must be true.',
    failurePolicy,
    auditAnnotations: 'What the audit log is told.',
    matchConditions,
    variables,
  },
  'admissionregistration.v1.ParamKind': {
    '': 'A kind of objects with settings.',
    apiVersion: 'The group and version of the kind.',
    kind: 'The kind of the objects.',
  },
  'admissionregistration.v1.Validation': {
    '': 'Something that must be true.',
    expression: 'What must be true, in CEL.',
    message: 'What is told when it is not.',
    reason: 'The reason of the refusal, such as Invalid or Forbidden.',
    messageExpression: 'What is told when it is not, worked out in CEL.',
  },
  'admissionregistration.v1.AuditAnnotation': {
    '': 'Something the audit log is told.',
    key: 'Under which key.',
    valueExpression: 'What, worked out in CEL; nothing when it is null.',
  },
  'admissionregistration.v1.Variable': { '': 'A value that expressions can use.', name: 'What it is called.', expression },
  'admissionregistration.v1.ValidatingAdmissionPolicyStatus': {
    '': 'Whether a policy can be used.',
    typeChecking: 'What is wrong with its expressions.',
    conditions,
  },
  'admissionregistration.v1.TypeChecking': { '': 'What checking expressions found.', expressionWarnings: 'Each expression that may fail.' },
  'admissionregistration.v1.ExpressionWarning': {
    '': 'An expression that may fail.',
    fieldRef: 'Where it is.',
    warning: 'What is wrong with it.',
  },
  'admissionregistration.v1.ValidatingAdmissionPolicyBindingSpec': {
    '': 'Where a policy holds, and what follows.',
    policyName: 'The policy.',
    paramRef: 'The object with settings.',
    matchResources: 'Which requests, of those the policy is about.',
    validationActions: 'What violations bring: Deny, Warn or Audit.',
  },
  'admissionregistration.v1.ParamRef': {
    '': 'Names objects with settings.',
    name: 'The name of the object.',
    namespace: 'The namespace of the object; by default that of the request.',
    selector: 'Labels of the objects, in place of a name.',
    parameterNotFoundAction: 'What follows when there is none: Allow or Deny.',
  },
  'flowcontrol.v1.FlowSchemaSpec': {
    '': 'Which requests belong together.',
    priorityLevelConfiguration: 'How urgent they are.',
    matchingPrecedence: 'Which schema counts when several fit: the one with the smallest number.',
    distinguisherMethod: 'What tells flows apart, none of which may crowd out the others.',
    rules: 'Which requests; one of these is enough.',
  },
  'flowcontrol.v1.PriorityLevelConfigurationReference': { '': 'Names a level of urgency.', name: 'The name of the level.' },
  'flowcontrol.v1.FlowDistinguisherMethod': { '': 'What tells flows apart.', type: 'ByUser or ByNamespace.' },
  'flowcontrol.v1.PolicyRulesWithSubjects': {
    '': 'Requests of some, for something.',
    subjects: 'Whose requests.',
    resourceRules: 'Which requests for resources.',
    nonResourceRules: 'Which requests for other paths.',
  },
  'flowcontrol.v1.Subject': {
    '': 'Somebody who sends requests.',
    kind: 'Which of the fields below is filled in: User, Group or ServiceAccount.',
    user: 'A user, by name.',
    group: 'A group, by name.',
    serviceAccount: 'A service account, by name.',
  },
  'flowcontrol.v1.UserSubject': { '': 'One user, or all.', name: 'The name of the user; * for all.' },
  'flowcontrol.v1.GroupSubject': { '': 'One group, or all.', name: 'The name of the group; * for all.' },
  'flowcontrol.v1.ServiceAccountSubject': {
    '': 'Accounts of one namespace.',
    namespace: 'The namespace of the account.',
    name: 'The name of the account; * for all.',
  },
  'flowcontrol.v1.ResourcePolicyRule': {
    '': 'Requests for resources.',
    verbs: 'What they do; * for all.',
    apiGroups,
    resources,
    clusterScope: 'Whether those count that are for no namespace.',
    namespaces: 'For which namespaces; * for all.',
  },
  'flowcontrol.v1.NonResourcePolicyRule': {
    '': 'Requests for other paths.',
    verbs: 'What they do; * for all.',
    nonResourceURLs: 'The paths, such as /healthz.',
  },
  'flowcontrol.v1.FlowSchemaStatus': { '': 'Whether a schema can be used.', conditions },
  'flowcontrol.v1.PriorityLevelConfigurationSpec': {
    '': 'How requests of one urgency are served.',
    type: 'Limited, or Exempt for those that never wait.',
    limited: 'How many at a time, and how the others wait.',
    exempt: 'How much of the server they count for, though they never wait.',
  },
  'flowcontrol.v1.LimitedPriorityLevelConfiguration': {
    '': 'How many requests are served at a time.',
    nominalConcurrencyShares: 'How large a part of all seats is theirs, in comparison with other levels.',
    limitResponse: 'Whether the others wait or are refused.',
    lendablePercent: 'How much of their part others may use, in percent.',
    borrowingLimitPercent: 'How much of others’ parts they may use, in percent of their own.',
  },
  'flowcontrol.v1.LimitResponse': {
    '': 'What becomes of requests that find no seat.',
    type: 'Queue or Reject.',
    queuing: 'How they wait.',
  },
  'flowcontrol.v1.QueuingConfiguration': {
    '': 'How requests wait.',
    queues: 'How many queues there are.',
    handSize: 'How many queues each flow may use.',
    queueLengthLimit: 'How many requests a queue holds; more are refused.',
  },
  'flowcontrol.v1.ExemptPriorityLevelConfiguration': {
    '': 'How much requests that never wait count for.',
    nominalConcurrencyShares: 'How large a part of all seats is theirs, in comparison with other levels.',
    lendablePercent: 'How much of their part others may use, in percent.',
  },
  'flowcontrol.v1.PriorityLevelConfigurationStatus': { '': 'Whether a level can be used.', conditions },
};
