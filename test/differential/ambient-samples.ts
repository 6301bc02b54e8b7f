// Objects that act on what others write: quotas, default classes, policies, webhooks, flow schemas. They are written as a dry run, and
// those that are stored concern a group that nobody has.
type Part = Record<string, unknown>;

const rules = [
  {
    operations: ['CREATE', 'UPDATE'],
    apiGroups: ['example.com'],
    apiVersions: ['v1'],
    resources: ['widgets', 'widgets/*'],
    scope: 'Namespaced',
  },
];
const selector = { matchExpressions: [{ key: 'a', operator: 'NotIn', values: ['b'] }] };
const webhook = {
  name: 'a.example.com',
  clientConfig: { url: 'https://a.example.com/x' },
  rules,
  sideEffects: 'NoneOnDryRun',
  admissionReviewVersions: ['v1', 'v1beta1'],
  failurePolicy: 'Ignore',
  matchPolicy: 'Exact',
  namespaceSelector: selector,
  objectSelector: {},
  timeoutSeconds: 5,
  matchConditions: [{ name: 'a', expression: 'request.userInfo.username != "a"' }],
};

export const ambientSamples: Record<string, Part[]> = {
  LimitRange: [
    {
      spec: {
        limits: [
          {
            type: 'Container',
            max: { cpu: '2' },
            min: { cpu: '10m' },
            default: { cpu: '1' },
            defaultRequest: { cpu: '100m' },
            maxLimitRequestRatio: { cpu: '10' },
          },
          { type: 'Pod', max: { memory: '1Gi' } },
        ],
      },
    },
    { spec: { limits: [{ type: 'PersistentVolumeClaim', min: { storage: '1Gi' }, max: { storage: '2Gi' } }] } },
  ],
  ResourceQuota: [
    {
      spec: {
        hard: { pods: '10', 'requests.cpu': '4', 'count/deployments.apps': '2', 'services.nodeports': '0' },
        scopes: ['NotTerminating'],
      },
    },
    {
      spec: {
        hard: { pods: '1' },
        scopeSelector: { matchExpressions: [{ scopeName: 'PriorityClass', operator: 'In', values: ['high'] }] },
      },
    },
  ],
  PriorityClass: [{ value: 1000, description: 'x', preemptionPolicy: 'Never', globalDefault: false }],
  ServiceCIDR: [{ spec: { cidrs: ['10.9.0.0/16'] } }],
  ValidatingWebhookConfiguration: [
    { webhooks: [webhook] },
    { webhooks: [{ ...webhook, clientConfig: { service: { namespace: 'n', name: 's', path: '/p', port: 443 }, caBundle: '' } }] },
  ],
  MutatingWebhookConfiguration: [{ webhooks: [{ ...webhook, reinvocationPolicy: 'IfNeeded' }] }],
  ValidatingAdmissionPolicy: [
    {
      spec: {
        matchConstraints: { resourceRules: rules, namespaceSelector: selector, matchPolicy: 'Equivalent' },
        paramKind: { apiVersion: 'v1', kind: 'ConfigMap' },
        validations: [
          { expression: 'object.metadata.name != params.data.a', message: 'm', reason: 'Forbidden' },
          { expression: 'variables.x', messageExpression: '"a" + object.metadata.name' },
        ],
        variables: [{ name: 'x', expression: 'true' }],
        auditAnnotations: [{ key: 'k', valueExpression: '"v"' }],
        matchConditions: [{ name: 'c', expression: 'true' }],
        failurePolicy: 'Ignore',
      },
    },
  ],
  ValidatingAdmissionPolicyBinding: [
    {
      spec: {
        policyName: 'p',
        validationActions: ['Warn', 'Audit'],
        paramRef: { name: 'a', namespace: 'n', parameterNotFoundAction: 'Deny' },
        matchResources: { resourceRules: rules },
      },
    },
  ],
  FlowSchema: [
    {
      spec: {
        priorityLevelConfiguration: { name: 'workload-low' },
        matchingPrecedence: 500,
        distinguisherMethod: { type: 'ByUser' },
        rules: [
          {
            subjects: [
              { kind: 'ServiceAccount', serviceAccount: { name: '*', namespace: 'n' } },
              { kind: 'User', user: { name: 'u' } },
            ],
            resourceRules: [{ verbs: ['*'], apiGroups: ['example.com'], resources: ['widgets'], namespaces: ['*'] }],
          },
        ],
      },
    },
  ],
  PriorityLevelConfiguration: [
    {
      spec: {
        type: 'Limited',
        limited: {
          nominalConcurrencyShares: 5,
          lendablePercent: 10,
          borrowingLimitPercent: 50,
          limitResponse: { type: 'Queue', queuing: { queues: 16, handSize: 4, queueLengthLimit: 10 } },
        },
      },
    },
    { spec: { type: 'Exempt', exempt: { nominalConcurrencyShares: 1, lendablePercent: 50 } } },
    { spec: { type: 'Limited', limited: { limitResponse: { type: 'Reject' } } } },
  ],
};

/** Kinds whose objects change what the server answers to other requests. */
export const ambientKinds = new Set([...Object.keys(ambientSamples), 'RuntimeClass', 'StorageClass']);
