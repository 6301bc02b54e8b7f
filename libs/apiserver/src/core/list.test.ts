import { Pod } from '@berth/api';
import { type Clock, systemClock } from '@berth/telemetry';
import { expect, test } from 'vitest';
import { encodedList } from './list-encoding.ts';
import { callFor, pod, startTestServer } from './test-server.ts';

async function withPods(count: number, clock = systemClock) {
  const started = await startTestServer({ clock });
  for (let i = 0; i < count; i++) await started.client.create(Pod, pod(`p${i}`, { labels: { half: String(i % 2) } }));
  return started;
}

test('pages show one revision, whatever happens between them', async () => {
  const { server, client } = await withPods(7);
  const first = await client.list(Pod, { namespace: 'default', limit: 3 });
  expect(first.remainingItemCount).toBe(4);
  await client.delete(Pod, { namespace: 'default', name: 'p5' });
  await client.create(Pod, pod('p4-late'));
  const names = first.items.map((item) => item.metadata.name);
  for (let token = first.continue; token; ) {
    const page = await client.list(Pod, { namespace: 'default', limit: 3, continue: token });
    expect(page.resourceVersion).toBe(first.resourceVersion);
    names.push(...page.items.map((item) => item.metadata.name));
    token = page.continue;
  }
  expect(names).toEqual(['p0', 'p1', 'p2', 'p3', 'p4', 'p5', 'p6']);
  await server.stop();
});

test('a page that is full has a next one as long as anything follows, whether it is selected or not', async () => {
  const { server, client } = await withPods(4);
  const selected = { namespace: 'default', labelSelector: 'half=0' };
  const first = await client.list(Pod, { ...selected, limit: 2 });
  expect([first.items.map(({ metadata }) => metadata.name), first.remainingItemCount]).toEqual([['p0', 'p2'], undefined]);
  expect(await client.list(Pod, { ...selected, limit: 2, continue: first.continue })).toMatchObject({ items: [] });
  // The same of the past, which is read from the store.
  await client.create(Pod, pod('q'));
  const exact = { resourceVersion: first.resourceVersion, resourceVersionMatch: 'Exact' } as const;
  expect((await client.list(Pod, { ...selected, limit: 2, ...exact })).continue).toBeDefined();
  expect((await client.list(Pod, { namespace: 'default', labelSelector: 'half=1', limit: 2, ...exact })).continue).toBeUndefined();
  expect((await client.list(Pod, { namespace: 'default', fieldSelector: 'metadata.name=p1', limit: 1 })).continue).toBeUndefined();
  await server.stop();
});

test('who takes any state gets all of it, whatever the limit', async () => {
  const { server, client } = await withPods(3);
  const { items, continue: token } = await client.list(Pod, { namespace: 'default', limit: 1, resourceVersion: '0' });
  expect([items.length, token]).toEqual([3, undefined]);
  expect((await client.list(Pod, { namespace: 'default', limit: 1 })).items).toHaveLength(1);
  await server.stop();
});

test('a page of a compacted revision is 410 with a token that goes on at the present', async () => {
  const { server, client, store } = await withPods(5);
  const first = await client.list(Pod, { namespace: 'default', limit: 2 });
  await client.create(Pod, pod('p3-late'));
  await client.create(Pod, pod('p9'));
  await store.compact(Number(first.resourceVersion));
  await client.create(Pod, pod('p8'));
  const error = await client.list(Pod, { namespace: 'default', limit: 2, continue: first.continue }).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: 410, reason: 'Expired' });
  const token = (error as { status: { metadata: { continue: string } } }).status.metadata.continue;
  const rest = await client.list(Pod, { namespace: 'default', continue: token });
  expect(rest.items.map((item) => item.metadata.name)).toEqual(['p2', 'p3', 'p3-late', 'p4', 'p8', 'p9']);
  await expect(client.list(Pod, { continue: 'garbage' })).rejects.toMatchObject({ code: 400 });
  await server.stop();
});

test('a token that is older than five minutes goes on at the present, though the store still knows the past', async () => {
  let lateMs = 0;
  const { server, client } = await withPods(5, { ...systemClock, now: () => systemClock.now() + lateMs });
  const first = await client.list(Pod, { namespace: 'default', limit: 2 });
  const next = (token: string | undefined) => client.list(Pod, { namespace: 'default', limit: 2, continue: token });
  lateMs = 4 * 60_000;
  const second = await next(first.continue);
  lateMs = 5 * 60_000;
  // Nothing has changed, so that the newest state is the list's.
  expect((await next(first.continue)).resourceVersion).toBe(first.resourceVersion);
  await client.create(Pod, pod('p9'));
  for (const token of [first.continue, second.continue]) {
    const error = await next(token).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 410, reason: 'Expired' });
    const rest = await next((error as { status: { metadata: { continue: string } } }).status.metadata.continue);
    expect(rest.resourceVersion).not.toBe(first.resourceVersion);
    expect(rest.items[0]?.metadata.name).toBe(token === first.continue ? 'p2' : 'p4');
    if (rest.continue) expect((await next(rest.continue)).resourceVersion).toBe(rest.resourceVersion);
  }
  await server.stop();
});

test('a list is its objects, joined', async () => {
  const { server, client } = await withPods(3);
  const answer = await server.list(callFor(Pod, 'default'), { labelSelector: 'half=0' });
  const { entries: _entries, ...rest } = answer;
  const parsed = JSON.parse(
    Buffer.concat([...encodedList(callFor(Pod).kind, answer).pieces].map((piece) => Buffer.from(piece))).toString(),
  );
  const { items } = await client.list(Pod, { namespace: 'default', labelSelector: 'half=0' });
  expect(parsed).toEqual({
    kind: 'PodList',
    apiVersion: 'v1',
    metadata: rest,
    items: items.map(({ apiVersion: _version, kind: _kind, ...item }) => item),
  });
  expect(items.map((item) => item.metadata.name)).toEqual(['p0', 'p2']);
  await server.stop();
});

test('versions are waited for, exact ones are read from the past, and future ones are refused', async () => {
  // What would be waited for by the second takes milliseconds.
  const clock: Clock = { ...systemClock, after: (delayMs, callback) => systemClock.after(delayMs / 100, callback) };
  const { server, client, store } = await withPods(2, clock);
  const { resourceVersion } = await client.list(Pod);
  await client.delete(Pod, { namespace: 'default', name: 'p0' });
  expect((await client.list(Pod, { resourceVersion, resourceVersionMatch: 'Exact' })).items).toHaveLength(2);
  expect((await client.list(Pod, { resourceVersion, resourceVersionMatch: 'NotOlderThan' })).items).toHaveLength(1);
  expect((await client.list(Pod, { resourceVersion: '0' })).items.length).toBeGreaterThan(0);
  const future = String((await store.revision()) + 1000);
  await expect(client.list(Pod, { resourceVersion: future })).rejects.toThrow(`Too large resource version: ${future}`);
  await server.stop();
});

test('a read after a write sees it, also on another API server', async () => {
  const one = await startTestServer();
  const two = await startTestServer({ store: one.store });
  for (let i = 0; i < 50; i++) {
    await one.client.create(Pod, pod(`p${i}`));
    expect((await two.client.get(Pod, { namespace: 'default', name: `p${i}` })).metadata.name).toBe(`p${i}`);
    expect((await two.client.list(Pod, { namespace: 'default' })).items).toHaveLength(i + 1);
  }
  await one.server.stop();
  await two.server.stop();
});
