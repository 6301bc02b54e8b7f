import { expect, test } from 'vitest';
import { type ChartSpec, chartExpression, selector } from './chart-spec.ts';
import { linePath, nearestIndex, type Plot, timeMarks } from './geometry.ts';
import { chartData, type RangeAnswer, seriesMax } from './matrix.ts';
import { gridOf, pointsMax, rateWindow, spanOf, spans, timesOf } from './span.ts';
import { ticks, type Unit, unitText } from './units.ts';

const now = Date.parse('2026-11-30T12:34:56.789Z');

test.each(spans.map((span) => [span.id, span] as const))('%s has at most 300 points on a grid that stands still', (_id, span) => {
  const grid = gridOf(span, now);
  const times = timesOf(grid);
  expect(times.length).toBeLessThanOrEqual(pointsMax);
  expect(times.length).toBeGreaterThan(pointsMax / 10 - 1);
  expect(times.every((seconds) => seconds % span.stepSeconds === 0)).toBe(true);
  expect(times.at(-1)).toBe(grid.endSeconds);
  expect(now / 1000 - grid.endSeconds).toBeLessThan(span.stepSeconds);
  expect(gridOf(span, grid.endSeconds * 1000 + 1)).toEqual(grid);
  expect(Number.parseInt(rateWindow(span), 10)).toBeGreaterThanOrEqual(Math.max(120, span.stepSeconds));
});

test('a span that there is not is the usual one', () => {
  expect([spanOf('a year').id, spanOf(null).id]).toEqual(['1h', '1h']);
});

const spec: ChartSpec = {
  id: 'cpu',
  title: 'CPU',
  unit: 'cores',
  lines: [
    { name: 'used by', by: 'container', expression: 'a' },
    { name: 'limit', look: 'limit', expression: 'b' },
  ],
};
const grid = { startSeconds: 60, endSeconds: 180, stepSeconds: 30 };
const answer = (...result: RangeAnswer['data']['result']): RangeAnswer => ({ data: { resultType: 'matrix', result } });

test('all lines are asked for at once and told apart', () => {
  expect(chartExpression(spec)).toBe('label_replace(a, "chart_line", "0", "", "") or label_replace(b, "chart_line", "1", "", "")');
  expect(selector({ pod: 'a"b\\', node: undefined }, 'x!=""')).toBe('{pod="a\\"b\\\\",x!=""}');
});

test('a gap is a gap, and a number that is none is no sample', () => {
  const data = chartData(
    spec,
    grid,
    answer(
      { metric: { chart_line: '1' }, values: [[60, '2']] },
      {
        metric: { chart_line: '0', container: 'main' },
        values: [
          [60, '1'],
          [90, 'NaN'],
          [150, '0.5'],
          [180, '+Inf'],
          [210, '7'],
        ],
      },
      { metric: { chart_line: '9' }, values: [[60, '1']] },
    ),
  );
  expect(data).toEqual({
    times: [60, 90, 120, 150, 180],
    series: [
      { name: 'used by main', look: undefined, values: [1, null, null, 0.5, null] },
      { name: 'limit', look: 'limit', values: [2, null, null, null, null] },
    ],
    hidden: 0,
  });
});

test('of too many lines the largest are shown, by name, and never without the limit', () => {
  const many = Array.from({ length: 25 }, (_, index) => ({
    metric: { chart_line: '0', container: `c${String(index).padStart(2, '0')}` },
    values: [[60, String(index)]] as [number, string][],
  }));
  const { series, hidden } = chartData(spec, grid, answer(...many, { metric: { chart_line: '1' }, values: [[60, '0']] }));
  expect(series.map(({ name }) => name)).toEqual([...Array.from({ length: seriesMax }, (_, index) => `used by c${index + 15}`), 'limit']);
  expect(hidden).toBe(15);
});

const plot: Plot = { left: 10, top: 0, width: 40, height: 100 };

test('lines break at gaps, a value that stands alone is a dot, and nothing leaves the chart', () => {
  expect(linePath(plot, [0, 1, null, 2, null], 2)).toBe('M10 100L20 50M40 0h0');
  expect(linePath(plot, [5, -1], 2)).toBe('M10 0L50 100');
  expect(linePath(plot, [null, null], 2)).toBe('');
  expect(linePath(plot, [1], 2)).toBe('M10 50h0');
});

test('the pointer finds the nearest time, from within and beside the chart', () => {
  expect([-5, 10, 24, 26, 50, 900].map((x) => nearestIndex(plot, x, 5))).toEqual([0, 0, 1, 2, 4, 4]);
});

test('times are marked on round hours of the place, no more than there is room for', () => {
  const times = timesOf(gridOf(spanOf('24h'), now));
  const marks = timeMarks(times, 6, 3600);
  expect(marks.length).toBeGreaterThan(2);
  expect(marks.length).toBeLessThanOrEqual(7);
  expect(marks.map((index) => ((times[index] ?? 0) + 3600) % 14_400)).toEqual(marks.map(() => 0));
});

test.each<[Unit, number, string]>([
  ['cores', 0.0004, '< 0.001'],
  ['cores', 0.25, '0.25'],
  ['bytes', 0, '0 B'],
  ['bytes', 1_572_864, '1.5 Mi'],
  ['bytesPerSecond', 2048, '2 Ki/s'],
  ['share', 0.4567, '45.7 %'],
  ['share', 0, '0 %'],
  ['seconds', 0.0123, '12.3 ms'],
  ['seconds', 0.000045, '45 µs'],
  ['seconds', 90, '90 s'],
  ['perSecond', 12_345, '12.3 k/s'],
  ['count', 110, '110'],
  ['count', -3, '−3'],
])('of the unit %s, %d is %s', (unit, value, text) => {
  expect(unitText(unit, value)).toBe(text);
});

test.each<[Unit, number, string[]]>([
  ['cores', 1.9, ['0', '0.5', '1', '1.5', '2']],
  ['cores', 0.28, ['0', '0.1', '0.2', '0.3']],
  ['bytes', 23 * 1024 ** 3, ['0 B', '10 Gi', '20 Gi', '30 Gi']],
  ['bytesPerSecond', 2.4 * 1024 ** 2, ['0 B/s', '1 Mi/s', '2 Mi/s', '3 Mi/s']],
  ['count', 1, ['0', '1']],
  ['count', 0, ['0', '1']],
  ['share', 0.75, ['0 %', '20 %', '40 %', '60 %', '80 %']],
])('of the unit %s up to %d, the scale is %j', (unit, max, texts) => {
  expect(ticks(unit, max, 4).map((value) => unitText(unit, value))).toEqual(texts);
});
