// What lists and watches may be asked for, and as of which version (kubernetes.io/docs/reference/using-api/api-concepts): what goes
// together, what is refused in which words, and what the past and the future are.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { create, get, maps, names, newest, send, startServer, stopServer, store, watch } from './list-watch-server.ts';

beforeAll(startServer);
afterAll(stopServer);

describe('options that do not go together are Invalid', () => {
  const invalid = (detail: string) => ({ code: 422, reason: 'Invalid', message: `ListOptions.meta.k8s.io "" is invalid: ${detail}` });
  it.each([
    ['resourceVersionMatch=Exact', 'resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided'],
    [
      'resourceVersionMatch=Exact&resourceVersion=0',
      'resourceVersionMatch: Forbidden: resourceVersionMatch "exact" is forbidden for resourceVersion "0"',
    ],
    [
      'resourceVersionMatch=Newer&resourceVersion=1',
      'resourceVersionMatch: Unsupported value: "Newer": supported values: "Exact", "NotOlderThan", ""',
    ],
    [
      'resourceVersionMatch=NotOlderThan&resourceVersion=1&continue=x',
      'resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden when continue is provided',
    ],
    ['sendInitialEvents=true', 'sendInitialEvents: Forbidden: sendInitialEvents is forbidden for list'],
    [
      'watch=1&sendInitialEvents=true',
      'resourceVersionMatch: Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan',
    ],
    [
      'watch=1&resourceVersionMatch=NotOlderThan',
      'resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided',
    ],
    [
      'watch=1&sendInitialEvents=true&resourceVersionMatch=Exact',
      '[resourceVersionMatch: Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan, resourceVersionMatch: Unsupported value: "Exact": supported values: "NotOlderThan"]',
    ],
  ])('%s', async (query, detail) => expect(await get(`${maps}?${query}`)).toMatchObject(invalid(detail)));

  it.each([
    [
      'resourceVersion=abc',
      'invalid resource version: resourceVersion: Invalid value: "abc": strconv.ParseUint: parsing "abc": invalid syntax',
    ],
    ['watch=1&resourceVersion=abc', 'resourceVersion: Invalid value: "abc": strconv.ParseUint: parsing "abc": invalid syntax'],
    ['continue=e30', 'invalid continue token: continue key is not valid: server does not recognize this encoded version '],
    [
      'resourceVersion=5&continue=e30',
      'invalid continue token: continue key is not valid: server does not recognize this encoded version ',
    ],
    ['limit=many', 'strconv.ParseInt: parsing "many": invalid syntax'],
    ['limit=9223372036854775808', 'strconv.ParseInt: parsing "9223372036854775808": value out of range'],
    ['watch=1&timeoutSeconds=soon', 'strconv.ParseInt: parsing "soon": invalid syntax'],
    ['fieldSelector=spec.x=1', '"spec.x" is not a known field selector: only "metadata.name", "metadata.namespace"'],
  ])('%s is a bad request', async (query, message) =>
    expect(await get(`${maps}?${query}`)).toMatchObject({ code: 400, reason: 'BadRequest', message }),
  );
});

it.each([
  ['/api/v1/pods?fieldSelector=spec.color%3Dred', 'field label not supported: spec.color'],
  ['/api/v1/nodes?fieldSelector=metadata.namespace%3Da', 'field label not supported: metadata.namespace'],
  ['/apis/batch/v1/jobs?fieldSelector=status.failed%3D1', 'field label "status.failed" not supported for Job'],
])('fields that a kind does not select by are refused in its own words: %s', async (path, message) => {
  expect(await get(path)).toMatchObject({ code: 400, reason: 'BadRequest', message });
  expect(await get(`${path}&watch=1`)).toMatchObject({ code: 400, reason: 'BadRequest', message });
});

describe('versions', () => {
  it('Exact shows the past, NotOlderThan and none the present', async () => {
    const before = await newest();
    await create('exact');
    expect(names(await get(`${maps}?resourceVersion=${before}&resourceVersionMatch=Exact`))).not.toContain('exact');
    expect((await get(`${maps}?resourceVersion=${before}&resourceVersionMatch=Exact`)).metadata.resourceVersion).toBe(before);
    for (const query of [
      `resourceVersion=${before}&resourceVersionMatch=NotOlderThan`,
      `resourceVersion=${before}`,
      'resourceVersion=0',
      '',
    ]) {
      expect(names(await get(`${maps}?${query}`))).toContain('exact');
    }
    await send('DELETE', `${maps}/exact`);
  });

  it('with a limit are exact, but for a single object', async () => {
    const before = await newest();
    await create('bounded');
    expect(names(await get(`${maps}?limit=100&resourceVersion=${before}`))).not.toContain('bounded');
    expect(names(await get(`${maps}?limit=-1&resourceVersion=${before}`))).toContain('bounded');
    expect(names(await get(`${maps}?limit=100&resourceVersion=0`))).toContain('bounded');
    expect(names(await get(`${maps}?limit=100&resourceVersion=${before}&resourceVersionMatch=NotOlderThan`))).toContain('bounded');
    expect(names(await get(`${maps}?limit=1&resourceVersion=${before}&fieldSelector=metadata.name%3Dbounded`))).toEqual(['bounded']);
    await send('DELETE', `${maps}/bounded`);
  });

  // What is read from the store itself is not worth asking for again soon.
  it.each<[string, number | undefined]>([
    [maps, 1],
    [`${maps}/a`, 1],
    [`${maps}?resourceVersionMatch=Exact`, undefined],
    [`${maps}?limit=1`, undefined],
  ])('of the future are refused with the cause that clients look for: %s', async (path, retryAfterSeconds) => {
    const got = await get(`${path}${path.includes('?') ? '&' : '?'}resourceVersion=99999999`);
    expect(got).toMatchObject({
      code: 504,
      reason: 'Timeout',
      message: expect.stringMatching(/^Timeout: Too large resource version: 99999999, current: \d+$/),
    });
    const causes = [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }];
    expect(got.details).toEqual({ causes, ...(retryAfterSeconds && { retryAfterSeconds }) });
  });

  it('too old ones are a watch’s only event, and a list’s 410', async () => {
    const { code, lines } = await watch(`${maps}?watch=1&resourceVersion=1`, 1);
    const message = expect.stringMatching(/^too old resource version: 1 \(\d+\)$/);
    expect({ code, lines }).toMatchObject({
      code: 200,
      lines: [{ type: 'ERROR', object: { kind: 'Status', code: 410, reason: 'Expired', message } }],
    });
    const old = await newest();
    await create('newer');
    await store.compact(Number(await newest()));
    const list = await get(`${maps}?resourceVersion=${old}&resourceVersionMatch=Exact`);
    expect(list).toMatchObject({ code: 410, reason: 'Expired', message: 'The resourceVersion for the provided list is too old.' });
    await send('DELETE', `${maps}/newer`);
  });

  it('of the future are where a watch begins: nothing up to them is sent, no bookmark either', async () => {
    const future = Number(await newest()) + 3;
    const path = `${maps}?watch=1&allowWatchBookmarks=true&resourceVersion=${future}`;
    const begun = watch(path, 2);
    // Bookmarks are a hundredth of a minute apart: three of them go by.
    expect(await send('GET', `${path}&timeoutSeconds=2`)).toEqual({ code: 200, lines: [] });
    for (let i = 1; i <= 4; i++) await create(`future-${i}`);
    const { code, lines } = await begun;
    expect(code).toBe(200);
    expect(lines.map((line) => [line.type, line.object.metadata.name])).toEqual([
      ['ADDED', 'future-4'],
      ['BOOKMARK', undefined],
    ]);
    for (const { object } of lines) expect(Number(object.metadata.resourceVersion)).toBeGreaterThan(future);
    for (let i = 1; i <= 4; i++) await send('DELETE', `${maps}/future-${i}`);
  });

  it('of the future cannot be what a watch shows first, which is its only event', async () => {
    const { code, lines } = await watch(
      `${maps}?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&resourceVersion=99999999`,
      1,
    );
    expect(code).toBe(200);
    expect(lines).toMatchObject([
      {
        type: 'ERROR',
        object: {
          kind: 'Status',
          code: 504,
          reason: 'Timeout',
          message: expect.stringMatching(/^Timeout: Too large resource version: 99999999, current: \d+$/),
          details: { causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }], retryAfterSeconds: 1 },
        },
      },
    ]);
  });
});
