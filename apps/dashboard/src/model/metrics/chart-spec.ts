// What a chart shows, as data: lines and the expressions they come from. All lines of a chart are asked for with one expression, as browsers
// open few connections, and the server evaluates two at a time.
import type { Unit } from './units.ts';

/** How a line looks, which says what it is: what is used, what was asked for, what is the most. */
export type LineLook = 'used' | 'requested' | 'limit';

export interface ChartLine {
  /** Whole, or what stands before the label's value. */
  name: string;
  expression: string;
  /** A label by whose values there are several lines. */
  by?: string;
  look?: LineLook;
}

export interface ChartSpec {
  id: string;
  title: string;
  unit: Unit;
  lines: ChartLine[];
}

/** Says which line a series is of. */
const lineLabel = 'chart_line';

export function chartExpression({ lines }: ChartSpec): string {
  return lines.map(({ expression }, index) => `label_replace(${expression}, "${lineLabel}", "${index}", "", "")`).join(' or ');
}

/** Which line of the chart, and what this one of it is called. */
export function seriesName({ lines }: ChartSpec, labels: Record<string, string>): { line: ChartLine; name: string } | undefined {
  const line = lines[Number(labels[lineLabel])];
  if (!line) return undefined;
  const value = line.by === undefined ? undefined : (labels[line.by] ?? '');
  return { line, name: [line.name, value].filter(Boolean).join(' ') };
}

/** `{namespace="shop",pod="web"}`; a value of undefined is left out. */
export function selector(labels: Record<string, string | undefined>, further = ''): string {
  const matchers = Object.entries(labels).flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${quoted(value)}`]));
  return `{${[...matchers, ...(further ? [further] : [])].join(',')}}`;
}

export function quoted(value: string): string {
  return `"${value.replace(/[\\"]/g, '\\$&').replaceAll('\n', '\\n')}"`;
}
