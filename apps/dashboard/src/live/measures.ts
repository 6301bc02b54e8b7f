// What the first page takes from the day of metrics: how full volumes are, and when the cluster's own certificates end. Whoever may not
// read metrics is not told of either.
import { type InstantAnswer, type Measures, measureQueries, measuresPath, noMeasures, readMeasures } from '@berth/causes';
import { useQuery } from '@tanstack/react-query';
import { useHistoryAccess } from './metric-history.ts';
import { useSession } from './session-context.ts';

const everyMs = 30_000;

export function useMeasures(): Measures {
  const { api } = useSession();
  const isAllowed = useHistoryAccess() === 'allowed';
  const { data } = useQuery({
    queryKey: ['measures'],
    queryFn: async ({ signal }) => {
      const ask = (query: string) => api.getJson<InstantAnswer>(measuresPath, { query }, signal);
      return readMeasures(await ask(measureQueries.volumes), await ask(measureQueries.certificates), Date.now());
    },
    enabled: isAllowed,
    refetchInterval: everyMs,
  });
  return data ?? noMeasures;
}
