// The kinds that pages show, as live listings: `useListing(sources.pods)`.
import type {
  Deployment,
  EndpointSlice,
  Event,
  Namespace,
  Node,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  ReplicaSet,
  Service,
} from '@berth/api';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useSyncExternalStore } from 'react';
import { useSession } from './session.tsx';
import type { FeedState, Source } from './watch-feed.ts';
import { emptyListing, type Listing, sourceKey } from './watch-store.ts';

/** A source that knows what it holds. */
export interface TypedSource<T> extends Source {
  readonly holds?: T;
}

const source = <T>(path: string): TypedSource<T> => ({ path });

export const sources = {
  pods: source<Pod>('/api/v1/pods'),
  nodes: source<Node>('/api/v1/nodes'),
  events: source<Event>('/api/v1/events'),
  services: source<Service>('/api/v1/services'),
  namespaces: source<Namespace>('/api/v1/namespaces'),
  claims: source<PersistentVolumeClaim>('/api/v1/persistentvolumeclaims'),
  volumes: source<PersistentVolume>('/api/v1/persistentvolumes'),
  deployments: source<Deployment>('/apis/apps/v1/deployments'),
  replicaSets: source<ReplicaSet>('/apis/apps/v1/replicasets'),
  endpointSlices: source<EndpointSlice>('/apis/discovery.k8s.io/v1/endpointslices'),
};

export function onePod(namespace: string, name: string): TypedSource<Pod> {
  return { path: `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods`, fieldSelector: `metadata.name=${name}` };
}

export function eventsOf(namespace: string, name: string): TypedSource<Event> {
  const path = namespace ? `/api/v1/namespaces/${encodeURIComponent(namespace)}/events` : '/api/v1/events';
  return { path, fieldSelector: `involvedObject.name=${name}` };
}

export function useListing<T>(wanted: TypedSource<T>): Listing<T> {
  const { store } = useSession();
  const { path, fieldSelector } = wanted;
  useEffect(() => store.use({ path, ...(fieldSelector && { fieldSelector }) }), [store, path, fieldSelector]);
  // The store writes it; nothing is fetched by the query itself.
  const { data } = useQuery<Listing<T>>({
    queryKey: ['watch', sourceKey(wanted)],
    queryFn: () => emptyListing,
    enabled: false,
    initialData: emptyListing,
  });
  return data;
}

const badness: FeedState[] = ['live', 'polling', 'loading', 'failed', 'reconnecting'];

/** How fresh the page is: the worst state of what is shown now. */
export function useFreshness(): { state: FeedState; error?: string | undefined } {
  const cache = useQueryClient().getQueryCache();
  const text = useSyncExternalStore(
    (changed) => cache.subscribe(changed),
    () => {
      const shown = cache.findAll({ queryKey: ['watch'] }).filter((query) => query.getObserversCount() > 0);
      const listings = shown.map((query) => query.state.data as Listing | undefined).filter((listing) => listing !== undefined);
      const worst = listings.sort((a, b) => badness.indexOf(b.state) - badness.indexOf(a.state))[0];
      return `${worst?.state ?? 'live'} ${worst?.error ?? ''}`;
    },
  );
  const space = text.indexOf(' ');
  return { state: text.slice(0, space) as FeedState, error: text.slice(space + 1) || undefined };
}
