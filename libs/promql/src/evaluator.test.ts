// What expressions say over series that are written down; the values are those of Prometheus.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from './parser.ts';
import { evaluatorOver, everyMs, instant, overGrid, series } from './testing.ts';

const cluster = [
  'cpu{pod="a",node="n1"} 0+30x20',
  'cpu{pod="b",node="n1"} 0+60x20',
  'cpu{pod="c",node="n2"} 0+90x10 0+90x9',
  'limit{pod="a"} 2+0x20',
  'limit{pod="b"} 4+0x20',
  'owner{pod="a",workload="w"} 1+0x20',
  'owner{pod="b",workload="w"} 1+0x20',
  'latency_bucket{le="0.1"} 10+0x20',
  'latency_bucket{le="1"} 30+0x20',
  'latency_bucket{le="+Inf"} 40+0x20',
  'memory{pod="a"} 10 20 15 stale _ 40+0x10',
].map(series);

const endMs = 20 * everyMs;
const at = (text: string, ms = endMs) => instant(cluster, text, ms);

describe('evaluate', () => {
  it.each<[string, Record<string, number> | number | string]>([
    ['limit', { 'limit{pod="a"}': 2, 'limit{pod="b"}': 4 }],
    ['limit{pod!="a"} * 2 + 1', { '{pod="b"}': 9 }],
    ['1 - limit > bool -2', { '{pod="a"}': 1, '{pod="b"}': 0 }],
    ['limit > 3', { 'limit{pod="b"}': 4 }],
    ['3 < limit', { 'limit{pod="b"}': 4 }],
    ['-limit{pod="a"}', { '{pod="a"}': -2 }],
    ['2 ^ 3 % 5', 3],
    ['rate(cpu[2m])', { '{node="n1",pod="a"}': 1, '{node="n1",pod="b"}': 2, '{node="n2",pod="c"}': 3 }],
    ['increase(cpu{pod="a"}[2m])', { '{node="n1",pod="a"}': 120 }],
    ['irate(cpu{pod="c"}[5m])', { '{node="n2",pod="c"}': 3 }],
    ['sum(rate(cpu[2m]))', { '{}': 6 }],
    ['sum by (node) (rate(cpu[2m]))', { '{node="n1"}': 3, '{node="n2"}': 3 }],
    ['avg without (pod, node) (rate(cpu[2m]))', { '{}': 2 }],
    ['count(cpu) + max(limit) - min(limit)', { '{}': 5 }],
    ['quantile(0.5, limit)', { '{}': 3 }],
    ['stddev(limit)', { '{}': 1 }],
    ['topk(1, limit)', { 'limit{pod="b"}': 4 }],
    ['bottomk(1, limit)', { 'limit{pod="a"}': 2 }],
    ['sum by (pod) (rate(cpu[2m])) / on (pod) limit', { '{pod="a"}': 0.5, '{pod="b"}': 0.5 }],
    ['rate(cpu[2m]) / on (pod) group_left limit', { '{node="n1",pod="a"}': 0.5, '{node="n1",pod="b"}': 0.5 }],
    ['limit * on (pod) group_left (workload) owner', { '{pod="a",workload="w"}': 2, '{pod="b",workload="w"}': 4 }],
    ['sum by (workload) (owner * on (pod) group_right () limit)', { '{}': 6 }],
    ['limit and on (pod) owner{pod="a"}', { 'limit{pod="a"}': 2 }],
    ['limit unless ignoring (workload) owner{pod="a"}', { 'limit{pod="b"}': 4 }],
    ['limit{pod="a"} or owner{pod="a"}', { 'limit{pod="a"}': 2, 'owner{pod="a",workload="w"}': 1 }],
    ['histogram_quantile(0.5, latency_bucket)', { '{}': 0.55 }],
    ['histogram_quantile(0.99, latency_bucket)', { '{}': 1 }],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: as expressions write groups
    ['label_replace(limit{pod="a"}, "x", "$1-${1}", "pod", "(.*)")', { 'limit{pod="a",x="a-a"}': 2 }],
    ['label_join(owner{pod="a"}, "x", "/", "pod", "workload")', { 'owner{pod="a",workload="w",x="a/w"}': 1 }],
    ['absent(nothing{a="b",c=~"d"})', { '{a="b"}': 1 }],
    ['absent(limit)', {}],
    ['scalar(limit{pod="a"}) + time() * 0', 2],
    ['vector(7)', { '{}': 7 }],
    ['clamp_max(limit, 3) - clamp_min(limit, 3)', { '{pod="a"}': -1, '{pod="b"}': -1 }],
    ['round(limit / 3, 0.5)', { '{pod="a"}': 0.5, '{pod="b"}': 1.5 }],
    ['max_over_time(memory[20m])', { '{pod="a"}': 40 }],
    ['count_over_time(memory[20m])', { '{pod="a"}': 14 }],
    ['changes(memory[20m])', { '{pod="a"}': 3 }],
    ['resets(cpu{pod="c"}[20m])', { '{node="n2",pod="c"}': 1 }],
    ['max_over_time(sum(rate(cpu[2m]))[5m:1m])', { '{}': 6 }],
    ['limit offset 5m', { 'limit{pod="a"}': 2, 'limit{pod="b"}': 4 }],
    ['predict_linear(cpu{pod="a"}[5m], 60)', { '{node="n1",pod="a"}': 660 }],
    ['deriv(cpu{pod="a"}[5m])', { '{node="n1",pod="a"}': 1 }],
    ['timestamp(limit{pod="a"} offset 1m)', { '{pod="a"}': 540 }],
    ['hour(vector(7200)) + year()', { '{}': 1972 }],
    ['"text"', 'text'],
    ['group by (node) (cpu)', { '{node="n1"}': 1, '{node="n2"}': 1 }],
    ['(limit == 2) or vector(0)', { 'limit{pod="a"}': 2, '{}': 0 }],
  ])('%s', async (text, wanted) => {
    const found = await at(text);
    if (typeof wanted !== 'object' || typeof found !== 'object') return expect(found).toEqual(wanted);
    expect(Object.keys(found).sort()).toEqual(Object.keys(wanted).sort());
    for (const [labels, value] of Object.entries(wanted)) expect(found[labels]).toBeCloseTo(value, 9);
  });

  it('counts through the restart of a counter', async () => {
    // 50, then from 0 to 50 again; a counter that begins at 0 is not extended to before that.
    const found = await instant([series('c 0+10x5 0+10x5')], 'increase(c[10m])', 11 * everyMs);
    expect(found).toEqual({ '{}': 100 });
  });

  it('has no value where a series ended, or is older than five minutes', async () => {
    expect(await at('memory', 2 * everyMs)).toEqual({ 'memory{pod="a"}': 15 });
    expect(await at('memory', 3 * everyMs)).toEqual({});
    expect(await at('limit', endMs + 299_000)).not.toEqual({});
    expect(await at('limit', endMs + 300_000)).toEqual({});
  });

  it('keeps NaN where it is a result', async () => {
    expect(await at('limit{pod="a"} * 0 / 0')).toEqual({ '{pod="a"}': Number.NaN });
  });

  it.each([
    ['limit + on () limit{pod="a"}', 'multiple matches'],
    ['owner + on (workload) limit', 'found duplicate series for the match group'],
    [
      'limit * on (pod) group_left () cpu{pod=~"a"} or label_replace(cpu, "pod", "x", "", "")',
      'cannot contain metrics with the same labelset',
    ],
    ['owner * on (workload) group_left (pod) owner', 'found duplicate series'],
    ['label_replace(limit, "0", "", "", "")', 'invalid destination label name'],
  ])('refuses %s', async (text, message) => {
    await expect(at(text)).rejects.toThrow(message);
  });

  it('joins one to one where the sides are there at different times', async () => {
    const found = await overGrid([series('a{x="1"} 1 1 stale'), series('a{x="2"} _ _ 2 2'), series('b 10+0x3')], 'b * on () a', {
      startMs: 0,
      stepMs: everyMs,
      steps: 4,
    });
    expect(found).toEqual({ '{}': [10, 10, 20, 20] });
  });

  it('lets others run, and ends a query that costs too much', async () => {
    let turns = 0;
    const grid = { startMs: 0, stepMs: 1000, steps: 600 };
    const heavy = parse('sum(avg_over_time(cpu[5m:1s]))');
    await evaluatorOver(cluster, async () => void turns++, 1e6).evaluate(heavy, grid);
    expect(turns).toBeGreaterThan(1);
    await expect(evaluatorOver(cluster, undefined, 3000).evaluate(heavy, grid)).rejects.toThrow('too many samples into memory');
    await expect(evaluatorOver(cluster, undefined, 1e6, 1e5).evaluate(heavy, grid)).rejects.toThrow('looks at too many samples');
    const aborted = async () => {
      throw new Error('gone');
    };
    await expect(evaluatorOver(cluster, aborted).evaluate(heavy, grid)).rejects.toThrow('gone');
  });
});

describe('a range of steps', () => {
  const templates = [
    'X',
    'rate(X[2m])',
    'sum by (p) (X)',
    'max(X) - min(X)',
    'X > 5',
    'X and on (p) Y',
    'X or Y',
    'X unless on (p) Y',
    'topk(2, X)',
    'avg_over_time(X[1m])',
    'count(X) / on () group_right () X',
    'max_over_time(sum(X)[2m:30s])',
    'X offset 1m',
    'absent(Y)',
    'histogram_quantile(0.9, X)',
    'scalar(Y) * X',
    'label_replace(X, "q", "$1", "p", "(.*)")',
  ];
  const value = fc.constantFrom('_', 'stale', '0', '3', '7', '12');
  const line = (name: string) =>
    fc
      .tuple(fc.constantFrom('1', '2', '3'), fc.array(value, { minLength: 1, maxLength: 12 }))
      .map(([p, values]) => ({ p, text: `${name}{p="${p}",le="${p}"} ${values.join(' ')}` }));
  const some = (name: string) => fc.uniqueArray(line(name), { selector: ({ p }) => p, maxLength: 3 });

  it('says at each step what a query for that time alone says', async () => {
    await fc.assert(
      fc.asyncProperty(
        some('x'),
        some('y'),
        fc.constantFrom(...templates),
        fc.integer({ min: 1, max: 60 }),
        async (xs, ys, template, stepSeconds) => {
          const all = [...xs, ...ys].map(({ text }) => series(text));
          const text = template.replaceAll('X', 'x').replaceAll('Y', 'y');
          const grid = { startMs: 0, stepMs: stepSeconds * 1000, steps: 12 };
          const whole = await overGrid(all, text, grid);
          for (let step = 0; step < grid.steps; step++) {
            const there = Object.entries(whole).flatMap(([labels, values]) => (values[step] === undefined ? [] : [[labels, values[step]]]));
            expect(Object.fromEntries(there)).toEqual(await instant(all, text, step * grid.stepMs));
          }
        },
      ),
    );
  });

  it('adds groups up to the whole', async () => {
    await fc.assert(
      fc.asyncProperty(some('x'), async (xs) => {
        const all = xs.map(({ text }) => series(text));
        const grid = { startMs: 0, stepMs: everyMs, steps: 12 };
        expect(await overGrid(all, 'sum(sum by (p) (x))', grid)).toEqual(await overGrid(all, 'sum(x)', grid));
        expect(await overGrid(all, 'sum(count by (p) (x))', grid)).toEqual(await overGrid(all, 'count(x)', grid));
      }),
    );
  });
});
