// The values of a chart's lines: at the time that is pointed at, or the newest; and the largest. A line is left out by its name.
import type { ChartSpec } from '../../model/metrics/chart-spec.ts';
import type { DrawnSeries } from '../../model/metrics/drawn-series.ts';
import type { ChartSeries } from '../../model/metrics/matrix.ts';
import { unitText } from '../../model/metrics/units.ts';

interface Props {
  spec: ChartSpec;
  series: DrawnSeries[];
  index: number | undefined;
  /** Names of lines that are left out. */
  left: ReadonlySet<string>;
  leave(name: string): void;
}

export function Legend({ spec, series, index, left, leave }: Props) {
  const text = (value: number | null | undefined) => (value === null || value === undefined ? '–' : unitText(spec.unit, value));
  return (
    <table className="legend">
      <thead>
        <tr>
          <th scope="col">
            <span className="hidden">Line</span>
          </th>
          <th scope="col">{index === undefined ? 'now' : 'then'}</th>
          <th scope="col">most</th>
        </tr>
      </thead>
      <tbody>
        {series.map((one) => (
          <tr key={one.name}>
            <th scope="row">
              <button type="button" aria-pressed={!left.has(one.name)} title={one.name} onClick={() => leave(one.name)}>
                <svg width="22" height="8" aria-hidden="true">
                  <path className={one.className} d="M2 4H20" />
                </svg>
                {one.name}
              </button>
            </th>
            <td>{text(index === undefined ? one.values.at(-1) : one.values[index])}</td>
            <td>{text(largest(one))}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function largest({ values }: ChartSeries): number | null {
  return values.reduce<number | null>((most, value) => (value === null ? most : Math.max(most ?? value, value)), null);
}
