import type { Node, Pod } from '@berth/api';
import { expect, test } from 'vitest';
import { podOf, TestNode } from './testing.ts';

const onPort = (name: string, created = '2026-01-01T00:00:00Z'): Pod => {
  const containers = [{ name: 'main', image: 'app', ports: [{ containerPort: 80, hostPort: 8080 }] }];
  const pod = podOf('app', { containers }, name);
  return { ...pod, metadata: { ...pod.metadata, creationTimestamp: created }, status: { qosClass: 'BestEffort' } };
};
const asking = (name: string, cpu: string, more: Partial<Pod['spec']> = {}) =>
  podOf('app', { containers: [{ name: 'main', image: 'app', resources: { requests: { cpu } } }], ...more }, name);
const reported = (node: TestNode, pod: Pod): Pod => ({ ...pod, status: node.status(pod.metadata.name) });
const deleted = (pod: Pod): Pod => ({
  ...pod,
  metadata: { ...pod.metadata, deletionTimestamp: '2026-01-01T00:01:00Z', deletionGracePeriodSeconds: 1 },
});

function nodeObject(labels: Record<string, string>): Node {
  return { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n1', uid: 'n', labels }, spec: {}, status: {} };
}

async function started(): Promise<TestNode> {
  const node = new TestNode();
  await node.manager.start();
  return node;
}

test('a pod that the node refuses fails with the reason, and nothing of it runs; the older one has the port', async () => {
  const node = await started();
  node.want([onPort('late', '2026-01-02T00:00:00Z'), onPort('early')]);
  await node.clock.advance(1_000);
  const why = "Predicate NodePorts failed: node(s) didn't have free ports for the requested pod ports";
  expect(node.status('early')).toMatchObject({ phase: 'Running' });
  expect(node.status('late')).toEqual({
    ...{ phase: 'Failed', reason: 'NodePorts', message: `Pod was rejected: ${why}`, qosClass: 'BestEffort' },
    ...{ observedGeneration: 1, conditions: [], startTime: expect.any(String) },
  });
  expect(node.told('NodePorts')).toEqual([`NodePorts: ${why}`]);
  expect(await node.running()).toEqual(['main#0']);
});

test('a refused pod goes when it is deleted, and the port is free once its holder has ended', async () => {
  const node = await started();
  node.want([onPort('first'), onPort('second', '2026-01-02T00:00:00Z')]);
  await node.clock.advance(1_000);
  node.want([onPort('first'), deleted(reported(node, onPort('second')))]);
  await node.clock.advance(1_000);
  expect(node.isTerminated('second')).toBe(true);
  node.want([deleted(onPort('first'))]);
  await node.clock.advance(2_000);
  node.want([onPort('third')]);
  await node.clock.advance(1_000);
  expect(node.status('third').phase).toBe('Running');
});

test('what was taken is not refused by another agent, whatever has changed meanwhile, and counts before what is new', async () => {
  const node = await started();
  const [zoned, holder] = [podOf('app', { nodeSelector: { zone: 'a' } }, 'zoned'), onPort('holder', '2026-01-03T00:00:00Z')];
  node.want([zoned, holder], nodeObject({ zone: 'a' }));
  await node.clock.advance(1_000);
  await node.restartAgent([reported(node, zoned), reported(node, holder), onPort('new')]);
  await node.clock.advance(5_000);
  expect([node.status('zoned').phase, node.status('holder').phase]).toEqual(['Running', 'Running']);
  expect(node.status('new')).toMatchObject({ phase: 'Failed', reason: 'NodePorts' });
  // One that was refused stays so, in the same words.
  const before = node.status('new');
  await node.restartAgent([reported(node, zoned), reported(node, holder), reported(node, onPort('new'))]);
  await node.clock.advance(5_000);
  expect(node.status('new')).toEqual(before);
});

test('pods that have ended take nothing from those that come', async () => {
  const node = await started();
  await node.restartAgent([
    { ...asking('done', '2'), status: { phase: 'Succeeded', startTime: '2026-01-01T00:00:00Z' } },
    asking('new', '2'),
  ]);
  await node.clock.advance(1_000);
  expect(node.status('new').phase).toBe('Running');
});

test('labels that are on their way are waited for, not for ever', async () => {
  const node = await started();
  const pods = [podOf('app', { nodeSelector: { zone: 'a' } }, 'zoned'), podOf('app', { nodeSelector: { zone: 'b' } }, 'lost')];
  node.want(pods, nodeObject({}));
  await node.clock.advance(500);
  expect(node.reports).toEqual([]);
  node.want(pods, nodeObject({ zone: 'a' }));
  await node.clock.advance(100);
  expect(node.status('zoned').phase).toBe('Running');
  await node.clock.advance(2_000);
  expect(node.status('lost')).toMatchObject({ phase: 'Failed', reason: 'NodeAffinity' });
});

test('for a critical pod another ends, and the critical one starts once it has', async () => {
  const node = await started();
  const small = asking('small', '1500m', { terminationGracePeriodSeconds: 5 });
  node.want([small]);
  await node.clock.advance(1_000);
  node.want([small, asking('critical', '1', { priority: 2_000_000_000 })]);
  await node.clock.advance(20_000);
  expect(node.status('small')).toMatchObject({
    ...{ phase: 'Failed', reason: 'Preempting', message: 'Preempted in order to admit critical pod' },
    conditions: expect.arrayContaining([expect.objectContaining({ type: 'DisruptionTarget', reason: 'TerminationByKubelet' })]),
  });
  expect(node.status('critical').phase).toBe('Running');
  node.want([asking('huge', '64', { priority: 2_000_000_000 })]);
  await node.clock.advance(5_000);
  expect(node.status('huge')).toMatchObject({
    reason: 'UnexpectedAdmissionError',
    message: expect.stringContaining('preemption: error finding a set of pods to preempt: no set of running pods found'),
  });
});

test('a pod is failed only once nothing of it runs', async () => {
  const node = await started();
  const slow = podOf('hollow/stubborn', { activeDeadlineSeconds: 10, terminationGracePeriodSeconds: 30 });
  node.want([slow]);
  await node.clock.advance(11_000);
  expect(node.told('DeadlineExceeded')).toHaveLength(1);
  expect([await node.running(), node.status().phase, node.status().reason]).toEqual([['main#0'], 'Running', undefined]);
  await node.clock.advance(30_000);
  expect(await node.running()).toEqual([]);
  expect(node.status()).toMatchObject({ phase: 'Failed', reason: 'DeadlineExceeded' });
});

test('a start time that cannot be read ends no pod', async () => {
  const node = await started();
  node.want([{ ...podOf('app', { activeDeadlineSeconds: 10 }), status: { phase: 'Running', startTime: 'once' } }]);
  await node.clock.advance(60_000);
  expect([node.told('DeadlineExceeded'), node.status().phase]).toEqual([[], 'Running']);
});
