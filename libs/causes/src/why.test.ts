// Causes of pods and of what makes them: what is found behind what is asked about, and what is said to do next.
import type { Decision, Deployment, PodStatus, ReplicaSet } from '@berth/api';
import { expect, test } from 'vitest';
import { whyDeployment, whyOwner, whyPod } from './index.ts';
import { ago, claim, event, known, n1, node, nothing, pending, pod, ready, waiting } from './test-known.ts';

test('a pod that fits nowhere: the words of its event, who refused which node, and the least change', () => {
  const decision: Decision = {
    apiVersion: 'decisions.scheduling.berth.io/v1alpha1',
    kind: 'Decision',
    metadata: { name: 'big', namespace: 'shop' },
    ...{ podUID: 'big', reason: 'Unschedulable', attempts: 1, nodes: { total: 1, feasible: 0 } },
    message: '0/1 nodes are available: 1 Insufficient cpu.',
    refused: [{ node: 'n1', plugin: 'NodeResourcesFit', reasons: ['Insufficient cpu'] }],
    leastChanges: [
      { node: 'n1', nodeCount: 1, changes: [{ type: 'Resource', text: 'node n1 lacks 1 cpu: free it there, or ask for at most 3' }] },
    ],
  };
  const why = whyPod(pending('big'), { ...nothing, nodes: [n1], decisions: new Map([['shop/big', decision]]) });
  expect(why).toMatchObject({ isWell: false, summary: '0/1 nodes are available: 1 Insufficient cpu.' });
  expect(why.causes.map(({ object, says }) => `${object}: ${says}`)).toEqual([
    'pod/big: 0/1 nodes are available: 1 Insufficient cpu.',
    'node/n1: Insufficient cpu',
  ]);
  expect(why.steps[0]?.text).toMatch('node n1 lacks 1 cpu');
  expect(why.steps[1]?.command).toBe('kubectl -n shop get decision big -o yaml');
});

test('where there is no decision, why is said, and the condition speaks', () => {
  const why = whyPod(pending('big'), { ...nothing, decisions: new Map([['shop/big', 'no scheduler runs here']]) });
  expect(why.steps[0]?.text).toBe('there is no decision of the scheduler to look at: no scheduler runs here');
  expect(whyPod(pending('gated', { schedulingGates: [{ name: 'g' }] }), nothing)).toMatchObject({
    causes: [{ reason: 'SchedulingGated' }],
  });
  expect(whyPod(pending('other', { schedulerName: 'mine' }), nothing)).toMatchObject({ causes: [{ reason: 'OtherScheduler' }] });
});

test('behind a pod that waits is its claim, and behind that the class', () => {
  const volumes = [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }];
  const why = whyPod(pending('db', { volumes }), { ...nothing, claims: [claim('data', 'fast')] });
  expect(why.object).toBe('pod/db');
  expect(why.causes.map(({ object, reason }) => `${object} ${reason}`)).toEqual(['pvc/data ClassMissing', 'pod/db Pending']);
  const gone = whyPod(pending('db', { volumes }), nothing);
  expect(gone.causes[0]).toMatchObject({ object: 'pvc/data', reason: 'NotFound' });
});

test('containers: an image that cannot be had, a secret that is missing, memory, the last line', () => {
  const image = whyPod(pod('web-5d-x', waiting('ImagePullBackOff', 'not found'), { owner: 'web-5d' }), known({}));
  expect(image.steps[0]).toMatchObject({ command: 'kubectl -n shop set image deployment/web main=IMAGE' });
  const config = whyPod(pod('web', waiting('CreateContainerConfigError', 'secret "key" not found')), known({}));
  expect(config.steps[0]?.command).toBe('kubectl -n shop create secret generic key --from-literal=KEY=VALUE');
  const terminated = { exitCode: 137, reason: 'OOMKilled', finishedAt: ago(5) };
  const crash = pod('web', waiting('CrashLoopBackOff', 'back-off', { lastState: { terminated } }));
  const crashing = whyPod(crash, known({ lastLines: new Map([['shop/web/main', 'fatal: out of memory']]) }));
  expect(crashing.summary).toMatch(/OOMKilled.*its last line: fatal: out of memory/);
  expect(crashing.steps[0]).toMatchObject({
    text: expect.stringContaining('resources.limits.memory'),
    command: 'kubectl -n shop logs web -c main --previous',
  });
});

test('a pod that is not ready says what its probe said, and one on a lost node speaks of the node', () => {
  const unready: PodStatus = {
    phase: 'Running',
    conditions: [{ type: 'Ready', status: 'False', lastTransitionTime: ago(5) }],
    containerStatuses: [{ name: 'main', image: 'x', imageID: '', ready: false, restartCount: 0, state: { running: {} } }],
  };
  const events = [
    event('web', 'Unhealthy', 'old', 100),
    event('web', 'Unhealthy', 'Readiness probe failed: 503'),
    event('other', 'Unhealthy', 'x', 1),
  ];
  expect(whyPod(pod('web', unready), known({ events }))).toMatchObject({
    summary: 'Readiness probe failed: 503',
    causes: [{ reason: 'Unhealthy' }],
  });
  const lost = whyPod(pod('web', unready), { ...nothing, nodes: [node('n1', 'Unknown')] });
  expect(lost.causes.map(({ object }) => object)).toEqual(['node/n1', 'pod/web']);
  expect(lost.causes[0]?.says).toMatch('its agent has been silent for 5m');
  expect(whyPod(pod('web', ready), nothing)).toMatchObject({ causes: [{ reason: 'NodeGone' }] });
  expect(whyPod(pod('web', ready), known({}))).toMatchObject({ isWell: true, summary: 'it runs on n1 and is ready' });
});

function deployment(status: Deployment['status'], spec: Partial<Deployment['spec']> = {}): Deployment {
  const metadata = { namespace: 'shop', name: 'web', uid: 'web', generation: 1 };
  const template = { metadata: {}, spec: { containers: [] } };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata,
    spec: { replicas: 2, selector: {}, template, ...spec },
    status: { observedGeneration: 1, ...status },
  };
}
const set = (name: string, revision: string): ReplicaSet => ({
  apiVersion: 'apps/v1',
  kind: 'ReplicaSet',
  metadata: {
    ...{ namespace: 'shop', name, uid: name, annotations: { 'deployment.kubernetes.io/revision': revision } },
    ownerReferences: [{ apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', uid: 'web', controller: true }],
  },
  spec: { replicas: 2, selector: {} },
});

test('a Deployment: its newest ReplicaSet, whose pods a quota refuses', () => {
  const message = 'pods "web-new-x" is forbidden: exceeded quota: q, requested: pods=1, used: pods=2, limited: pods=2';
  const why = whyDeployment(deployment({}), {
    ...nothing,
    replicaSets: [set('web-old', '1'), set('web-new', '2')],
    events: [event('web-new', 'FailedCreate', message)],
  });
  expect(why.causes.map(({ object, reason }) => `${object} ${reason}`)).toEqual(['replicaset/web-new Quota', 'deployment/web Progressing']);
  expect(why.steps.map(({ command }) => command)).toEqual([
    'kubectl -n shop describe resourcequota',
    'kubectl -n shop rollout undo deployment/web',
  ]);
});

test('a Deployment: from its pods, the one that is furthest from running', () => {
  const pods = [pod('web-a', waiting('ErrImagePull', 'no'), { owner: 'web-new' }), pod('web-b', ready, { owner: 'web-new' })];
  const why = whyDeployment(deployment({ updatedReplicas: 2, availableReplicas: 1 }), known({ replicaSets: [set('web-new', '1')], pods }));
  expect(why.causes.map(({ object }) => object)).toEqual(['pod/web-a', 'replicaset/web-new', 'deployment/web']);
  expect(why.summary).toBe('1 of 2 pods are available, 2 are of its newest template');
  expect(whyDeployment(deployment({ updatedReplicas: 2, availableReplicas: 2 }), nothing)).toMatchObject({ isWell: true });
  expect(whyDeployment(deployment({}, { paused: true }), nothing)).toMatchObject({ causes: [{ reason: 'Paused' }] });
  expect(whyDeployment(deployment({ observedGeneration: 0 }), nothing)).toMatchObject({ causes: [{ reason: 'NotObserved' }] });
});

test('a Deployment whose old pods are there while the new ones do not start is not well', () => {
  const pods = [pod('web-a', waiting('ErrImagePull', 'no'), { owner: 'web-new' }), pod('web-b', ready, { owner: 'web-old' })];
  const sets = [set('web-old', '1'), set('web-new', '2')];
  const status = { replicas: 2, updatedReplicas: 1, availableReplicas: 1 };
  const why = whyDeployment(deployment(status, { replicas: 1 }), known({ replicaSets: sets, pods }));
  expect(why.causes.map(({ object }) => object)).toEqual(['pod/web-a', 'replicaset/web-new', 'deployment/web']);
  expect(why.summary).toBe('1 of 1 pods are available, 1 are of its newest template, 1 of an older one');
});

test.each([
  ['Webhook', 'admission webhook "w.example.com" denied the request: no'],
  ['PodSecurity', 'pods "x" is forbidden: violates PodSecurity "restricted:latest": privileged'],
  ['Policy', `pods "x" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: no`],
  ['ServiceAccount', 'pods "x" is forbidden: error looking up service account shop/a: serviceaccount "a" not found'],
])('refused by %s', (reason, message) => {
  const why = whyOwner('replicaset', set('web-new', '1'), 2, { ...nothing, events: [event('web-new', 'FailedCreate', message)] });
  expect(why.causes[0]?.reason).toBe(reason);
  expect(why.steps[0]?.command).toBeTruthy();
});
