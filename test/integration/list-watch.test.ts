// Lists and watches over HTTPS as Kubernetes specifies them (kubernetes.io/docs/reference/using-api/api-concepts): pages, bookmarks,
// single objects and other forms.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { create, get, maps, names, newest, send, startServer, stopServer, store, watch } from './list-watch-server.ts';

beforeAll(startServer);
afterAll(stopServer);

describe('pages', () => {
  it('all show the first one’s version and say how much is left', async () => {
    const first = await get(`${maps}?limit=2`);
    expect(first.metadata.remainingItemCount).toBe(names(await get(maps)).length - 2);
    expect((await get(`${maps}?limit=1&labelSelector=half=second`)).metadata.remainingItemCount).toBeUndefined();
    await create('bb');
    const second = await get(`${maps}?limit=100&continue=${first.metadata.continue}`);
    expect(names(second)).not.toContain('bb');
    expect(second.metadata.resourceVersion).toBe(first.metadata.resourceVersion);
    expect(second.metadata.continue).toBeUndefined();
    const past = await get(`${maps}?limit=1&continue=${first.metadata.continue}`);
    expect(past.metadata.remainingItemCount).toBe(names(second).length - 1);
    const selected = await get(`${maps}?limit=1&labelSelector=half&continue=${first.metadata.continue}`);
    expect(selected.metadata.continue).toBeDefined();
    expect(selected.metadata.remainingItemCount).toBeUndefined();
    const both = await get(`${maps}?resourceVersion=5&continue=${first.metadata.continue}`);
    expect(both).toMatchObject({ code: 400, message: 'specifying resource version is not allowed when using continue' });
  });

  it('of a forgotten version are 410, with a token that goes on at the present', async () => {
    const first = await get(`${maps}?limit=2`);
    await create('z');
    await store.compact(Number(await newest()));
    const gone = await get(`${maps}?limit=2&continue=${first.metadata.continue}`);
    expect(gone).toMatchObject({
      code: 410,
      reason: 'Expired',
      message: expect.stringMatching(
        /^The provided continue parameter is too old to display a consistent list result\. .* now may show up in the list\.$/,
      ),
    });
    expect(names(await get(`${maps}?continue=${gone.metadata.continue}`))).toContain('z');
  });
});

describe('watches', () => {
  it.each([
    ['asked for', '&sendInitialEvents=true&resourceVersionMatch=NotOlderThan'],
    ['from no version', ''],
    ['from any version', '&resourceVersion=0'],
  ])('send what exists, the mark of its end, then bookmarks about once a minute: %s', async (_, start) => {
    let isOver = false;
    const seen = watch(`${maps}?watch=1&allowWatchBookmarks=true&labelSelector=half=first${start}`, 4).finally(() => {
      isOver = true;
    });
    // What a bookmark tells is that something happened since, if not to what is selected.
    while (!isOver) {
      await create('elsewhere');
      await send('DELETE', `${maps}/elsewhere`);
    }
    const { lines } = await seen;
    expect(lines.map((line) => line.type)).toEqual(['ADDED', 'ADDED', 'BOOKMARK', 'BOOKMARK']);
    expect(lines[2].object.metadata.annotations).toEqual({ 'k8s.io/initial-events-end': 'true' });
    expect(lines[3].object).toEqual({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { resourceVersion: expect.stringMatching(/^\d+$/) } });
  });

  it('send no mark to who asked for no bookmarks', async () => {
    const query = 'watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&labelSelector=half=first&timeoutSeconds=1';
    expect((await send('GET', `${maps}?${query}`)).lines.map((line) => line.type)).toEqual(['ADDED', 'ADDED']);
  });

  it('from a version on send none of what exists, unless it is asked for', async () => {
    const begin = `${maps}?watch=1&timeoutSeconds=1&sendInitialEvents=false&resourceVersionMatch=NotOlderThan`;
    for (const version of ['', '0', await newest()]) {
      expect(await send('GET', `${begin}&resourceVersion=${version}`)).toEqual({ code: 200, lines: [] });
    }
    const limited = `${maps}?watch=1&limit=1&labelSelector=half=first`;
    expect((await watch(limited, 2)).lines.map((line) => line.type)).toEqual(['ADDED', 'ADDED']);
    expect((await send('GET', `${limited}&continue=x`)).code).toBe(422);
  });

  it('end after timeoutSeconds', async () => {
    const startMs = performance.now();
    const { code, lines } = await send('GET', `${maps}?watch=1&timeoutSeconds=1&resourceVersion=${await newest()}`);
    expect({ code, lines }).toEqual({ code: 200, lines: [] });
    expect(performance.now() - startMs).toBeGreaterThan(900);
  });

  it.each([
    ['by field', `${maps}?watch=1&fieldSelector=metadata.name%3Da`],
    ['by the old path', '/api/v1/watch/namespaces/default/configmaps/a?'],
  ])('of one object %s see that one alone', async (_, path) => {
    const version = await newest();
    const seen = watch(`${path}&resourceVersion=${version}`, 1);
    for (const name of ['b', 'a']) {
      await send('PUT', `${maps}/${name}`, { body: { metadata: { name, labels: { half: 'first', at: version } } } });
    }
    expect((await seen).lines).toMatchObject([{ type: 'MODIFIED', object: { metadata: { name: 'a', labels: { at: version } } } }]);
  });

  it('by the old path cover collections, and refuse a second name', async () => {
    expect((await watch('/api/v1/watch/configmaps?labelSelector=half=first', 2)).lines.map((line) => line.type)).toEqual([
      'ADDED',
      'ADDED',
    ]);
    const other = await get('/api/v1/watch/namespaces/default/configmaps/a?fieldSelector=metadata.name%3Db');
    expect(other).toMatchObject({ code: 400, message: "fieldSelector metadata.name doesn't match requested name" });
    expect((await send('POST', '/api/v1/watch/namespaces/default/configmaps', { body: {} })).code).toBe(405);
  });

  it('turn what enters and leaves the selection into ADDED and DELETED', async () => {
    const seen = watch(`${maps}?watch=1&labelSelector=turn=on&resourceVersion=${await newest()}`, 2);
    for (const turn of ['on', 'off']) await send('PUT', `${maps}/c`, { body: { metadata: { name: 'c', labels: { turn } } } });
    const [entered, left] = (await seen).lines;
    expect([entered.type, left.type, left.object.metadata.labels]).toEqual(['ADDED', 'DELETED', { turn: 'on' }]);
  });
});

describe('other forms', () => {
  const as = (kind: string) => `application/json;as=${kind};v=v1;g=meta.k8s.io,application/json`;

  it('Tables: of a list, and of a watch, where only the first says what the columns are', async () => {
    expect(await get(`${maps}?limit=1`, as('Table'))).toMatchObject({
      kind: 'Table',
      metadata: { continue: expect.any(String) },
      rows: [{ object: { kind: 'PartialObjectMetadata' } }],
    });
    const { lines } = await watch(`${maps}?watch=1&labelSelector=half=first`, 2, as('Table'));
    expect(lines.map((line) => [line.object.kind, line.object.columnDefinitions?.length > 0])).toEqual([
      ['Table', true],
      ['Table', false],
    ]);
  });

  it('metadata alone', async () => {
    expect(await get(`${maps}?limit=1`, as('PartialObjectMetadataList'))).toMatchObject({ kind: 'PartialObjectMetadataList' });
    const { lines } = await watch(`${maps}?watch=1&fieldSelector=metadata.name%3Dd`, 1, as('PartialObjectMetadata'));
    expect(lines[0].object).toMatchObject({ kind: 'PartialObjectMetadata', metadata: { name: 'd' } });
    expect(lines[0].object.data).toBeUndefined();
  });
});

it('deletes of a collection what is selected, and answers with it', async () => {
  const { lines } = await send('DELETE', `${maps}?labelSelector=half=second`);
  expect(lines[0].kind).toBe('ConfigMapList');
  expect(names(lines[0])).toEqual(['d', 'e']);
  expect(names(await get(maps))).not.toContain('d');
  expect((await send('DELETE', '/api/v1/configmaps')).code).toBe(405);
});
