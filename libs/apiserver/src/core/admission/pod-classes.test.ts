// Priority and RuntimeClass: what a pod gets by naming a class; and what pods, claims and ingresses get without asking.
import { Ingress, IngressClass, PersistentVolumeClaim, Pod, PriorityClass, RuntimeClass } from '@berth/api';
import type { Client } from '@berth/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { pod, startTestServer } from '../test-server.ts';

let running: Awaited<ReturnType<typeof startTestServer>>;
let client: Client;
beforeAll(async () => {
  running = await startTestServer();
  client = running.client;
});
afterAll(() => running.server.stop());

const podWith = (name: string, spec: Partial<Pod['spec']>): Pod => ({ ...pod(name), spec: { ...pod(name).spec, ...spec } });

function priorityClass(name: string, value: number, more: Partial<PriorityClass> = {}): PriorityClass {
  return { apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', metadata: { name }, value, ...more };
}

test('a pod carries the number and the policy of its priority class', async () => {
  await client.create(PriorityClass, priorityClass('high', 1000, { preemptionPolicy: 'Never' }));
  const { spec } = await client.create(Pod, podWith('important', { priorityClassName: 'high' }));
  expect(spec).toMatchObject({ priority: 1000, preemptionPolicy: 'Never', priorityClassName: 'high' });
  const critical = await client.create(Pod, podWith('critical', { priorityClassName: 'system-node-critical' }));
  expect(critical.spec.priority).toBe(2_000_001_000);
  await expect(client.create(Pod, podWith('none', { priorityClassName: 'gone' }))).rejects.toThrow(
    'pods "none" is forbidden: no PriorityClass with name gone was found',
  );
  await expect(client.create(Pod, podWith('own', { priorityClassName: 'high', priority: 7 }))).rejects.toThrow(
    'the integer value of priority (7) must not be provided in pod spec; priority admission controller computed 1000 from the given PriorityClass name',
  );
});

test('one class may be the default', async () => {
  expect((await client.create(Pod, pod('before'))).spec).toMatchObject({ priority: 0, preemptionPolicy: 'PreemptLowerPriority' });
  await client.create(PriorityClass, priorityClass('usual', 5, { globalDefault: true }));
  expect((await client.create(Pod, pod('after'))).spec).toMatchObject({ priority: 5, priorityClassName: 'usual' });
  await expect(client.create(PriorityClass, priorityClass('other', 6, { globalDefault: true }))).rejects.toThrow(
    'PriorityClass usual is already marked as default. Only one default can exist',
  );
  await client.delete(PriorityClass, { name: 'usual' });
});

test('a runtime class adds its overhead and says where it can run', async () => {
  await client.create(RuntimeClass, {
    apiVersion: 'node.k8s.io/v1',
    kind: 'RuntimeClass',
    metadata: { name: 'sandboxed' },
    handler: 'runsc',
    overhead: { podFixed: { cpu: '100m' } },
    scheduling: { nodeSelector: { sandbox: 'yes' }, tolerations: [{ key: 'sandbox', operator: 'Exists' }] },
  });
  const { spec } = await client.create(Pod, podWith('inside', { runtimeClassName: 'sandboxed', nodeSelector: { disk: 'fast' } }));
  expect(spec).toMatchObject({ overhead: { cpu: '100m' }, nodeSelector: { disk: 'fast', sandbox: 'yes' } });
  expect(spec.tolerations?.map(({ key }) => key)).toContain('sandbox');
  await expect(client.create(Pod, podWith('lost', { runtimeClassName: 'gone' }))).rejects.toThrow(
    'pods "lost" is forbidden: pod rejected: RuntimeClass "gone" not found',
  );
  const elsewhere = podWith('elsewhere', { runtimeClassName: 'sandboxed', nodeSelector: { sandbox: 'no' } });
  await expect(client.create(Pod, elsewhere)).rejects.toThrow('conflict: runtimeClass.scheduling.nodeSelector[sandbox] = yes');
});

test('overhead is a runtime class’s to say, and is looked at once the pod is valid', async () => {
  const refused = 'Pod Overhead set without corresponding RuntimeClass defined Overhead';
  await expect(client.create(Pod, podWith('own', { overhead: { cpu: '1' } }))).rejects.toThrow(refused);
  await expect(client.create(Pod, podWith('none', { overhead: {} }))).rejects.toThrow(refused);
  await expect(client.create(Pod, podWith('wrong', { overhead: { cpu: '1' }, containers: [] }))).rejects.toThrow(
    'Pod "wrong" is invalid: spec.containers: Required value',
  );
});

test('a pod without a name yet is called by what its name begins with, or unknown', async () => {
  const nameless = (metadata: object) => ({
    ...podWith('', { priorityClassName: 'absent' }),
    metadata: { namespace: 'default', ...metadata },
  });
  await expect(client.create(Pod, nameless({ generateName: 'a-' }) as Pod)).rejects.toThrow('pods "a-" is forbidden: no PriorityClass');
  await expect(client.create(Pod, nameless({}) as Pod)).rejects.toThrow('pods "Unknown" is forbidden: no PriorityClass');
});

test('pods tolerate lost nodes for a while, unless they say for how long', async () => {
  const own = { key: 'node.kubernetes.io/not-ready', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 5 };
  const { spec } = await client.create(Pod, podWith('patient', { tolerations: [own] }));
  expect(spec.tolerations?.map(({ key, tolerationSeconds }) => [key, tolerationSeconds])).toEqual([
    ['node.kubernetes.io/not-ready', 5],
    ['node.kubernetes.io/unreachable', 300],
  ]);
});

test('claims are born protected, and ingresses get the default class', async () => {
  const claim = await client.create(PersistentVolumeClaim, {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: 'data', namespace: 'default' },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
  });
  expect(claim.metadata.finalizers).toEqual(['kubernetes.io/pvc-protection']);
  const annotations = { 'ingressclass.kubernetes.io/is-default-class': 'true' };
  // Of two that are as old, the first by name would be it.
  await client.delete(IngressClass, { name: 'berth' });
  await client.create(IngressClass, {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'IngressClass',
    metadata: { name: 'edge', annotations },
    spec: { controller: 'example.com/edge' },
  });
  const ingress = await client.create(Ingress, {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: { name: 'web', namespace: 'default' },
    spec: { defaultBackend: { service: { name: 'web', port: { number: 80 } } } },
  });
  expect(ingress.spec?.ingressClassName).toBe('edge');
});
