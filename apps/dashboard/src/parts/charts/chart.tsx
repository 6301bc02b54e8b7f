// A chart over time, drawn as SVG: lines with gaps where there was no sample, values under the pointer or under the arrow keys, and a table
// of them below, in which lines can be left out.
import { useEffect, useMemo, useRef, useState } from 'react';
import { type ChartState, useChart } from '../../live/metric-history.ts';
import type { ChartSpec } from '../../model/metrics/chart-spec.ts';
import { type DrawnSeries, drawnSeries } from '../../model/metrics/drawn-series.ts';
import { linePath, nearestIndex, type Plot, timeMarks, xOf, yOf } from '../../model/metrics/geometry.ts';
import type { ChartData, ChartSeries } from '../../model/metrics/matrix.ts';
import type { Span } from '../../model/metrics/span.ts';
import { ticks, unitText } from '../../model/metrics/units.ts';
import { Legend } from './legend.tsx';

const heightPx = 150;
const ticksWanted = 4;
/** For the axis: the widest of its texts has about so many pixels a letter. */
const letterPx = 6.6;
const markPx = 70;

interface Props {
  spec: ChartSpec;
  span: Span;
  isAllowed: boolean;
  /** Seconds since 1970 that are pointed at in any chart of the page. */
  pointed: number | undefined;
  point(seconds: number | undefined): void;
}

export function Chart({ spec, span, isAllowed, pointed, point }: Props) {
  const { data, error } = useChart(spec, span, isAllowed);
  const [left, setLeft] = useState<ReadonlySet<string>>(new Set());
  const series = useMemo(() => drawnSeries(data?.series ?? []), [data]);
  const shown = useMemo(() => series.filter(({ name }) => !left.has(name)), [series, left]);
  const index = data && pointed !== undefined ? indexOf(data, pointed) : undefined;
  const leave = (name: string) => {
    const changed = new Set(left);
    if (!changed.delete(name)) changed.add(name);
    setLeft(changed);
  };
  return (
    <section className="chart" aria-label={spec.title}>
      <h2>
        {spec.title}
        {data && index !== undefined && <time>{new Date((data.times[index] ?? 0) * 1000).toLocaleTimeString()}</time>}
      </h2>
      {data && series.length > 0 ? (
        <>
          <PlotArea spec={spec} data={data} shown={shown} index={index} point={point} />
          <Legend spec={spec} series={series} index={index} left={left} leave={leave} />
          {data.hidden > 0 && <p className="quiet">{data.hidden} more with lower values are not shown.</p>}
        </>
      ) : (
        <p className="quiet">{emptyText({ data, error })}</p>
      )}
      {data && error && <p className="trouble">What is shown is old: {error}</p>}
    </section>
  );
}

function emptyText({ data, error }: ChartState): string {
  if (error) return `Not known: ${error}`;
  return data ? 'No samples in this time.' : 'Loading…';
}

/** The nearest of this chart's times: charts of another span have others. */
function indexOf({ times }: ChartData, seconds: number): number {
  const first = times[0] ?? 0;
  const step = (times[1] ?? first + 1) - first;
  return Math.min(times.length - 1, Math.max(0, Math.round((seconds - first) / step)));
}

interface PlotProps {
  spec: ChartSpec;
  data: ChartData;
  shown: DrawnSeries[];
  index: number | undefined;
  point(seconds: number | undefined): void;
}

function PlotArea({ spec, data, shown, index, point }: PlotProps) {
  const box = useRef<HTMLDivElement>(null);
  const width = useWidth(box);
  const { times } = data;
  const scale = useMemo(() => ticks(spec.unit, maxOf(shown), ticksWanted), [spec.unit, shown]);
  const max = scale.at(-1) ?? 1;
  const labels = scale.map((value) => unitText(spec.unit, value));
  const left = Math.ceil(Math.max(...labels.map(({ length }) => length)) * letterPx) + 6;
  const plot: Plot = { left, top: 8, width: Math.max(10, width - left - 8), height: heightPx - 26 };
  const at = index ?? times.length - 1;
  const paths = useMemo(
    () => shown.map(({ name, className, values }) => <path key={name} className={className} d={linePath(plot, values, max)} />),
    [shown, max, plot.left, plot.width],
  );
  const onPoint = (event: React.PointerEvent<SVGSVGElement>) => {
    const x = event.clientX - event.currentTarget.getBoundingClientRect().left;
    point(times[nearestIndex(plot, x, times.length)]);
  };
  return (
    <div ref={box} className="plot">
      <svg
        width={width}
        height={heightPx}
        aria-hidden="true"
        onPointerMove={onPoint}
        onPointerDown={onPoint}
        onPointerLeave={() => point(undefined)}
      >
        {scale.map((value, place) => (
          <g key={value}>
            <line className="grid" x1={left} x2={left + plot.width} y1={yOf(plot, value, max)} y2={yOf(plot, value, max)} />
            <text x={left - 5} y={yOf(plot, value, max) + 4} textAnchor="end">
              {labels[place]}
            </text>
          </g>
        ))}
        <TimeAxis plot={plot} times={times} />
        {paths}
        {index !== undefined && (
          <line
            className="cursor"
            x1={xOf(plot, at, times.length)}
            x2={xOf(plot, at, times.length)}
            y1={plot.top}
            y2={plot.top + plot.height}
          />
        )}
      </svg>
      <input
        type="range"
        aria-label={`${spec.title}, values by time`}
        aria-valuetext={valueText(spec, data, shown, at)}
        min={0}
        max={times.length - 1}
        value={at}
        onChange={({ target }) => point(times[Number(target.value)])}
        onBlur={() => point(undefined)}
      />
    </div>
  );
}

function TimeAxis({ plot, times }: { plot: Plot; times: number[] }) {
  const offsetSeconds = -new Date((times[0] ?? 0) * 1000).getTimezoneOffset() * 60;
  const marks = timeMarks(times, Math.max(1, Math.floor(plot.width / markPx)), offsetSeconds);
  return marks.map((index) => (
    <text key={index} x={xOf(plot, index, times.length)} y={heightPx - 4} textAnchor="middle">
      {new Date((times[index] ?? 0) * 1000).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })}
    </text>
  ));
}

function valueText(spec: ChartSpec, { times }: ChartData, shown: DrawnSeries[], at: number): string {
  const values = shown.map(({ name, values: all }) => {
    const value = all[at] ?? null;
    return `${name} ${value === null ? 'no sample' : unitText(spec.unit, value)}`;
  });
  return [new Date((times[at] ?? 0) * 1000).toLocaleTimeString(), ...values].join(', ');
}

function maxOf(series: ChartSeries[]): number {
  return series.reduce((max, { values }) => values.reduce<number>((most, value) => Math.max(most, value ?? 0), max), 0);
}

function useWidth(box: React.RefObject<HTMLDivElement | null>): number {
  const [width, setWidth] = useState(400);
  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const measure = () => setWidth(element.clientWidth);
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, [box]);
  return width;
}
