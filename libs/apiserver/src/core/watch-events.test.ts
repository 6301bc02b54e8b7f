import { AutoscalingV1HorizontalPodAutoscaler, DaemonSet, Deployment, EventsV1Event, ReplicaSet, StatefulSet } from '@berth/api';
import { expect, test } from 'vitest';
import { erased } from './kinds-by-name.ts';
import { callFor, startTestServer } from './test-server.ts';
import { bookmarkIn, bookmarkItem } from './watch-events.ts';

test.each([erased(Deployment), erased(ReplicaSet), erased(StatefulSet)])('a bookmark says that $kind wants none', (kind) => {
  expect(bookmarkItem(kind, 7).object).toMatchObject({ metadata: { resourceVersion: '7' }, spec: { replicas: 0 } });
});

test('a bookmark of DaemonSets has the annotation that is a field elsewhere', () => {
  expect(bookmarkItem(erased(DaemonSet), 7).object.metadata.annotations).toEqual({ 'deprecated.daemonset.template.generation': '0' });
});

test('in another version a bookmark holds nothing as well, and says still that the initial events are over', () => {
  const other = bookmarkIn(erased(EventsV1Event), bookmarkItem(erased(Deployment), 7, true)).object;
  expect(other).toMatchObject({
    kind: 'Event',
    apiVersion: 'events.k8s.io/v1',
    metadata: { annotations: { 'k8s.io/initial-events-end': 'true' } },
  });
  expect(bookmarkIn(erased(EventsV1Event), bookmarkItem(erased(DaemonSet), 7)).object.metadata.annotations).toBeUndefined();
});

test('no default is shown in a bookmark', async () => {
  const { server } = await startTestServer();
  const call = callFor(AutoscalingV1HorizontalPodAutoscaler, 'default');
  const handle = await server.watch(call, { sendInitialEvents: true, resourceVersionMatch: 'NotOlderThan', allowWatchBookmarks: true });
  await handle.ready();
  const { type, object } = handle.take() ?? {};
  expect(type).toBe('BOOKMARK');
  expect(object).toHaveProperty('spec', { scaleTargetRef: { kind: '', name: '' }, maxReplicas: 0 });
  handle.close();
  await server.stop();
});
