import { LimitRange, type LimitRangeItem, PersistentVolumeClaim, Pod } from '@berth/api';
import type { Client } from '@berth/client';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { callFor, pod, startTestServer } from '../test-server.ts';

let running: Awaited<ReturnType<typeof startTestServer>>;
let client: Client;
beforeAll(async () => {
  running = await startTestServer();
  client = running.client;
});
afterAll(() => running.server.stop());
beforeEach(async () => {
  for (const { metadata } of (await client.list(LimitRange, { namespace: 'default' })).items) await client.delete(LimitRange, metadata);
});

function limit(...limits: LimitRangeItem[]): Promise<LimitRange> {
  return client.create(LimitRange, {
    apiVersion: 'v1',
    kind: 'LimitRange',
    metadata: { name: 'bounds', namespace: 'default' },
    spec: { limits },
  });
}

function sized(name: string, requests: Record<string, string>, limits: Record<string, string>): Pod {
  const object = pod(name);
  object.spec.containers = [{ name: 'main', image: 'registry.local/web:1', resources: { requests, limits } }];
  return object;
}

test('containers get the defaults they leave open, and the pod says so', async () => {
  await limit({ type: 'Container', default: { cpu: '500m', memory: '1Gi' }, defaultRequest: { cpu: '100m' } });
  const given = pod('defaulted');
  given.spec.initContainers = [{ name: 'first', image: 'registry.local/web:1', resources: { limits: { cpu: '50m' } } }];
  const { metadata, spec, status } = await client.create(Pod, given);
  const set = 'LimitRanger plugin set: cpu, memory request for container main; cpu, memory limit for container main; ';
  expect(metadata.annotations?.['kubernetes.io/limit-ranger']).toBe(
    `${set}memory request for init container first; memory limit for init container first`,
  );
  expect(spec.containers[0]?.resources).toEqual({ limits: { cpu: '500m', memory: '1Gi' }, requests: { cpu: '100m', memory: '1Gi' } });
  expect(spec.initContainers?.[0]?.resources).toEqual({ limits: { cpu: '50m', memory: '1Gi' }, requests: { cpu: '50m', memory: '1Gi' } });
  expect(status?.qosClass).toBe('Burstable');
});

test.each<[string, LimitRangeItem, Record<string, string>, Record<string, string>, string]>([
  [
    'a low request',
    { type: 'Container', min: { cpu: '100m' } },
    { cpu: '50m' },
    {},
    'minimum cpu usage per Container is 100m, but request is 50m',
  ],
  ['no request', { type: 'Pod', min: { cpu: '100m' } }, {}, {}, 'minimum cpu usage per Pod is 100m.  No request is specified'],
  ['a high limit', { type: 'Container', max: { cpu: '1' } }, {}, { cpu: '2' }, '[maximum cpu usage per Container is 1, but limit is 2]'],
  ['no limit', { type: 'Pod', max: { memory: '1Gi' } }, { memory: '1' }, {}, 'maximum memory usage per Pod is 1Gi.  No limit is specified'],
  [
    'a high ratio',
    { type: 'Container', maxLimitRequestRatio: { cpu: '2' } },
    { cpu: '100m' },
    { cpu: '300m' },
    'cpu max limit to request ratio per Container is 2, but provided ratio is 3.000000',
  ],
])('%s is refused', async (_title, item, requests, limits, detail) => {
  await limit(item);
  const text = detail.replace(/^\[|\]$/g, '');
  await expect(client.create(Pod, sized('outside', requests, limits))).rejects.toThrow(`pods "outside" is forbidden: ${text}`);
});

test('several violations are told in one answer, and claims have bounds too', async () => {
  await limit({ type: 'Container', max: { cpu: '1', memory: '1Gi' } }, { type: 'PersistentVolumeClaim', max: { storage: '1Gi' } });
  const large = sized('large', {}, { cpu: '2', memory: '2Gi' });
  await expect(client.create(Pod, large)).rejects.toThrow(
    'pods "large" is forbidden: [maximum cpu usage per Container is 1, but limit is 2, maximum memory usage per Container is 1Gi, but limit is 2Gi]',
  );
  const claim: PersistentVolumeClaim = {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: 'large', namespace: 'default' },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '2Gi' } } },
  };
  const refusal = 'persistentvolumeclaims "large" is forbidden: maximum storage usage per PersistentVolumeClaim is 1Gi, but request is 2Gi';
  await expect(client.create(PersistentVolumeClaim, claim)).rejects.toThrow(refusal);
});

test('a resize keeps within the bounds', async () => {
  await limit({ type: 'Container', max: { cpu: '1' } });
  await client.create(Pod, sized('bounded', { cpu: '100m' }, { cpu: '500m' }));
  const patch = { spec: { containers: [{ name: 'main', resources: { limits: { cpu: '2' } } }] } };
  await expect(running.server.patch(callFor(Pod, 'default', 'bounded', 'resize'), 'strategic', patch)).rejects.toThrow(
    'pods "bounded" is forbidden: maximum cpu usage per Container is 1, but limit is 2',
  );
});
