// Events, which are left in the store: they are read, watched and changed as objects that the cache keeps are.
import { Event, EventsV1Event } from '@berth/api';
import { expect, test } from 'vitest';
import { callFor, startTestServer, summary, take } from './test-server.ts';

type Started = Awaited<ReturnType<typeof startTestServer>>;

function event(name: string, about: string, namespace = 'default'): Event {
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name, namespace },
    involvedObject: { kind: 'Pod', namespace, name: about },
    reason: 'Started',
    message: 'started',
    type: 'Normal',
  };
}

async function withEvents(...names: string[]): Promise<Started> {
  const started = await startTestServer();
  for (const [index, name] of names.entries()) await started.client.create<Event>(Event, event(name, `pod-${index % 2}`));
  return started;
}

const names = (list: { items: { metadata: { name: string } }[] }) => list.items.map(({ metadata }) => metadata.name);

test('they are read one by one, in pages, by selectors and in either version', async () => {
  const { server, client } = await withEvents('a', 'b', 'c', 'd', 'e');
  await client.create<Event>(Event, event('z', 'pod-0', 'kube-system'));
  expect((await client.get(Event, { namespace: 'default', name: 'b' })).involvedObject.name).toBe('pod-1');
  await expect(client.get(Event, { namespace: 'default', name: 'x' })).rejects.toMatchObject({ code: 404 });
  expect(names(await client.list(Event))).toEqual(['a', 'b', 'c', 'd', 'e', 'z']);
  expect(names(await client.list(Event, { namespace: 'default', fieldSelector: 'involvedObject.name=pod-1' }))).toEqual(['b', 'd']);
  expect(names(await client.list(Event, { namespace: 'default', fieldSelector: 'metadata.name=c' }))).toEqual(['c']);
  expect(names(await client.list(Event, { namespace: 'default', resourceVersion: '0' }))).toEqual(['a', 'b', 'c', 'd', 'e']);
  const first = await client.list(Event, { namespace: 'default', limit: 2 });
  expect([names(first), first.remainingItemCount]).toEqual([['a', 'b'], 3]);
  await client.delete(Event, { namespace: 'default', name: 'd' });
  const rest = await client.list(Event, { namespace: 'default', limit: 10, continue: first.continue });
  expect([names(rest), rest.resourceVersion]).toEqual([['c', 'd', 'e'], first.resourceVersion]);
  expect(await client.list(EventsV1Event, { limit: 1 })).toMatchObject({
    items: [{ apiVersion: 'events.k8s.io/v1', regarding: { name: 'pod-0' } }],
  });
  await server.stop();
});

test('a watch begins with what there is, and misses nothing after it', async () => {
  const { server, client } = await withEvents('a', 'b');
  const settings = { sendInitialEvents: true, allowWatchBookmarks: true, resourceVersionMatch: 'NotOlderThan' } as const;
  const watches = [
    await server.watch(callFor(Event, 'default'), settings),
    await server.watch(callFor(Event), {}),
    await server.watch(callFor(Event), { fieldSelector: 'involvedObject.name=pod-1' }),
    await server.watch(callFor(Event), { resourceVersion: (await client.list(Event)).resourceVersion }),
  ];
  const key = { namespace: 'default', name: 'b' };
  await client.create<Event>(Event, event('c', 'pod-1'));
  await client.patch(Event, key, 'merge', { count: 2 });
  await client.delete(Event, key);
  const [whole, plain, selected, later] = watches;
  if (!whole || !plain || !selected || !later) throw new Error('a watch is missing');
  expect(summary(await take(whole, 6))).toEqual(['ADDED a', 'ADDED b', 'BOOKMARK', 'ADDED c', 'MODIFIED b', 'DELETED b']);
  expect(summary(await take(plain, 5))).toEqual(['ADDED a', 'ADDED b', 'ADDED c', 'MODIFIED b', 'DELETED b']);
  expect(summary(await take(selected, 4))).toEqual(['ADDED b', 'ADDED c', 'MODIFIED b', 'DELETED b']);
  const changes = await take(later, 3);
  expect(summary(changes)).toEqual(['ADDED c', 'MODIFIED b', 'DELETED b']);
  expect(changes[2]?.object).toMatchObject({ count: 2, involvedObject: { name: 'pod-1' } });
  await server.stop();
});

test('writes find what the store has: a second of a name, a change, a stale one, many at once', async () => {
  const { server, client } = await withEvents('a', 'b', 'c');
  await expect(client.create<Event>(Event, event('a', 'pod-0'))).rejects.toMatchObject({ code: 409, reason: 'AlreadyExists' });
  const found = await client.get(Event, { namespace: 'default', name: 'a' });
  await client.update<Event>(Event, { ...found, count: 7 });
  await expect(client.update<Event>(Event, { ...found, count: 8 })).rejects.toMatchObject({ code: 409, reason: 'Conflict' });
  expect((await client.get(Event, { namespace: 'default', name: 'a' })).count).toBe(7);
  await server.deleteCollection(callFor(Event, 'default'), { fieldSelector: 'involvedObject.name=pod-0' }, {});
  expect(names(await client.list(Event))).toEqual(['b']);
  await server.stop();
});

test('another server over the same store finds them', async () => {
  const { server, store } = await withEvents('a', 'b');
  await server.stop();
  const again = await startTestServer({ store });
  expect(names(await again.client.list(Event))).toEqual(['a', 'b']);
  await again.server.stop();
});
