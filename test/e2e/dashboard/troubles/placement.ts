// Troubles of pods that find no node, and of their claims.
import { changed, container, namespaced, ofDeployment, once, type Trouble, workload } from './trouble.ts';

const withClaim = { volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }] };
const rolledBack = { button: { label: 'Roll back deployment' }, mends: 'roll back', command: 'kubectl rollout undo deployment/web' };

export const placementTroubles: Trouble[] = [
  {
    id: 'claim',
    trouble: 'A claim that is not there',
    steps: once(() => ({ pod: withClaim })),
    subject: ofDeployment,
    card: { kind: 'Pod', name: 'web-', reason: 'NotFound', says: 'the claim data is not there' },
    button: { label: 'Create claim data', value: '1Mi' },
    mends: 'create it',
    command: 'kubectl apply -f claim.yaml',
  },
  {
    id: 'class',
    trouble: 'A claim of a storage class that is not there',
    steps: [
      (place) => [
        namespaced('v1', 'PersistentVolumeClaim', 'data', {
          spec: { storageClassName: 'fast', accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
        })(place),
        workload(place, { pod: withClaim }),
      ],
    ],
    subject: () => 'pvc/data',
    card: { kind: 'PersistentVolumeClaim', name: 'data', reason: 'ClassMissing', says: 'its storage class fast is not there' },
    mends: 'make the class, or the claim again with one that there is',
    command: 'kubectl get storageclass',
  },
  {
    id: 'too-large',
    trouble: 'A request that no node is large enough for',
    steps: changed(({ image }) => ({ container: container(image, undefined, { resources: { requests: { cpu: '999' } } }) })),
    subject: ofDeployment,
    card: { kind: 'Pod', name: 'web-', reason: 'Unschedulable', says: '0/… nodes are available: …Insufficient cpu…' },
    ...rolledBack,
  },
  {
    id: 'node-selector',
    trouble: 'A node selector that no node has',
    steps: changed(() => ({ pod: { nodeSelector: { disk: 'ssd' } } })),
    subject: ofDeployment,
    card: { kind: 'Pod', name: 'web-', reason: 'Unschedulable', says: "0/… nodes are available: …match Pod's node affinity/selector…" },
    ...rolledBack,
  },
  {
    id: 'taint',
    trouble: 'A taint that nobody tolerates',
    node: 'taint',
    steps: once(({ taintedNode }) => ({ pod: { nodeSelector: { 'kubernetes.io/hostname': taintedNode } } })),
    subject: ofDeployment,
    card: { kind: 'Pod', name: 'web-', reason: 'Unschedulable', says: '0/… nodes are available: …untolerated taint…' },
    mends: 'tolerate it, or take it away',
    command: 'kubectl taint nodes NODE dedicated:NoSchedule-',
  },
  {
    id: 'host-port',
    trouble: 'A port of the node that another pod has',
    steps: [
      (place) => [
        workload(place, {
          container: container(place.image, undefined, { ports: [{ containerPort: 8080, hostPort: 38_080 }] }),
          pod: { nodeSelector: { 'kubernetes.io/hostname': place.firstNode } },
          spec: { replicas: 2 },
        }),
      ],
    ],
    subject: ofDeployment,
    card: {
      kind: 'Pod',
      name: 'web-',
      reason: 'Unschedulable',
      says: "0/… nodes are available: …didn't have free ports for the requested pod ports…",
    },
    mends: 'fewer replicas, or no hostPort',
    command: 'kubectl scale deployment/web --replicas=1',
  },
];
