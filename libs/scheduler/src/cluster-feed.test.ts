// What the scheduler makes of news, above all of news that come late.

import { Node, Pod } from '@berth/api';
import type { ChangeHandler, InformerSet } from '@berth/client';
import { Snapshot } from '@berth/scheduling';
import { systemClock } from '@berth/telemetry';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { feedCluster } from './cluster-feed.ts';
import { SchedulingQueue } from './scheduling-queue.ts';

let snapshot: Snapshot;
let queue: SchedulingQueue;
let pods: ChangeHandler<Pod>;

beforeEach(() => {
  snapshot = new Snapshot();
  queue = new SchedulingQueue(systemClock, () => {});
  const handlers = new Map<unknown, ChangeHandler<never>>();
  const of = (kind: unknown) => ({ onChange: (handler: ChangeHandler<never>) => handlers.set(kind, handler) });
  feedCluster({ informers: { of } as unknown as InformerSet, snapshot, queue, onSettled: () => {}, onGone: () => {} });
  const nodes = handlers.get(Node) as ChangeHandler<Node>;
  nodes('ADDED', { apiVersion: 'v1', kind: 'Node', metadata: { name: 'a' }, spec: {} }, undefined);
  pods = handlers.get(Pod) as ChangeHandler<Pod>;
});

afterEach(() => queue.stop());

function pod(nominatedNodeName?: string, metadata: Partial<Pod['metadata']> = {}): Pod {
  const status = nominatedNodeName ? { status: { nominatedNodeName } } : {};
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p', namespace: 'default', uid: 'p', ...metadata },
    spec: { containers: [], priority: 5 },
    ...status,
  };
}

test('what was bound is not decided on again because of how it was before', () => {
  pods('ADDED', pod(), undefined);
  const entry = queue.pop();
  if (!entry) throw new Error('the pod is not queued');
  // Assumed: what is new of it is taken in, and a failed binding has it tried again.
  snapshot.addPod(entry.facts, 'a');
  pods('MODIFIED', pod('a'), pod());
  expect(queue.get('p')?.pod.status?.nominatedNodeName).toBe('a');
  expect(snapshot.nominations.size).toBe(0);
  // Bound, which the informer does not show yet.
  queue.remove('p');
  pods('MODIFIED', pod('a'), pod('a'));
  expect([queue.get('p'), queue.pop()]).toEqual([undefined, undefined]);
  expect(snapshot.nodeOfPod('p')).toBe('a');
  // It went away before it was bound.
  pods('DELETED', pod('a'), pod('a'));
  expect(snapshot.nodeOfPod('p')).toBeUndefined();
});

test('a nomination that others write counts; one that is decided and not written yet is kept; one that is taken back is gone', () => {
  pods('ADDED', pod('a'), undefined);
  expect(snapshot.nominations.nodeOf('p')).toBe('a');
  pods('MODIFIED', pod(), pod('a'));
  expect(snapshot.nominations.nodeOf('p')).toBeUndefined();
  const facts = queue.get('p')?.facts;
  if (facts) snapshot.nominations.set(facts, 'a');
  pods('MODIFIED', pod(undefined, { labels: { app: 'web' } }), pod());
  expect(snapshot.nominations.nodeOf('p')).toBe('a');
  expect(snapshot.nominations.on('a')).toMatchObject([{ labels: { app: 'web' } }]);
  pods('MODIFIED', pod(undefined, { uid: 'another' }), pod());
  expect(snapshot.nominations.size).toBe(0);
});

test('a nominated pod is tried as soon as the last of its own victims is gone, whoever else is still going from the node', () => {
  const placed = (name: string, more: Partial<Pod> = {}): Pod => ({
    ...pod(undefined, { name, uid: name }),
    spec: { containers: [], nodeName: 'a', priority: 1 },
    ...more,
  });
  const going = (name: string): Pod => ({
    ...placed(name),
    metadata: { name, namespace: 'default', uid: name, deletionTimestamp: '2026-01-01T00:00:00Z' },
    status: { conditions: [{ type: 'DisruptionTarget', status: 'True', reason: 'PreemptionByScheduler' }] },
  });
  for (const name of ['first', 'second', 'other']) pods('ADDED', placed(name), undefined);
  pods('ADDED', pod(), undefined);
  const entry = queue.pop();
  if (!entry) throw new Error('the pod is not queued');
  snapshot.nominations.set(entry.facts, 'a');
  snapshot.nominations.await('p', ['first', 'second']);
  queue.unschedulable(entry, ['NodeResourcesFit']);
  for (const name of ['first', 'second', 'other']) pods('MODIFIED', going(name), placed(name));
  // News of itself change nothing of that.
  pods('MODIFIED', pod('a'), pod());
  pods('DELETED', going('first'), going('first'));
  expect(queue.counts()).toMatchObject({ active: 0, backoff: 1 });
  pods('DELETED', going('second'), going('second'));
  expect(queue.pop()?.facts.uid).toBe('p');
});
