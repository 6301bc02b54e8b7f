// Charts from the day of metrics that the control plane keeps, asked as Prometheus is asked. Two at a time, so that watches and logs keep
// connections; what nobody looks at any more is cancelled, and a page in the background asks for nothing.
import { useQuery } from '@tanstack/react-query';
import { type ChartSpec, chartExpression } from '../model/metrics/chart-spec.ts';
import { type ChartData, chartData, type RangeAnswer } from '../model/metrics/matrix.ts';
import { gridOf, type Span } from '../model/metrics/span.ts';
import type { ApiClient } from './api-client.ts';
import { Seats } from './seats.ts';
import { useSession } from './session-context.ts';

const path = '/metrics/history/api/v1/query_range';
const everyMs = 30_000;
const runningMax = 2;
const seats = new Seats(runningMax);

export type HistoryAccess = 'asking' | 'allowed' | 'refused';

/** Whether one may read it at all. */
export function useHistoryAccess(): HistoryAccess {
  const { access } = useSession();
  const { data, isError } = useQuery({ queryKey: ['access', path], queryFn: () => access.mayGetPath(path), staleTime: everyMs });
  // Who cannot be asked answers the queries themselves.
  if (isError) return 'allowed';
  return data === undefined ? 'asking' : data ? 'allowed' : 'refused';
}

export interface ChartState {
  data: ChartData | undefined;
  error: string | undefined;
}

export function useChart(spec: ChartSpec, span: Span, isWanted: boolean): ChartState {
  const { api } = useSession();
  const expression = chartExpression(spec);
  const { data, error } = useQuery({
    queryKey: ['chart', expression, span.id],
    queryFn: ({ signal }) => seats.within(signal, () => read(api, spec, expression, span, signal)),
    enabled: isWanted,
    refetchInterval: everyMs,
    refetchIntervalInBackground: false,
    // What the last minutes were is known already.
    staleTime: everyMs / 2,
  });
  return { data, error: error?.message };
}

async function read(api: ApiClient, spec: ChartSpec, query: string, span: Span, signal: AbortSignal): Promise<ChartData> {
  const grid = gridOf(span, Date.now());
  const parameters = { query, start: String(grid.startSeconds), end: String(grid.endSeconds), step: String(grid.stepSeconds) };
  return chartData(spec, grid, await api.getJson<RangeAnswer>(path, parameters, signal));
}
