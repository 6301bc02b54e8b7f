// Causes of claims, services and nodes.
import type { Service } from '@berth/api';
import { expect, test } from 'vitest';
import { whyClaim, whyNode, whyPod, whyService } from './index.ts';
import { claim, event, known, node, nothing, now, pending, pod, ready, storageClass, volume, waiting } from './test-known.ts';

test('claims: no class, one that waits for its pod, volumes that do not fit and why', () => {
  expect(whyClaim(claim('c'), nothing)).toMatchObject({ causes: [{ reason: 'NoClass' }] });
  const waits = [storageClass('local', 'berth.dev/local', 'WaitForFirstConsumer')];
  expect(whyClaim(claim('c', 'local'), { ...nothing, classes: waits })).toMatchObject({
    isWell: true,
    summary: expect.stringContaining('no pod mounts this claim yet'),
  });
  const volumes = [{ name: 'data', persistentVolumeClaim: { claimName: 'c' } }];
  expect(whyClaim(claim('c', 'local'), { ...nothing, classes: waits, pods: [pending('db', { volumes })] })).toMatchObject({
    causes: [{ reason: 'WaitForFirstConsumer' }],
    steps: [{ command: 'berth why db -n shop' }],
  });
  const statics = [storageClass('static', 'kubernetes.io/no-provisioner')];
  const unfit = [
    volume('small', { capacity: { storage: '1Gi' } }),
    volume('block', { volumeMode: 'Block' }),
    volume('other', { storageClassName: 'x' }),
    volume('taken', { claimRef: { namespace: 'a', name: 'b' } }),
    volume('read', { accessModes: ['ReadOnlyMany'] }),
  ];
  const why = whyClaim(claim('c', 'static'), { ...nothing, classes: statics, volumes: unfit });
  expect(why.causes.map(({ says }) => says)).toEqual([
    'none of 5 volumes fits it',
    'it has 1Gi, and 2Gi are asked for',
    'its volumeMode is Block',
    'its class is x, not static',
    'it is kept for claim a/b',
    'it cannot be mounted ReadWriteOnce',
  ]);
  const failed = { ...nothing, classes: [storageClass('c', 'berth.dev/local')], events: [event('c', 'ProvisioningFailed', 'no space')] };
  expect(whyClaim(claim('c', 'c'), failed).summary).toBe('no space');
});

function service(spec: Partial<Service['spec']>): Service {
  const metadata = { namespace: 'shop', name: 'web' };
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata,
    spec: { selector: { app: 'web' }, ports: [{ port: 80, targetPort: 'http' }], ...spec },
  };
}

test('services: nobody selected and who is nearest, nobody ready, a port of no such name, and what cannot be known', () => {
  const nobody = whyService(service({ selector: { app: 'wep' } }), known({ pods: [pod('a', ready)] }));
  expect(nobody.summary).toBe('its selector app=wep finds no pod; the nearest, pod a, has app=web');
  const unready = whyService(service({}), known({ pods: [pod('a', waiting('ErrImagePull', 'no'))] }));
  expect(unready.causes.map(({ object }) => object)).toEqual(['pod/a', 'service/web']);
  expect(whyService(service({}), known({ pods: [pod('a', ready)] }))).toMatchObject({ causes: [{ reason: 'NoSuchPort' }] });
  const byNumber = service({ ports: [{ port: 80, targetPort: 8080 }] });
  expect(whyService(byNumber, known({ pods: [pod('a', ready)] }))).toMatchObject({ causes: [{ reason: 'NoEndpoints' }] });
  const slice = {
    ...{ apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', addressType: 'IPv4' },
    metadata: { name: 'web-1', labels: { 'kubernetes.io/service-name': 'web' } },
    endpoints: [{ addresses: ['10.0.0.1'], conditions: { ready: true } }],
  };
  const answer = whyService(byNumber, known({ pods: [pod('a', ready)], endpointSlices: [slice] }));
  expect(answer).toMatchObject({ isWell: true, steps: [{ text: expect.stringContaining('cannot be seen from outside') }] });
  expect(whyService(service({ selector: {} }), nothing)).toMatchObject({ causes: [{ reason: 'NoSelector' }] });
});

test('who may not read nodes, classes and volumes is not led to think that there are none', () => {
  const unread = new Set(['nodes', 'storageclasses', 'persistentvolumes']);
  expect(whyPod(pod('web', ready), { ...nothing, unread })).toMatchObject({ isWell: true });
  expect(whyClaim(claim('c', 'fast'), { ...nothing, unread }).summary).toMatch('you may not read nodes, storageclasses, persistentvolumes');
});

test('nodes: silent, cordoned, tainted, well', () => {
  expect(whyNode(node('n1', 'Unknown'), { now })).toMatchObject({ causes: [{ reason: 'Node lost' }] });
  expect(whyNode(node('n1', 'True', { unschedulable: true }), { now }).steps[0]?.command).toBe('kubectl uncordon n1');
  const tainted = node('n1', 'True', { taints: [{ key: 'gpu', value: 'yes', effect: 'NoSchedule' }] });
  expect(whyNode(tainted, { now })).toMatchObject({
    isWell: true,
    summary: 'it is ready, and takes pods that tolerate gpu=yes:NoSchedule',
  });
});
