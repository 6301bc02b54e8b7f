// Troubles of services, what is in front of them, and workloads that do not go on.
import { container, namespaced, ofDeployment, type Trouble, workload } from './trouble.ts';

const service = (spec: object) => namespaced('v1', 'Service', 'front', { spec });
const ofService = () => 'service/front';

export const workloadTroubles: Trouble[] = [
  {
    id: 'selector',
    trouble: 'A Service that selects nothing',
    steps: [(place) => [workload(place), service({ selector: { app: 'wep' }, ports: [{ port: 80 }] })(place)]],
    subject: ofService,
    card: {
      kind: 'Service',
      name: 'front',
      reason: 'SelectsNobody',
      says: 'its selector app=wep finds no pod; the nearest, pod web-…, has app=web',
    },
    button: { label: 'Select app=web' },
    mends: 'select the labels that the pods have',
    command: 'kubectl set selector service/front app=web',
  },
  {
    id: 'target-port',
    trouble: 'A Service whose port no pod has',
    steps: [
      (place) => [
        workload(place, { container: container(place.image, undefined, { ports: [{ name: 'http', containerPort: 8080 }] }) }),
        service({ selector: { app: 'web' }, ports: [{ port: 80, targetPort: 'htpp' }] })(place),
      ],
    ],
    subject: ofService,
    card: {
      kind: 'Service',
      name: 'front',
      reason: 'NoSuchPort',
      says: 'its port 80 leads to "htpp", and no selected pod has a port of that name: they have http',
    },
    button: { label: 'Lead port 80 to http' },
    mends: 'name a port of the pods in targetPort',
    command: 'kubectl patch service front --type json -p \'[{"op":"replace","path":"/spec/ports/0/targetPort","value":"http"}]\'',
  },
  {
    id: 'scaled-to-zero',
    trouble: 'A Service whose workload is scaled to 0',
    steps: [(place) => [workload(place, { spec: { replicas: 0 } }), service({ selector: { app: 'web' }, ports: [{ port: 80 }] })(place)]],
    subject: ofService,
    card: {
      kind: 'Service',
      name: 'front',
      reason: 'ScaledToZero',
      says: 'its selector app=web finds no pod: deployment/web, whose pods it selects, is scaled to 0',
    },
    button: { label: 'Scale deployment', value: '1' },
    mends: 'scale it',
    command: 'kubectl scale deployment/web --replicas=1',
  },
  {
    id: 'ingress',
    trouble: 'An Ingress that leads to no Service',
    steps: [
      (place) => [
        namespaced('networking.k8s.io/v1', 'Ingress', 'shop', {
          spec: {
            rules: [
              {
                host: 'shop.example.com',
                http: { paths: [{ path: '/', pathType: 'Prefix', backend: { service: { name: 'front', port: { number: 80 } } } }] },
              },
            ],
          },
        })(place),
      ],
    ],
    subject: () => 'ingress/shop',
    card: {
      kind: 'Ingress',
      name: 'shop',
      reason: 'ServiceNotFound',
      says: 'spec.rules[0].http.paths[0].backend: service front does not exist; requests for it get 503',
    },
    mends: 'make the Service, or name another',
    command: 'kubectl edit ingress shop',
  },
  {
    id: 'autoscaler',
    trouble: 'An autoscaler without numbers',
    steps: [
      (place) => [
        workload(place),
        namespaced('autoscaling/v2', 'HorizontalPodAutoscaler', 'web', {
          spec: {
            scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
            maxReplicas: 3,
            metrics: [{ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } } }],
          },
        })(place),
      ],
    ],
    subject: () => 'hpa/web',
    card: { kind: 'HorizontalPodAutoscaler', name: 'web', reason: 'FailedGetResourceMetric', says: '…missing request for cpu…' },
    mends: 'give the containers a request for it',
    command: 'kubectl set resources deployment/web --requests=cpu=100m',
  },
  {
    id: 'job',
    trouble: 'A Job that has failed too often',
    steps: [
      ({ namespace, image }) => [
        {
          apiVersion: 'batch/v1',
          kind: 'Job',
          metadata: { name: 'import', namespace },
          spec: {
            backoffLimit: 0,
            template: { spec: { restartPolicy: 'Never', containers: [container(image, 'echo "error: line 7 has no price"; exit 2')] } },
          },
        },
      ],
    ],
    subject: () => 'job/import',
    card: {
      kind: 'Pod',
      name: 'import-',
      reason: 'Error',
      says: 'container main ended with exit code 2; its last line: error: line 7 has no price',
    },
    button: { label: 'Delete job' },
    mends: 'mend what it says, delete it and run it again',
    command: 'kubectl delete job import',
  },
  {
    id: 'cron-job',
    trouble: 'A CronJob whose runs fail',
    steps: [
      ({ namespace, image }) => [
        {
          apiVersion: 'batch/v1',
          kind: 'CronJob',
          metadata: { name: 'nightly', namespace },
          spec: {
            schedule: '* * * * *',
            jobTemplate: {
              spec: {
                backoffLimit: 0,
                template: {
                  spec: { restartPolicy: 'Never', containers: [container(image, 'echo "failed: backup target is full"; exit 1')] },
                },
              },
            },
          },
        },
      ],
    ],
    subject: () => 'cronjob/nightly',
    card: {
      kind: 'Pod',
      name: 'nightly-',
      reason: 'Error',
      says: 'container main ended with exit code 1; its last line: failed: backup target is full',
    },
    mends: 'mend what it says; the next run shows',
    command: 'kubectl create job nightly-again --from=cronjob/nightly',
  },
  {
    id: 'stateful-set',
    trouble: 'A StatefulSet that waits for its first pod',
    steps: [
      (place) => [
        workload(place, {
          kind: 'StatefulSet',
          name: 'db',
          container: container(place.image, 'echo "panic: journal is broken"; exit 1', {
            readinessProbe: { exec: { command: ['/bin/busybox', 'true'] }, initialDelaySeconds: 30 },
          }),
          spec: { replicas: 3, serviceName: 'db' },
        }),
      ],
    ],
    subject: () => 'statefulset/db',
    card: {
      kind: 'Pod',
      name: 'db-0',
      reason: 'CrashLoopBackOff',
      says: 'container main; last ended with exit code 1…; its last line: panic: journal is broken',
    },
    mends: 'mend what it says',
    command: 'kubectl logs db-0 --previous',
  },
  {
    id: 'daemon-set',
    trouble: 'A DaemonSet that does not fit on a node',
    steps: [
      (place) => [
        workload(place, {
          kind: 'DaemonSet',
          name: 'agent',
          container: container(place.image, undefined, { resources: { requests: { memory: '900Gi' } } }),
          pod: { nodeSelector: { 'kubernetes.io/hostname': place.firstNode } },
        }),
      ],
    ],
    subject: () => 'daemonset/agent',
    card: { kind: 'Pod', name: 'agent-', reason: 'Unschedulable', says: '0/… nodes are available: …Insufficient memory…' },
    mends: 'ask for less, or free what it lacks',
    command: 'kubectl edit daemonset agent',
  },
  {
    id: 'deadline',
    trouble: 'A rollout that does not end',
    steps: [
      (place) => [workload(place, { spec: { replicas: 2, progressDeadlineSeconds: 5 } })],
      (place) => [
        workload(place, {
          container: container(place.image, 'exit 0'),
          spec: { replicas: 2, progressDeadlineSeconds: 5 },
        }),
      ],
    ],
    subject: ofDeployment,
    card: { kind: 'Pod', name: 'web-', reason: 'CrashLoopBackOff', says: 'container main; last ended with exit code 0 (Completed)…' },
    button: { label: 'Roll back deployment' },
    mends: 'roll back',
    command: 'kubectl rollout undo deployment/web',
  },
  {
    id: 'paused',
    trouble: 'A rollout that somebody paused and forgot',
    steps: [
      (place) => [workload(place)],
      (place) => [
        workload(place, { spec: { paused: true }, container: container(place.image, undefined, { env: [{ name: 'A', value: 'b' }] }) }),
      ],
    ],
    subject: ofDeployment,
    card: { kind: 'Deployment', name: 'web', reason: 'Paused', says: 'it is paused, with 0 of 1 pods as they should be' },
    button: { label: 'Resume' },
    mends: 'resume it',
    command: 'kubectl rollout resume deployment/web',
  },
];
