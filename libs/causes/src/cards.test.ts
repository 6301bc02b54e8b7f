// Cards: one a cause, what follows folded in, in the same words as `berth why`.
import type { Change, Deployment, policyV1, ReplicaSet, Service } from '@berth/api';
import { expect, test } from 'vitest';
import { findCards, type Known, whyPod } from './index.ts';
import { ago, claim, event, known, n1, node, nothing, pending, pod, ready, waiting } from './test-known.ts';

const deployment = (more: object = {}): Deployment => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { namespace: 'shop', name: 'web', uid: 'web', generation: 1 },
  spec: { replicas: 1, selector: {}, template: { metadata: { labels: { app: 'web' } }, spec: { containers: [] } }, ...more },
  status: {
    observedGeneration: 1,
    conditions: [{ type: 'Available', status: 'False', lastTransitionTime: ago(500), message: 'too few' }],
  },
});
const set: ReplicaSet = {
  apiVersion: 'apps/v1',
  kind: 'ReplicaSet',
  metadata: {
    ...{ namespace: 'shop', name: 'web-5d', uid: 'web-5d' },
    ownerReferences: [{ apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', uid: 'web', controller: true }],
  },
  spec: { replicas: 1, selector: {} },
};
const service: Service = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { namespace: 'shop', name: 'front', creationTimestamp: ago(600) },
  spec: { selector: { app: 'web' }, ports: [{ port: 80 }] },
};
const workload = { deployments: [deployment()], replicaSets: [set], services: [service] };
const shown = (cards: ReturnType<typeof findCards>) => cards.map(({ first, cause }) => `${first.kind} ${first.name} ${cause.reason}`);

test('a crash, the Deployment that lacks its pod and the service without endpoints are one card, as berth why says it', () => {
  const last = { lastState: { terminated: { exitCode: 3, reason: 'Error', finishedAt: ago(40) } }, restartCount: 4 };
  const crash = pod('web-5d-x', waiting('CrashLoopBackOff', 'back-off 2m40s restarting failed container', last), { owner: 'web-5d' });
  const lastLines = new Map([['shop/web-5d-x/main', 'fatal: no disk']]);
  const all = known({ ...workload, pods: [crash], lastLines });
  const cards = findCards(all);
  expect(shown(cards)).toEqual(['Pod web-5d-x CrashLoopBackOff']);
  expect(cards[0]?.follows.map(({ kind, name }) => `${kind} ${name}`)).toEqual(['Deployment web', 'Service front']);
  expect(cards[0]?.cause.says).toBe(
    'container main; last ended with exit code 3 (Error); restarted 4 times; back-off 2m40s; its last line: fatal: no disk',
  );
  expect(cards[0]?.why).toEqual(whyPod(crash, all));
});

test('between two crashes it is the same card; one crash and then a minute of peace is none', () => {
  const runs = (restartCount: number, seconds: number) => {
    const status = waiting('');
    const terminated = { exitCode: 1, reason: 'Error', finishedAt: ago(seconds) };
    const [one] = status.containerStatuses ?? [];
    if (!one) throw new Error('no container');
    return pod('web-5d-x', {
      phase: 'Running',
      containerStatuses: [{ ...one, restartCount, state: { running: {} }, lastState: { terminated } }],
    });
  };
  expect(shown(findCards(known({ pods: [runs(3, 20)] })))).toEqual(['Pod web-5d-x CrashLoopBackOff']);
  expect(shown(findCards(known({ pods: [runs(1, 20)] })))).toEqual(['Pod web-5d-x Error']);
  expect(findCards(known({ pods: [runs(1, 61)] }))).toEqual([]);
});

test('a liveness probe is the cause where it spoke before the container ended, and not where that was long before', () => {
  const terminated = { exitCode: 137, startedAt: ago(60), finishedAt: ago(40) };
  const crash = pod('web-5d-x', waiting('CrashLoopBackOff', '', { lastState: { terminated }, restartCount: 2 }));
  const cards = (at: number) =>
    findCards(known({ pods: [crash], events: [event('web-5d-x', 'Unhealthy', 'Liveness probe failed: 503', at)] }));
  expect(cards(41)[0]?.cause).toMatchObject({ reason: 'LivenessProbe', says: expect.stringContaining('Liveness probe failed: 503') });
  expect(cards(300)[0]?.cause.reason).toBe('CrashLoopBackOff');
});

test('refused pods: their Deployment, once, and the quota as something to raise', () => {
  const message =
    'Error creating: pods "web-5d-y" is forbidden: exceeded quota: small, requested: pods=1,cpu=2, used: pods=4,cpu=1, limited: pods=4,cpu=2';
  const refused = {
    ...event('web-5d', 'FailedCreate', message),
    involvedObject: { kind: 'ReplicaSet', namespace: 'shop', name: 'web-5d', uid: 'web-5d' },
  };
  const [card, ...more] = findCards(known({ ...workload, services: [], events: [refused] }));
  expect(more).toEqual([]);
  expect(card).toMatchObject({
    first: { kind: 'Deployment', name: 'web' },
    follows: [],
    cause: { object: 'replicaset/web-5d', reason: 'Quota' },
  });
  expect(card?.why.steps[0]?.fix).toEqual({
    ...{ type: 'RaiseQuota', namespace: 'shop', name: 'small', resource: 'pods', hard: '4', lacks: '1' },
  });
});

test('a claim and the pod that waits for it are one; so are pods of other namespaces apart', () => {
  const volumes = [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }];
  const db = pending('db', { volumes });
  db.status = { phase: 'Pending', conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: 'unbound' }] };
  const waits = claim('data', 'fast');
  waits.metadata.creationTimestamp = ago(100);
  const events = [event('data', 'ProvisioningFailed', 'storageclass "fast" not found')];
  const [card, ...more] = findCards(known({ pods: [db], claims: [waits], events }));
  expect(more).toEqual([]);
  expect(card).toMatchObject({
    first: { kind: 'PersistentVolumeClaim' },
    cause: { reason: 'ClassMissing' },
    follows: [{ kind: 'Pod', name: 'db' }],
  });
  // The claim of that name is another namespace's.
  const elsewhere = { ...waits, metadata: { ...waits.metadata, namespace: 'other' } };
  const [pvc, waiting] = findCards(known({ pods: [db], claims: [elsewhere], events }));
  expect([pvc?.cause.reason, waiting?.cause.reason].sort()).toEqual(['ClassMissing', 'NotFound']);
});

test('a service whose workload is scaled to none, one that means other labels, one that means no port', () => {
  const fix = (more: Partial<Known>) => findCards(known({ services: [service], ...more }))[0]?.why.steps[0]?.fix;
  expect(fix({ deployments: [{ ...deployment({ replicas: 0 }), status: {} }] })).toMatchObject({
    type: 'Scale',
    kind: 'Deployment',
    name: 'web',
  });
  expect(fix({ pods: [pod('a', ready, { labels: { app: 'shop' } })] })).toMatchObject({ type: 'SetSelector', selector: { app: 'shop' } });
  const slices = [
    {
      ...{ apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', addressType: 'IPv4' },
      metadata: { name: 'front-1', namespace: 'shop', labels: { 'kubernetes.io/service-name': 'front' } },
      endpoints: [{ addresses: ['10.0.0.1'], conditions: { ready: true } }],
      ports: [],
    },
  ];
  const named = { ...service, spec: { ...service.spec, ports: [{ port: 80, targetPort: 'http' }] } };
  const backend = pod('a', ready, { spec: { containers: [{ name: 'main', ports: [{ name: 'web', containerPort: 8080 }] }] } });
  expect(fix({ services: [named], endpointSlices: slices, pods: [backend] })).toMatchObject({
    type: 'SetTargetPort',
    targetPort: 'web',
    index: 0,
  });
});

test('what a lost node does not report follows from that, and what runs elsewhere does not', () => {
  const away = pod('a', { phase: 'Pending' });
  const elsewhere = pod('b', { phase: 'Pending' }, { spec: { nodeName: 'n2' } });
  const nodes = [node('n1', 'Unknown'), node('n2')];
  const cards = findCards({ ...nothing, nodes, pods: [away, elsewhere] });
  expect(shown(cards)).toEqual(['Node n1 Node lost', 'Pod b Slow to start']);
  expect(cards[0]?.follows.map(({ name }) => name)).toEqual(['a']);
});

test('a budget is in the way only of what is cordoned', () => {
  const budget = {
    ...{ apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata: { namespace: 'shop', name: 'web' } },
    spec: { minAvailable: 1, selector: { matchLabels: { app: 'web' } } },
    status: { disruptionsAllowed: 0, expectedPods: 1, desiredHealthy: 1, currentHealthy: 1 },
  } as policyV1.PodDisruptionBudget;
  const there = { budgets: [budget], pods: [pod('a', ready)] };
  expect(findCards(known(there))).toEqual([]);
  const cordoned = { ...n1, spec: { unschedulable: true } };
  expect(shown(findCards({ ...nothing, ...there, nodes: [cordoned] }))).toEqual([
    'Node n1 Cordoned',
    'PodDisruptionBudget web BlocksDrain',
  ]);
});

test('who changed what before: the newest change by a person of what the pods are made by', () => {
  const change = (seconds: number, user: string, path: string, more: object = {}): Change =>
    ({
      time: ago(seconds),
      user,
      verb: 'patch',
      object: { kind: 'Deployment', name: 'web' },
      fields: [{ path, before: '"x:1"', after: '"x:2"' }],
      ...more,
    }) as unknown as Change;
  const last = { lastState: { terminated: { exitCode: 3, finishedAt: ago(40) } }, restartCount: 4 };
  const crash = pod('web-5d-x', waiting('CrashLoopBackOff', '', last), { owner: 'web-5d' });
  const before = (...changes: Change[]) =>
    findCards(known({ pods: [crash], changes: new Map([['Deployment/shop/web', changes]]) }))[0]?.before;
  const image = 'spec.template.spec.containers[main].image';
  const status = change(30, 'system:kube-controller-manager', 'status.replicas', { verb: 'update/status' });
  expect(before(status, change(120, 'ann', image))).toBe('ann changed containers[main].image from x:1 to x:2 of deployment/web 2m ago');
  expect(before(change(3_600, 'ann', image))).toBeUndefined();
  expect(before(status)).toBeUndefined();
});
