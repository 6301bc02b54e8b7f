import { expect, test } from 'vitest';
import { ApiError, type KubernetesObject, type ListWatchApi } from './api-client.ts';
import { type FeedPorts, WatchFeed } from './watch-feed.ts';

const object = (name: string, resourceVersion: string): KubernetesObject => ({ metadata: { namespace: 'd', name, resourceVersion } });
const line = (type: string, value: unknown) => `${JSON.stringify({ type, object: value })}\n`;

/** Plays one script a watch; aborts when they are used up. */
async function play(lists: KubernetesObject[][], watches: (string | Error)[][], hasStreams = true) {
  const stop = new AbortController();
  const asked: string[] = [];
  const states: string[] = [];
  const api: ListWatchApi = {
    list: async () => {
      asked.push('list');
      const items = lists.shift();
      if (!items) stop.abort();
      return { metadata: { resourceVersion: '10' }, items: items ?? [] };
    },
    async *stream(_path, query) {
      asked.push(`watch ${query.resourceVersion}`);
      const script = watches.shift();
      if (!script) return stop.abort();
      yield '';
      for (const step of script) {
        if (step instanceof Error) throw step;
        yield step;
      }
    },
  };
  const ports: FeedPorts = {
    api,
    // The watch's silence is the only delay that long.
    delay: (ms, signal) => (ms > 100_000 ? new Promise((resolve) => signal.addEventListener('abort', () => resolve())) : Promise.resolve()),
    random: () => 0,
    mayStream: () => hasStreams,
    changed: (feed) => states.at(-1) === feed.state || states.push(feed.state),
  };
  const feed = new WatchFeed({ path: '/api/v1/pods' }, ports);
  await feed.run(stop.signal);
  return { asked, states, names: [...feed.objects.keys()], objects: [...feed.objects.values()] };
}

test('a broken watch resumes behind the last event or bookmark, and says so meanwhile', async () => {
  const { asked, states, names } = await play(
    [[object('a', '5')]],
    [[line('ADDED', object('b', '11')), line('BOOKMARK', object('', '20')), new ApiError(0, 'gone')], [line('DELETED', object('a', '21'))]],
  );
  expect(asked).toEqual(['list', 'watch 10', 'watch 20', 'watch 21']);
  expect(names).toEqual(['d/b']);
  expect(states).toContain('reconnecting');
  expect(states).toEqual(['loading', 'live', 'reconnecting', 'live']);
});

test('who owns which field is kept of nothing', async () => {
  const owned = (name: string) => ({ metadata: { ...object(name, '11').metadata, managedFields: [{}] } }) as KubernetesObject;
  const { objects } = await play([[owned('a')]], [[line('ADDED', owned('b'))]]);
  expect(objects).toEqual([object('a', '11'), object('b', '11')]);
});

test('when the past is gone it lists again, and what vanished meanwhile is forgotten', async () => {
  const { asked, names, states } = await play([[object('a', '5'), object('b', '6')], [object('b', '6')]], [[line('ERROR', { code: 410 })]]);
  expect(asked).toEqual(['list', 'watch 10', 'list', 'watch 10']);
  expect(names).toEqual(['d/b']);
  expect(states).not.toContain('reconnecting');
});

test('when even what was just listed is gone, it does not ask in a tight loop', async () => {
  const gone = [line('ERROR', { code: 410, message: 'too old' })];
  const { asked, states } = await play([[], [], []], [gone, gone, gone]);
  expect(asked.slice(0, 6)).toEqual(['list', 'watch 10', 'list', 'watch 10', 'list', 'watch 10']);
  expect(states).toContain('reconnecting');
});

test('a refusal is told instead of retried as a lost connection', async () => {
  const { states } = await play([[]], [[new ApiError(403, 'forbidden')]]);
  expect(states).toContain('failed');
});

test('without a free connection it lists now and then', async () => {
  const { asked, states } = await play([[object('a', '5')], [object('a', '5')]], [], false);
  expect(asked).toEqual(['list', 'list', 'list']);
  expect(states).toContain('polling');
});

test('a table is listed and watched by its rows, with the columns of the list', async () => {
  const row = (name: string, resourceVersion: string) => ({ cells: [name, '1/1'], object: object(name, resourceVersion) });
  const accepted: (string | undefined)[] = [];
  const stop = new AbortController();
  const api: ListWatchApi = {
    list: async (_path, _query, _signal, accept) => {
      accepted.push(accept);
      const table = { columnDefinitions: [{ name: 'Name' }, { name: 'Ready' }], rows: [row('a', '5'), row('b', '6')] };
      return { metadata: { resourceVersion: '10' }, items: [], ...table };
    },
    async *stream(_path, _query, _signal, accept) {
      accepted.push(accept);
      yield '';
      yield line('DELETED', { columnDefinitions: [], rows: [row('a', '11')] });
      yield line('ADDED', { rows: [row('c', '12')] });
      stop.abort();
    },
  };
  const delay = (_ms: number, signal: AbortSignal) => new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
  const ports: FeedPorts = { api, delay, random: () => 0, mayStream: () => true, changed: () => undefined };
  const feed = new WatchFeed({ path: '/api/v1/pods', isTable: true }, ports);
  await feed.run(stop.signal);
  expect([...feed.objects.values()].map((found) => (found as unknown as { cells: unknown[] }).cells)).toEqual([
    ['b', '1/1'],
    ['c', '1/1'],
  ]);
  expect(feed.columns?.map(({ name }) => name)).toEqual(['Name', 'Ready']);
  expect(accepted.every((accept) => accept?.includes('as=Table'))).toBe(true);
});
