import { describe, expect, test } from 'vitest';
import { Deployment, Namespace, Pod, Service } from '../index.ts';
import { sampleDeployment, samplePod, sampleService } from '../samples.ts';
import { imageTag } from './image.ts';

test('a minimal pod, as Kubernetes completes it', () => {
  const pod = samplePod();
  Pod.defaults(pod);
  expect(pod.spec).toEqual({
    containers: [
      {
        name: 'web',
        image: 'nginx:1.29',
        imagePullPolicy: 'IfNotPresent',
        resources: {},
        terminationMessagePath: '/dev/termination-log',
        terminationMessagePolicy: 'File',
      },
    ],
    dnsPolicy: 'ClusterFirst',
    enableServiceLinks: true,
    restartPolicy: 'Always',
    schedulerName: 'default-scheduler',
    securityContext: {},
    terminationGracePeriodSeconds: 30,
  });
});

test('probes, hooks, ports, volumes and requests', () => {
  const pod = samplePod({
    hostNetwork: true,
    volumes: [{ name: 'a' }, { name: 'b', secret: { secretName: 's' } }, { name: 'c', hostPath: { path: '/x' } }],
    containers: [
      {
        name: 'web',
        image: 'nginx',
        ports: [{ containerPort: 80 }],
        livenessProbe: { httpGet: { port: 80 } },
        resources: { limits: { cpu: '1' } },
      },
    ],
  });
  Pod.defaults(pod);
  expect(pod.spec.containers[0]).toMatchObject({
    imagePullPolicy: 'Always',
    ports: [{ containerPort: 80, hostPort: 80, protocol: 'TCP' }],
    livenessProbe: {
      httpGet: { path: '/', port: 80, scheme: 'HTTP' },
      timeoutSeconds: 1,
      periodSeconds: 10,
      successThreshold: 1,
      failureThreshold: 3,
    },
    resources: { limits: { cpu: '1' }, requests: { cpu: '1' } },
  });
  expect(pod.spec.volumes).toEqual([
    { name: 'a', emptyDir: {} },
    { name: 'b', secret: { secretName: 's', defaultMode: 420 } },
    { name: 'c', hostPath: { path: '/x', type: '' } },
  ]);
});

test('a template gets no defaults of a pod alone', () => {
  const deployment = sampleDeployment();
  Deployment.defaults(deployment);
  expect(deployment.spec).toMatchObject({
    replicas: 1,
    revisionHistoryLimit: 10,
    progressDeadlineSeconds: 600,
    strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' } },
  });
  expect(deployment.spec.template.spec?.enableServiceLinks).toBeUndefined();
  expect(deployment.spec.template.spec?.containers[0]?.imagePullPolicy).toBe('Always');
});

test('services by type', () => {
  const clusterIp = sampleService();
  Service.defaults(clusterIp);
  expect(clusterIp.spec).toEqual({
    type: 'ClusterIP',
    sessionAffinity: 'None',
    internalTrafficPolicy: 'Cluster',
    selector: { app: 'web' },
    ports: [{ port: 80, targetPort: 80, protocol: 'TCP' }],
  });
  const nodePort = sampleService({ type: 'NodePort', sessionAffinity: 'ClientIP' });
  Service.defaults(nodePort);
  expect(nodePort.spec).toMatchObject({ externalTrafficPolicy: 'Cluster', sessionAffinityConfig: { clientIP: { timeoutSeconds: 10800 } } });
});

test('a namespace is labelled with its name', () => {
  const namespace: Namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' }, spec: {} };
  Namespace.defaults(namespace);
  Namespace.strategy.prepareForCreate?.(namespace, '2020-01-02T03:04:05Z');
  expect(namespace).toMatchObject({
    metadata: { labels: { 'kubernetes.io/metadata.name': 'shop' } },
    spec: { finalizers: ['kubernetes'] },
    status: { phase: 'Active' },
  });
});

describe('what a new pod is given', () => {
  test('an account and a quality of service', () => {
    const pod = samplePod({ containers: [{ name: 'web', image: 'nginx', resources: { limits: { cpu: '1', memory: '1Gi' } } }] });
    Pod.defaults(pod);
    Pod.strategy.prepareForCreate?.(pod, '2020-01-02T03:04:05Z');
    expect(pod.status).toEqual({ phase: 'Pending', qosClass: 'Guaranteed' });
    expect(pod.spec.serviceAccountName).toBe('default');
  });

  test.each([
    [{}, 'BestEffort'],
    [{ requests: { cpu: '1' } }, 'Burstable'],
    [{ limits: { cpu: '1', memory: '1Gi' }, requests: { cpu: '500m', memory: '1Gi' } }, 'Burstable'],
  ])('%j is %s', (resources, expected) => {
    const pod = samplePod({ containers: [{ name: 'web', image: 'nginx', resources }] });
    Pod.defaults(pod);
    Pod.strategy.prepareForCreate?.(pod, '2020-01-02T03:04:05Z');
    expect(pod.status?.qosClass).toBe(expected);
  });

  test('requests up to the limits, but of ephemeral containers', () => {
    const limited = { name: 'web', image: 'nginx', resources: { limits: { cpu: '1' } } };
    const pod = samplePod({ containers: [structuredClone(limited)], ephemeralContainers: [structuredClone(limited)] });
    Pod.defaults(pod);
    expect(pod.spec.containers[0]?.resources?.requests).toEqual({ cpu: '1' });
    expect(pod.spec.ephemeralContainers?.[0]?.resources?.requests).toBeUndefined();
  });

  test('time to stop only while it runs somewhere', () => {
    const grace = Pod.strategy.gracePeriodSeconds;
    expect(grace?.(samplePod())).toBe(0);
    expect(grace?.(samplePod({ nodeName: 'n1' }))).toBe(30);
    expect(grace?.({ ...samplePod({ nodeName: 'n1' }), status: { phase: 'Succeeded' } })).toBe(0);
  });
});

test.each([
  ['nginx', 'latest'],
  ['nginx:1.29', '1.29'],
  ['registry:5000/nginx', 'latest'],
  [`registry:5000/a/b:v1@sha256:${'0a'.repeat(32)}`, 'v1'],
  [`nginx@sha256:${'0a'.repeat(32)}`, ''],
  ['[fd00::1]:5000/a', 'latest'],
  ['localhost/a_b/c--d', 'latest'],
  ['library/nginx', 'latest'],
  // What is no reference.
  ['', ''],
  ['nginx ', ''],
  ['Nginx', ''],
  ['a//b', ''],
  ['nginx:', ''],
  ['nginx@sha256:abc', ''],
  [`${'a'.repeat(256)}`, ''],
  ['0a'.repeat(32), ''],
])('the tag of %s is "%s"', (reference, tag) => expect(imageTag(reference)).toBe(tag));
