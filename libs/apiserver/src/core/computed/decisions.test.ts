// Decisions of the scheduler as they are served: read, selected, watched, and what is answered where there is none.
import { Decision, Pod } from '@berth/api';
import { expect, test } from 'vitest';
import type { DecisionChanged, DecisionSource } from '../decision-source.ts';
import { callFor, pod, startTestServer, take } from '../test-server.ts';

const decision = (name: string, namespace = 'default', version = '5'): Decision => ({
  apiVersion: 'decisions.scheduling.berth.io/v1alpha1',
  kind: 'Decision',
  metadata: { name, namespace, labels: { app: name }, resourceVersion: version },
  podUID: name,
  reason: 'Scheduled',
  attempts: 1,
  nodes: { total: 1, feasible: 1 },
});

function sourceOf(...kept: Decision[]) {
  const listeners = new Set<(change: DecisionChanged) => void>();
  const current = (namespace: string | undefined) => kept.filter(({ metadata }) => !namespace || metadata.namespace === namespace);
  const source: DecisionSource = {
    version: 7,
    since: '2026-01-01T00:00:00Z',
    current,
    get: (namespace, name) => current(namespace).find(({ metadata }) => metadata.name === name),
    after: (version, namespace) =>
      version < 3 ? undefined : current(namespace).filter(({ metadata }) => Number(metadata.resourceVersion) > version),
    onChange: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  return { source, listeners };
}

test('decisions are read and selected as other objects are, and nobody writes them', async () => {
  const { client, server } = await startTestServer();
  server.useDecisions(sourceOf(decision('a'), decision('b'), decision('c', 'other')).source);
  expect((await client.get(Decision, { namespace: 'default', name: 'a' })).podUID).toBe('a');
  const names = async (options: object) => (await client.list(Decision, options)).items.map(({ metadata }) => metadata.name);
  expect(await names({})).toEqual(['a', 'b', 'c']);
  expect(await names({ namespace: 'default', labelSelector: 'app=b' })).toEqual(['b']);
  expect(await names({ fieldSelector: 'metadata.name=c' })).toEqual(['c']);
  await expect(client.create(Decision, decision('d'))).rejects.toMatchObject({ code: 405 });
});

test('where no scheduler runs the answer says so, and of a pod without a decision it says why there is none', async () => {
  const { client, server } = await startTestServer();
  const read = (name: string) => client.get(Decision, { namespace: 'default', name });
  await expect(client.list(Decision)).rejects.toMatchObject({ code: 503, message: expect.stringContaining('scheduler role') });
  const end = server.useDecisions(sourceOf().source);
  const { spec } = pod('new');
  await client.create(Pod, pod('new'));
  await client.create(Pod, { ...pod('gated'), spec: { ...spec, schedulingGates: [{ name: 'example.com/wait' }] } });
  await client.create(Pod, { ...pod('other'), spec: { ...spec, schedulerName: 'mine' } });
  await client.create(Pod, { ...pod('placed'), spec: { ...spec, nodeName: 'n1' } });
  const found = { code: 404, reason: 'NotFound' };
  await expect(read('nobody')).rejects.toMatchObject({ ...found, message: expect.stringContaining('there is no such pod') });
  await expect(read('new')).rejects.toMatchObject({ ...found, message: expect.stringContaining('has not looked at the pod yet') });
  await expect(read('gated')).rejects.toMatchObject({ ...found, message: expect.stringContaining('spec.schedulingGates') });
  await expect(read('other')).rejects.toMatchObject({ ...found, message: expect.stringContaining('scheduled by "mine"') });
  await expect(read('placed')).rejects.toMatchObject({ ...found, message: expect.stringContaining('before this scheduler began') });
  end();
  await expect(read('new')).rejects.toMatchObject({ code: 503 });
});

test('a watch begins with what there is, goes on with what changes in its namespace, and resumes', async () => {
  const { server } = await startTestServer();
  const { source, listeners } = sourceOf(decision('a'), decision('old', 'default', '4'));
  server.useDecisions(source);
  const call = callFor(Decision, 'default');
  const all = await server.watch(call, {});
  for (const notify of listeners) {
    notify({ type: 'ADDED', decision: decision('elsewhere', 'other') });
    notify({ type: 'DELETED', decision: decision('a') });
  }
  const said = (items: { type: string; object: { metadata: { name: string } } }[]) =>
    items.map(({ type, object }) => `${type} ${object.metadata.name}`);
  expect(said(await take(all, 3))).toEqual(['ADDED a', 'ADDED old', 'DELETED a']);
  all.close();
  expect(listeners.size).toBe(0);
  const resumed = await server.watch(call, { resourceVersion: '4' });
  expect(said(await take(resumed, 1))).toEqual(['MODIFIED a']);
  resumed.close();
  const listed = await server.watch(call, { sendInitialEvents: true, resourceVersionMatch: 'NotOlderThan', allowWatchBookmarks: true });
  const [, , end] = await take(listed, 3);
  expect(end).toMatchObject({
    type: 'BOOKMARK',
    object: { metadata: { resourceVersion: '7', annotations: { 'k8s.io/initial-events-end': 'true' } } },
  });
  listed.close();
  await expect(server.watch(call, { resourceVersion: '2' })).rejects.toMatchObject({ code: 410 });
});
