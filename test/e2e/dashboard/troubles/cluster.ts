// Troubles of nodes, and of what does not go away.
import { container, namespaced, type Place, type Trouble, workload } from './trouble.ts';

export const clusterTroubles: Trouble[] = [
  {
    id: 'budget',
    trouble: 'A disruption budget that blocks a drain',
    node: 'cordon',
    steps: [
      (place) => [
        workload(place, {
          pod: { nodeSelector: { 'kubernetes.io/hostname': place.cordonedNode }, tolerations: [{ operator: 'Exists' }] },
        }),
        namespaced('policy/v1', 'PodDisruptionBudget', 'web', {
          spec: { minAvailable: 1, selector: { matchLabels: { app: 'web' } } },
        })(place),
      ],
    ],
    subject: () => 'pdb/web',
    card: {
      kind: 'PodDisruptionBudget',
      name: 'web',
      reason: 'BlocksDrain',
      says: 'it lets none of its 1 pods be evicted (1 must stay), and node … is cordoned with 1 of them on it',
    },
    mends: 'more replicas, or a budget that lets one go',
    command: 'kubectl scale deployment/web --replicas=2',
  },
  {
    id: 'cordon',
    trouble: 'A node that is cordoned',
    node: 'cordon',
    steps: [],
    subject: ({ cordonedNode }) => `node/${cordonedNode}`,
    card: { kind: 'Node', name: '', reason: 'Cordoned', says: 'it is ready, and cordoned: it takes no new pods' },
    button: { label: 'Uncordon node' },
    mends: 'uncordon it',
    command: 'kubectl uncordon NODE',
  },
  {
    id: 'lost',
    trouble: 'A node whose agent has stopped',
    node: 'stop',
    steps: [],
    subject: ({ lostNode }) => `node/${lostNode}`,
    card: {
      kind: 'Node',
      name: '',
      reason: 'Node lost',
      says: 'its agent has been silent for …: the machine, its network or the agent is down',
    },
    mends: 'start the agent',
    command: 'systemctl start berth-agent',
  },
  {
    id: 'namespace',
    trouble: 'A namespace that a finalizer keeps',
    steps: [
      ({ namespace }: Place) => [
        { apiVersion: 'v1', kind: 'Namespace', metadata: { name: `${namespace}-old` } },
        {
          apiVersion: 'v1',
          kind: 'ConfigMap',
          metadata: { name: 'kept', namespace: `${namespace}-old`, finalizers: ['example.com/hold'] },
        },
      ],
    ],
    isDeleted: 'namespace',
    subject: ({ namespace }) => `namespace/${namespace}-old`,
    card: {
      kind: 'Namespace',
      name: 'trouble-namespace-old',
      reason: 'SomeFinalizersRemain',
      says: 'it is being deleted, and waits: Some content in the namespace has finalizers remaining: example.com/hold in 1 resource instances',
    },
    mends: 'whoever set the finalizer does its work, or it is taken away',
    command: 'kubectl patch configmap kept -n NAMESPACE --type merge -p \'{"metadata":{"finalizers":null}}\'',
  },
  {
    id: 'finalizer',
    trouble: 'A pod that a finalizer keeps',
    steps: [
      ({ namespace, image }: Place) => [
        {
          apiVersion: 'v1',
          kind: 'Pod',
          metadata: { name: 'kept', namespace, finalizers: ['example.com/hold'] },
          spec: { terminationGracePeriodSeconds: 1, containers: [container(image)] },
        },
      ],
    ],
    isDeleted: 'pod',
    subject: () => 'pod/kept',
    card: { kind: 'Pod', name: 'kept', reason: 'Stuck terminating', says: 'waits for finalizers: example.com/hold' },
    button: { label: 'Remove finalizers' },
    mends: 'whoever set the finalizer does its work, or it is taken away',
    command: 'kubectl patch pod kept --type merge -p \'{"metadata":{"finalizers":null}}\'',
  },
];
