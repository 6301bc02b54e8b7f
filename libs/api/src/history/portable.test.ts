// What of an object of the past can be applied again: all that somebody wanted, and nothing that was said of the one that is gone.
import type { KubeObject } from '@berth/machinery';
import { expect, test } from 'vitest';
import { portableObject, takenByServices } from './portable.ts';

const object = (kind: string, spec: object, metadata: object = {}) =>
  ({
    apiVersion: 'v1',
    kind,
    metadata: { name: 'web', namespace: 'shop', ...metadata },
    spec,
    status: { phase: 'x' },
  }) as unknown as KubeObject;

test('metadata of the one that was goes, what somebody wrote stays', () => {
  const past = object(
    'Deployment',
    { replicas: 2 },
    {
      ...{ uid: 'u', resourceVersion: '7', generation: 3, creationTimestamp: 'x', deletionTimestamp: 'y', deletionGracePeriodSeconds: 0 },
      ...{ managedFields: [{}], ownerReferences: [{ uid: 'gone' }], generateName: 'web-', labels: { app: 'web' } },
      annotations: { 'kubectl.kubernetes.io/last-applied-configuration': '{}', 'deployment.kubernetes.io/revision': '4', note: 'mine' },
      finalizers: ['foregroundDeletion', 'kubernetes.io/pvc-protection', 'example.org/mine'],
    },
  );
  const before = structuredClone(past);
  expect(portableObject(past)).toEqual({
    ...{ apiVersion: 'v1', kind: 'Deployment', spec: { replicas: 2 } },
    metadata: { name: 'web', namespace: 'shop', labels: { app: 'web' }, annotations: { note: 'mine' }, finalizers: ['example.org/mine'] },
  });
  expect(past).toEqual(before);
});

test('a service keeps its addresses and ports unless somebody else has them today', () => {
  const spec = { clusterIP: '10.96.0.7', clusterIPs: ['10.96.0.7'], ports: [{ port: 80, nodePort: 30080 }] };
  const other = object('Service', { clusterIP: '10.96.0.7', ports: [{ port: 1, nodePort: 30080 }] });
  expect(portableObject(object('Service', spec))).toMatchObject({ spec });
  expect(portableObject(object('Service', spec), { taken: takenByServices([other]) })).toMatchObject({ spec: { ports: [{ port: 80 }] } });
  const moved = portableObject(object('Service', spec), { taken: takenByServices([other]) }) as unknown as { spec: object };
  expect(moved.spec).toEqual({ ports: [{ port: 80 }] });
  const existing = object('Service', spec);
  expect(portableObject(object('Service', spec), { existing, taken: takenByServices([existing]) })).toMatchObject({ spec });
  const headless = { clusterIP: 'None', clusterIPs: ['None'] };
  expect(portableObject(object('Service', headless), { taken: takenByServices([object('Service', headless)]) })).toMatchObject({
    spec: headless,
  });
});

test('pods, jobs and claims lose what only the ones that were can have', () => {
  expect(portableObject(object('Pod', { nodeName: 'n', priority: 0, containers: [] }))).toMatchObject({ spec: { containers: [] } });
  expect(JSON.stringify(portableObject(object('Pod', { nodeName: 'n', priority: 0 })))).not.toMatch(/nodeName|priority/);
  const labels = { app: 'a', 'batch.kubernetes.io/controller-uid': 'u', 'job-name': 'web' };
  const job = object('Job', { selector: { matchLabels: labels }, template: { metadata: { labels } } }, { labels });
  expect(portableObject(job)).toMatchObject({
    metadata: { labels: { app: 'a' } },
    spec: { template: { metadata: { labels: { app: 'a' } } } },
  });
  expect(JSON.stringify(portableObject(job))).not.toMatch(/uid|selector|job-name/);
  expect(portableObject(object('Job', { manualSelector: true, selector: { matchLabels: labels } }))).toMatchObject({
    spec: { selector: {} },
  });
  const claim = object('PersistentVolumeClaim', { volumeName: 'pv', storageClassName: 'local' });
  expect(portableObject(claim)).toMatchObject({ spec: { storageClassName: 'local' } });
  expect(JSON.stringify(portableObject(claim))).not.toContain('volumeName');
  expect(portableObject(claim, { existing: claim })).toMatchObject({ spec: { volumeName: 'pv' } });
});
