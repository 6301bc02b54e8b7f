// How each line of a chart is drawn: a hue, then the hues again with dashes; what was asked for and the most that there may be always alike.
import type { ChartSeries } from './matrix.ts';

export interface DrawnSeries extends ChartSeries {
  className: string;
}

const hues = 7;

export function drawnSeries(series: ChartSeries[]): DrawnSeries[] {
  let next = 0;
  return series.map((one) => {
    if (one.look === 'requested' || one.look === 'limit') return { ...one, className: `series series-${one.look}` };
    const place = next++;
    return { ...one, className: `series series-${place % hues} series-dash-${Math.floor(place / hues)}` };
  });
}
