// Troubles of pods that are refused before they are there.
import { container, namespaced, ofDeployment, type Place, type Trouble, workload } from './trouble.ts';

const hostNetwork = { hostNetwork: true };
const labelled = ({ namespace }: Place, labels: object) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace, labels } });
const inNamespace = ({ namespace }: Place) => ({ matchLabels: { 'kubernetes.io/metadata.name': namespace } });

export const refusalTroubles: Trouble[] = [
  {
    id: 'quota',
    trouble: 'A quota that refuses pods',
    steps: [
      (place) => [namespaced('v1', 'ResourceQuota', 'small', { spec: { hard: { pods: '1' } } })(place)],
      (place) => [workload(place, { spec: { replicas: 2 } })],
    ],
    subject: ofDeployment,
    card: {
      kind: 'Deployment',
      name: 'web',
      reason: 'Quota',
      says: 'its pods are refused (1 of 2 there): …exceeded quota: small, requested: pods=1, used: pods=1, limited: pods=1',
    },
    button: { label: 'Raise quota small', value: '4' },
    mends: 'raise the quota',
    command: 'kubectl patch resourcequota small --type merge -p \'{"spec":{"hard":{"pods":"4"}}}\'',
  },
  {
    id: 'limit-range',
    trouble: 'A limit range that refuses pods',
    steps: [
      (place) => [
        namespaced('v1', 'LimitRange', 'limits', { spec: { limits: [{ type: 'Container', max: { memory: '64Mi' } }] } })(place),
        workload(place, {
          container: container(place.image, undefined, { resources: { limits: { memory: '1Gi' }, requests: { memory: '8Mi' } } }),
        }),
      ],
    ],
    subject: ofDeployment,
    card: {
      kind: 'Deployment',
      name: 'web',
      reason: 'LimitRange',
      says: 'its pods are refused (0 of 1 there): …maximum memory usage per Container is 64Mi, but limit is 1Gi',
    },
    mends: 'ask for less, or raise the limit range',
    command: 'kubectl describe limitrange',
  },
  {
    id: 'pod-security',
    trouble: "The namespace's pod security refuses pods",
    steps: [(place) => [labelled(place, { 'pod-security.kubernetes.io/enforce': 'baseline' }), workload(place, { pod: hostNetwork })]],
    subject: ofDeployment,
    card: {
      kind: 'Deployment',
      name: 'web',
      reason: 'PodSecurity',
      says: 'its pods are refused (0 of 1 there): …violates PodSecurity "baseline:latest": host namespaces (hostNetwork=true)',
    },
    mends: 'change the pod template as it says, or the level of the namespace',
    command: 'kubectl get namespace NAMESPACE -o yaml',
  },
  {
    id: 'policy',
    trouble: 'An admission policy that refuses pods',
    steps: [
      (place) => [
        {
          apiVersion: 'admissionregistration.k8s.io/v1',
          kind: 'ValidatingAdmissionPolicy',
          metadata: { name: place.namespace },
          spec: {
            failurePolicy: 'Fail',
            matchConstraints: {
              namespaceSelector: inNamespace(place),
              resourceRules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }],
            },
            validations: [{ expression: 'has(object.metadata.labels.team)', message: 'every pod names its team' }],
          },
        },
        {
          apiVersion: 'admissionregistration.k8s.io/v1',
          kind: 'ValidatingAdmissionPolicyBinding',
          metadata: { name: place.namespace },
          spec: { policyName: place.namespace, validationActions: ['Deny'] },
        },
      ],
      (place) => [workload(place)],
    ],
    subject: ofDeployment,
    card: { kind: 'Deployment', name: 'web', reason: 'Policy', says: 'its pods are refused (0 of 1 there): …every pod names its team' },
    mends: 'change what the policy refuses, or the policy',
    command: 'kubectl get validatingadmissionpolicies,validatingadmissionpolicybindings',
  },
  {
    id: 'webhook',
    trouble: 'A webhook that is down and refuses everything',
    steps: [
      (place) => [
        {
          apiVersion: 'admissionregistration.k8s.io/v1',
          kind: 'ValidatingWebhookConfiguration',
          metadata: { name: place.namespace },
          webhooks: [
            {
              name: 'pods.example.com',
              admissionReviewVersions: ['v1'],
              sideEffects: 'None',
              failurePolicy: 'Fail',
              timeoutSeconds: 2,
              clientConfig: { url: 'https://127.0.0.1:9/' },
              namespaceSelector: inNamespace(place),
              rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }],
            },
          ],
        },
      ],
      (place) => [workload(place)],
    ],
    subject: ofDeployment,
    card: {
      kind: 'Deployment',
      name: 'web',
      reason: 'Webhook',
      says: 'its pods are refused (0 of 1 there): …failed calling webhook "pods.example.com": …',
    },
    mends: 'start the webhook, or take its configuration away',
    command: 'kubectl get validatingwebhookconfigurations,mutatingwebhookconfigurations',
  },
  {
    id: 'service-account',
    trouble: 'A service account that is not there',
    steps: [(place) => [workload(place, { pod: { serviceAccountName: 'robot' } })]],
    subject: ofDeployment,
    card: {
      kind: 'Deployment',
      name: 'web',
      reason: 'ServiceAccount',
      says: 'its pods are refused (0 of 1 there): …serviceaccount "robot" not found',
    },
    button: { label: 'Create serviceaccount robot' },
    mends: 'create it',
    command: 'kubectl create serviceaccount robot',
  },
];
