import type { Node, Pod } from '@berth/api';
import type { Action } from '@berth/controller';
import { expect, test } from 'vitest';
import { planNode } from './node-lifecycle.ts';
import { planPod, removalReason } from './pod-gc.ts';
import { planEviction } from './taint-eviction.ts';

const now = Date.parse('2026-01-01T01:00:00Z');
const at = (secondsAgo: number) => new Date(now - secondsAgo * 1000).toISOString();

function node(parts: { ready?: string; taints?: Node['spec']['taints']; unschedulable?: boolean } = {}): Node {
  const { ready = 'True', ...spec } = parts;
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: 'n1', uid: 'n1', creationTimestamp: at(3600) },
    spec,
    status: { conditions: [{ type: 'Ready', status: ready, reason: 'KubeletReady', lastHeartbeatTime: at(60) }] },
  };
}

function pod(parts: Partial<Pod['spec']> = {}): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web', namespace: 'default', uid: 'web' },
    spec: { nodeName: 'n1', containers: [], ...parts },
    status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] },
  };
}

const seen = { isNew: false, pods: () => [pod()] };

const patches = (actions: Action[]) =>
  actions.flatMap((action) => (action.type === 'patch' ? [[action.kind.kind, action.subresource, action.patch]] : []));

test('a node that is alive is left alone and looked at when its lease runs out', () => {
  const actions = planNode({ ...seen, node: node(), silentMs: 10_000, mayEvict: false }, now);
  expect(actions).toEqual([{ type: 'requeue', afterMs: 30_000 }]);
});

test('a node without a sign of life is lost: unknown, tainted, its pods unready', () => {
  const actions = planNode({ ...seen, node: node(), silentMs: 41_000, mayEvict: true }, now);
  const unknown = { type: 'Ready', status: 'Unknown', reason: 'NodeStatusUnknown', message: 'Kubelet stopped posting node status.' };
  const found = patches(actions);
  expect(found[0]?.[2]).toMatchObject({ status: { conditions: expect.arrayContaining([expect.objectContaining(unknown)]) } });
  expect(found[1]?.[2]).toMatchObject({
    spec: {
      taints: [
        { key: 'node.kubernetes.io/unreachable', effect: 'NoSchedule' },
        { key: 'node.kubernetes.io/unreachable', effect: 'NoExecute', timeAdded: '2026-01-01T01:00:00Z' },
      ],
    },
  });
  expect(found[2]).toMatchObject(['Pod', 'status', { status: { conditions: [{ type: 'Ready', status: 'False' }] } }]);
});

test('a node that is back loses its taint and keeps those of others', () => {
  const own = { key: 'dedicated', effect: 'NoSchedule', value: 'db' };
  const lost = { key: 'node.kubernetes.io/unreachable', effect: 'NoExecute', timeAdded: at(100) };
  const actions = planNode({ ...seen, node: node({ taints: [own, lost] }), silentMs: 1_000, mayEvict: false }, now);
  expect(patches(actions)[0]?.[2]).toMatchObject({ spec: { taints: [own] } });
});

test('pods leave a tainted node when they do not tolerate it any longer, whenever the taint was put on', () => {
  const taint = { key: 'dedicated', effect: 'NoExecute', timeAdded: at(1_000) };
  const toleration = { key: taint.key, operator: 'Exists', effect: 'NoExecute' };
  const seen = { taints: [taint], taintedMs: 100_000, attendedMs: 100_000, wasDue: true };
  const patient = pod({ tolerations: [{ ...toleration, tolerationSeconds: 300 }] });
  expect(planEviction({ ...seen, pod: patient }, now)).toEqual([{ type: 'requeue', afterMs: 200_000 }]);
  expect(planEviction({ ...seen, pod: patient, taintedMs: 300_000 }, now).at(-1)).toMatchObject({ type: 'delete', uid: 'web' });
  const forever = pod({ tolerations: [toleration] });
  expect(planEviction({ ...seen, pod: forever, wasDue: false }, now)).toEqual([]);
  expect(planEviction({ ...seen, pod: forever }, now)).toMatchObject([
    { event: { reason: 'TaintManagerEviction', message: 'Cancelling deletion of Pod default/web' } },
  ]);
  for (const tolerationSeconds of [30, 0, -1]) {
    const short = pod({ tolerations: [{ ...toleration, tolerationSeconds }] });
    expect(planEviction({ ...seen, pod: short }, now).at(-1)).toMatchObject({ type: 'delete', uid: 'web' });
  }
  expect(planEviction({ ...seen, pod: pod(), attendedMs: 0, taintedMs: 0 }, now).at(-1)).toMatchObject({ type: 'delete' });
});

test('an agent that may not have had the time to connect costs no pod; a taint of somebody else does', () => {
  const silent = { key: 'node.kubernetes.io/unreachable', effect: 'NoExecute', timeAdded: at(600) };
  const seen = { pod: pod(), taintedMs: 60_000, attendedMs: 60_000, wasDue: true };
  expect(planEviction({ ...seen, taints: [silent] }, now)).toEqual([{ type: 'requeue', afterMs: 30_000 }]);
  expect(planEviction({ ...seen, taints: [silent], attendedMs: 90_000 }, now).at(-1)).toMatchObject({ type: 'delete' });
  const own = { key: 'dedicated', effect: 'NoExecute' };
  expect(planEviction({ ...seen, taints: [silent, own] }, now).at(-1)).toMatchObject({ type: 'delete' });
});

test('a lost node whose zone allows no eviction is tainted against new pods only, and loses the taint that moves pods', () => {
  const effects = ['NoSchedule', 'NoExecute'].map((effect) => ({ key: 'node.kubernetes.io/unreachable', effect }));
  const held = { ...seen, silentMs: 41_000, mayEvict: false };
  const fresh = patches(planNode({ ...held, node: node() }, now))[1]?.[2] as Node;
  expect(fresh.spec.taints?.map(({ effect }) => effect)).toEqual(['NoSchedule']);
  const stopped = patches(planNode({ ...held, node: node({ ready: 'Unknown', taints: effects }) }, now));
  const taints = stopped.flatMap(([kind, , patch]) => (kind === 'Node' ? ((patch as Node).spec?.taints ?? []) : []));
  expect(taints.map(({ effect }) => effect)).toEqual(['NoSchedule']);
});

test('a node that is seen for the first time is registered in an event', () => {
  const [first] = planNode({ ...seen, isNew: true, node: node(), silentMs: 0, mayEvict: false }, now);
  expect(first).toMatchObject({ event: { reason: 'RegisteredNode', message: 'Node n1 event: Registered Node n1 in Controller' } });
});

test('pods that nobody else will end fail and go at once; those of known nodes stay', () => {
  expect(removalReason(pod(), node())).toBeUndefined();
  expect(removalReason(pod(), undefined)).toBe('orphaned');
  const orphaned = planPod(pod(), 'orphaned', now);
  expect(patches(orphaned)[0]?.[2]).toMatchObject({ status: { phase: 'Failed', conditions: [{ reason: 'DeletionByPodGC' }] } });
  expect(orphaned.at(-1)).toMatchObject({ type: 'delete', gracePeriodSeconds: 0 });
  const deleted = { ...pod(), metadata: { ...pod().metadata, deletionTimestamp: at(1) } };
  const outOfService = [{ key: 'node.kubernetes.io/out-of-service', effect: 'NoExecute' }];
  expect(removalReason(deleted, node({ taints: outOfService }))).toBeUndefined();
  expect(removalReason(pod(), node({ ready: 'Unknown', taints: outOfService }))).toBeUndefined();
  expect(removalReason(deleted, node({ ready: 'Unknown', taints: outOfService }))).toBe('out-of-service');
  expect(patches(planPod(deleted, 'out-of-service', now))[0]?.[2]).toEqual({ metadata: { uid: 'web' }, status: { phase: 'Failed' } });
  expect(removalReason({ ...deleted, spec: { containers: [] } }, undefined)).toBe('unscheduled');
  const ended = { ...pod(), status: { phase: 'Succeeded' } };
  expect(planPod(ended, 'orphaned', now)).toMatchObject([{ type: 'delete' }]);
});
