// What becomes of daemons that ended.
import type { DaemonSet, Node, Pod } from '@berth/api';
import type { Action } from '@berth/controller';
import { expect, test } from 'vitest';
import { controllerReference } from '../ownership.ts';
import { revisionsOf } from '../revisions.ts';
import { FailedPods } from './failed-pods.ts';
import { planDaemonSet } from './plan.ts';

const start = Date.parse('2026-01-01T00:00:00Z');
const labels = { app: 'agent' };
const set: DaemonSet = {
  apiVersion: 'apps/v1',
  kind: 'DaemonSet',
  metadata: { name: 'agent', namespace: 'default', uid: 'ds' },
  spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers: [{ name: 'main', image: 'a' }] } } },
};
const [made] = revisionsOf(set, [], undefined).actions;
const revisions = made?.type === 'create' ? [made.object] : [];
const hash = revisions[0]?.metadata.labels?.['controller-revision-hash'] ?? '';
const nodes: Node[] = [{ apiVersion: 'v1', kind: 'Node', metadata: { name: 'n1' }, spec: {} }];

function ended(name: string, phase: string): Pod {
  const metadata = { name, namespace: 'default', uid: name, ownerReferences: [controllerReference(set)] };
  const spec = { nodeName: 'n1', containers: [] };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { ...metadata, labels: { ...labels, 'controller-revision-hash': hash } },
    spec,
    status: { phase },
  };
}

function plan(pod: Pod, failed: FailedPods, now: number): Action[] {
  const failedWaitMs = (node: string, of: Pod, at: number) => failed.waitMs('ds', node, of, at);
  return planDaemonSet({ set, pods: [pod], nodes, revisions: revisions as never, failedWaitMs }, now);
}

const deletes = (actions: Action[]) =>
  actions.flatMap((action) => (action.type === 'slowStart' ? action.actions.map(({ type }) => type) : []));
const events = (actions: Action[]) => actions.flatMap((action) => (action.type === 'event' ? [action.event.message] : []));

test('a pod that fails on a node again and again is replaced ever later, up to a quarter of an hour', () => {
  const failed = new FailedPods();
  let now = start;
  const waits = Array.from({ length: 14 }, (_, index) => {
    const pod = ended(`p${index}`, 'Failed');
    const first = plan(pod, failed, now);
    const wait = first.flatMap((action) => (action.type === 'requeue' ? [action.afterMs] : []))[0] ?? 0;
    now += wait;
    const then = plan(pod, failed, now);
    expect(deletes(then)).toEqual(['delete']);
    expect(events(then)).toEqual([`Found failed daemon pod default/p${index} on node n1, will try to kill it`]);
    return wait / 1_000;
  });
  expect(waits).toEqual([0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900]);
  // After a long time without a failure it begins anew; so does another node, or the set made anew.
  expect(failed.waitMs('ds', 'n1', ended('late', 'Failed'), now + 1_800_000)).toBe(0);
  expect(failed.waitMs('ds', 'n2', ended('other', 'Failed'), now)).toBe(0);
  failed.waitMs('ds', 'n1', ended('again', 'Failed'), now + 1_800_000);
  failed.forget('ds');
  expect(failed.waitMs('ds', 'n1', ended('anew', 'Failed'), now + 1_800_000)).toBe(0);
});

test('a pod that ended well is replaced at once', () => {
  const actions = plan(ended('done', 'Succeeded'), new FailedPods(), start);
  expect(deletes(actions)).toEqual(['delete']);
  expect(events(actions)).toEqual(['Found succeeded daemon pod default/done on node n1, will try to delete it']);
});
