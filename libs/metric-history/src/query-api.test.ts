// Answers in the form of Prometheus' HTTP API, bad requests with what is wrong with them, and bounds.
import { fitsAll, type Labels, type Samples } from '@berth/promql';
import { describe, expect, it } from 'vitest';
import { QueryApi } from './query-api.ts';

const all: Samples[] = [
  { labels: { __name__: 'up', job: 'a' }, timesMs: [0, 30_000, 60_000], values: [1, 1, 0] },
  { labels: { __name__: 'up', job: 'b' }, timesMs: [0, 30_000, 60_000], values: [1, Number.NaN, Number.POSITIVE_INFINITY] },
];

function api(hold: Promise<void> = Promise.resolve()): QueryApi {
  const history = {
    select: async (matchers: Parameters<typeof fitsAll>[0]) => {
      await hold;
      return all.filter(({ labels }) => fitsAll(matchers, labels));
    },
    labels: async (matchers: Parameters<typeof fitsAll>[0]): Promise<Labels[]> =>
      all.map(({ labels }) => labels).filter((labels) => fitsAll(matchers, labels)),
  };
  return new QueryApi({ history, clock: { now: () => 60_000, monotonicMs: () => 0 }, everyMs: 30_000, version: 'v1' });
}

async function ask(path: string, query: Record<string, string> = {}, of = api()) {
  const answer = await of.answer(path.split('/'), new URLSearchParams(query), new AbortController().signal);
  return answer && { code: answer.code, body: JSON.parse([...answer.pieces].join('')) };
}

describe('the API of queries', () => {
  it('answers at one time: now, unless another is asked for', async () => {
    expect(await ask('query', { query: 'up' })).toEqual({
      code: 200,
      body: {
        status: 'success',
        data: {
          resultType: 'vector',
          result: [
            { metric: { __name__: 'up', job: 'a' }, value: [60, '0'] },
            { metric: { __name__: 'up', job: 'b' }, value: [60, '+Inf'] },
          ],
        },
      },
    });
    expect((await ask('query', { query: 'up', time: '1970-01-01T00:00:30.5Z' }))?.body.data.result).toHaveLength(1);
    expect((await ask('query', { query: '1 / 0 - 1 / 0' }))?.body.data).toEqual({ resultType: 'scalar', result: [60, 'NaN'] });
    expect((await ask('query', { query: '"x"' }))?.body.data).toEqual({ resultType: 'string', result: [60, 'x'] });
  });

  it('answers over time', async () => {
    expect((await ask('query_range', { query: 'up', start: '0', end: '60', step: '30s' }))?.body.data).toEqual({
      resultType: 'matrix',
      result: [
        {
          metric: { __name__: 'up', job: 'a' },
          values: [
            [0, '1'],
            [30, '1'],
            [60, '0'],
          ],
        },
        {
          metric: { __name__: 'up', job: 'b' },
          values: [
            [0, '1'],
            [60, '+Inf'],
          ],
        },
      ],
    });
    expect((await ask('query_range', { query: '2', start: '0', end: '1', step: '1' }))?.body.data.result).toEqual([
      {
        metric: {},
        values: [
          [0, '2'],
          [1, '2'],
        ],
      },
    ]);
  });

  it('lists series, labels and values', async () => {
    expect((await ask('series', { 'match[]': 'up{job!="a"}' }))?.body.data).toEqual([{ __name__: 'up', job: 'b' }]);
    expect((await ask('labels'))?.body.data).toEqual(['__name__', 'job']);
    expect((await ask('label/job/values', { 'match[]': 'up' }))?.body.data).toEqual(['a', 'b']);
    expect((await ask('status/buildinfo'))?.body.data.version).toBe('v1');
  });

  it.each([
    ['query', {}, 400, 'invalid parameter "query": it is missing'],
    ['query', { query: 'up{' }, 400, '1:4: parse error: unexpected end of input in label matching'],
    ['query', { query: 'up', time: 'soon' }, 400, 'invalid parameter "time": cannot parse "soon"'],
    ['query', { query: 'up + on () up' }, 422, 'found duplicate series'],
    ['query', { query: 'up[5m]' }, 400, 'range vector'],
    ['query_range', { query: 'up', start: '0', end: '60', step: '0' }, 400, 'zero or negative'],
    ['query_range', { query: 'up', start: '60', end: '0', step: '1' }, 400, 'must not be before start time'],
    ['query_range', { query: 'up', start: '0', end: '1e9', step: '1' }, 400, 'exceeded maximum resolution'],
    ['query_range', { query: 'up', end: '1', step: '1' }, 400, 'invalid parameter "start"'],
    ['series', {}, 400, 'no match[] parameter'],
  ] as const)('refuses %s %o', async (path, query, code, message) => {
    const answer = await ask(path, query);
    expect(answer?.code).toBe(code);
    expect(answer?.body).toMatchObject({
      status: 'error',
      errorType: code === 400 ? 'bad_data' : 'execution',
      error: expect.stringContaining(message),
    });
  });

  it('does not know other paths', async () => {
    expect(await ask('rules')).toBeUndefined();
    expect(await ask('query/more', { query: 'up' })).toBeUndefined();
  });

  it('runs a few at once, and lets a bounded number wait', async () => {
    const held = Promise.withResolvers<void>();
    const of = api(held.promise);
    const asked = Array.from({ length: 60 }, () => ask('query', { query: 'up' }, of));
    const refused = await Promise.race(asked);
    expect(refused).toMatchObject({ code: 503, body: { errorType: 'timeout' } });
    held.resolve();
    const codes = (await Promise.all(asked)).map((answer) => answer?.code);
    expect(codes.filter((code) => code === 200)).toHaveLength(52);
  });
});
