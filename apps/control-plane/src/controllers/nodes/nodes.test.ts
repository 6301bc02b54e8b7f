import type { Lease, Node, Pod } from '@berth/api';
import type { Action } from '@berth/controller';
import { expect, test } from 'vitest';
import { planNode } from './node-lifecycle.ts';
import { planPod } from './pod-gc.ts';
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

function lease(renewedSecondsAgo: number): Lease {
  const spec = { holderIdentity: 'n1', renewTime: at(renewedSecondsAgo) };
  return { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name: 'n1', namespace: 'kube-node-lease' }, spec };
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

const patches = (actions: Action[]) =>
  actions.flatMap((action) => (action.type === 'patch' ? [[action.kind.kind, action.subresource, action.patch]] : []));

test('a node that is alive is left alone and looked at when its lease runs out', () => {
  const actions = planNode({ node: node(), lease: lease(10), pods: () => [pod()] }, 0, now);
  expect(actions).toEqual([{ type: 'requeue', afterMs: 30_000 }]);
});

test('a node without a sign of life is lost: unknown, tainted, its pods unready', () => {
  const actions = planNode({ node: node(), lease: lease(41), pods: () => [pod()] }, 0, now);
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

test('nothing is lost because the control plane itself was away', () => {
  expect(planNode({ node: node(), lease: lease(600), pods: () => [] }, now - 5000, now)).toEqual([{ type: 'requeue', afterMs: 35_000 }]);
});

test('a node that is back loses its taint and keeps those of others', () => {
  const own = { key: 'dedicated', effect: 'NoSchedule', value: 'db' };
  const lost = { key: 'node.kubernetes.io/unreachable', effect: 'NoExecute', timeAdded: at(100) };
  const actions = planNode({ node: node({ taints: [own, lost] }), lease: lease(1), pods: () => [] }, 0, now);
  expect(patches(actions)[0]?.[2]).toMatchObject({ spec: { taints: [own] } });
});

test('pods leave a tainted node when they do not tolerate it any longer', () => {
  const taint = { key: 'node.kubernetes.io/unreachable', effect: 'NoExecute', timeAdded: at(100) };
  const toleration = { key: taint.key, operator: 'Exists', effect: 'NoExecute' };
  const patient = pod({ tolerations: [{ ...toleration, tolerationSeconds: 300 }] });
  expect(planEviction({ pod: patient, taints: [taint] }, now)).toEqual([{ type: 'requeue', afterMs: 200_000 }]);
  expect(planEviction({ pod: pod({ tolerations: [toleration] }), taints: [taint] }, now)).toEqual([]);
  const short = pod({ tolerations: [{ ...toleration, tolerationSeconds: 30 }] });
  expect(planEviction({ pod: short, taints: [taint] }, now).at(-1)).toMatchObject({ type: 'delete', uid: 'web' });
  expect(planEviction({ pod: pod(), taints: [taint] }, now).at(-1)).toMatchObject({ type: 'delete' });
});

test('pods of nodes that are gone fail and go at once; those of known nodes stay', () => {
  expect(planPod(pod(), node(), now)).toEqual([]);
  const actions = planPod(pod(), undefined, now);
  expect(patches(actions)[0]?.[2]).toMatchObject({ status: { phase: 'Failed', conditions: [{ reason: 'DeletionByPodGC' }] } });
  expect(actions.at(-1)).toMatchObject({ type: 'delete', gracePeriodSeconds: 0 });
});
