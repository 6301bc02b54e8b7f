// The kinds that the cluster serves now, custom ones and those of other servers included.
import { useQuery } from '@tanstack/react-query';
import { type DiscoveryList, discoveryAccept, type ServedKind, servedKinds } from '../model/discovery.ts';
import { useSession } from './session-context.ts';

const everyMs = 60_000;

export interface Served {
  /** Undefined while they are not known. */
  kinds: ServedKind[] | undefined;
  error: string | undefined;
}

export function useServedKinds(): Served {
  const { api } = useSession();
  const { data, error } = useQuery({
    queryKey: ['discovery'],
    queryFn: async ({ signal }) => {
      const ask = (path: string) => api.getJson<DiscoveryList>(path, {}, signal, discoveryAccept);
      return servedKinds(await Promise.all([ask('/api'), ask('/apis')]));
    },
    staleTime: everyMs,
    refetchInterval: everyMs,
  });
  return { kinds: data, error: error?.message };
}
