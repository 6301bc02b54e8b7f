// The charts of a page: one span for all of them, which stands in the address, and one time that is pointed at.
import { type ReactNode, useMemo, useState } from 'react';
import { useHistoryAccess } from '../../live/metric-history.ts';
import type { ChartSpec } from '../../model/metrics/chart-spec.ts';
import { defaultSpan, rateWindow, spanOf, spans } from '../../model/metrics/span.ts';
import { replaceQuery, useRoute } from '../../route.ts';
import { Chart } from './chart.tsx';
import './charts.css';

interface Props {
  /** @param window of rates, as PromQL has it */
  charts(window: string): ChartSpec[];
  /** What else is chosen. */
  children?: ReactNode;
}

export function Charts({ charts, children }: Props) {
  const access = useHistoryAccess();
  const { query } = useRoute();
  const span = spanOf(query.get('span'));
  const [pointed, setPointed] = useState<number>();
  const specs = useMemo(() => charts(rateWindow(span)), [charts, span]);
  const choose = (id: string) => {
    const changed = new URLSearchParams(query);
    if (id === defaultSpan.id) changed.delete('span');
    else changed.set('span', id);
    replaceQuery(changed);
  };
  if (access === 'refused')
    return <p className="notice bad">You may not read the history of metrics: that takes the right to get the path /metrics/history/*.</p>;
  return (
    <>
      <div className="spans">
        {/* biome-ignore lint/a11y/useSemanticElements: a fieldset is about the input of a form */}
        <div className="span-choices" role="group" aria-label="How far back">
          {spans.map(({ id, label }) => (
            <button key={id} type="button" aria-pressed={id === span.id} onClick={() => choose(id)}>
              {label}
            </button>
          ))}
        </div>
        {children}
        <span className="quiet">A sample every half minute, kept for a day.</span>
      </div>
      <div className="charts">
        {specs.map((spec) => (
          <Chart key={spec.id} spec={spec} span={span} isAllowed={access === 'allowed'} pointed={pointed} point={setPointed} />
        ))}
      </div>
    </>
  );
}
