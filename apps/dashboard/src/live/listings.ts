// The kinds that pages show, as live listings: `useListing(sources.pods)`.
import type {
  APIService,
  autoscalingV2,
  batchV1,
  ControllerRevision,
  DaemonSet,
  Deployment,
  EndpointSlice,
  Event,
  Ingress,
  MutatingWebhookConfiguration,
  Namespace,
  Node,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  policyV1,
  ReplicaSet,
  Service,
  StatefulSet,
  StorageClass,
  ValidatingWebhookConfiguration,
} from '@berth/api';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useSyncExternalStore } from 'react';
import { collectionPath, type ResourceType, types } from '../model/resource-types.ts';
import { useSession } from './session-context.ts';
import type { FeedState, Source } from './watch-feed.ts';
import { emptyListing, type Listing, sourceKey } from './watch-store.ts';

/** A source that knows what it holds. */
export interface TypedSource<T> extends Source {
  readonly holds?: T;
  /** Of all namespaces, or of the only one that one may see. */
  readonly isOfAll?: ResourceType;
}

const all = <T>(type: ResourceType): TypedSource<T> => ({ path: collectionPath(type), isOfAll: type });

export const sources = {
  pods: all<Pod>(types.Pod),
  nodes: all<Node>(types.Node),
  events: all<Event>(types.Event),
  services: all<Service>(types.Service),
  namespaces: all<Namespace>(types.Namespace),
  claims: all<PersistentVolumeClaim>(types.PersistentVolumeClaim),
  volumes: all<PersistentVolume>(types.PersistentVolume),
  deployments: all<Deployment>(types.Deployment),
  replicaSets: all<ReplicaSet>(types.ReplicaSet),
  statefulSets: all<StatefulSet>(types.StatefulSet),
  daemonSets: all<DaemonSet>(types.DaemonSet),
  jobs: all<batchV1.Job>(types.Job),
  cronJobs: all<batchV1.CronJob>(types.CronJob),
  budgets: all<policyV1.PodDisruptionBudget>(types.PodDisruptionBudget),
  autoscalers: all<autoscalingV2.HorizontalPodAutoscaler>(types.HorizontalPodAutoscaler),
  endpointSlices: all<EndpointSlice>(types.EndpointSlice),
  ingresses: all<Ingress>(types.Ingress),
  classes: all<StorageClass>(types.StorageClass),
  apiServices: all<APIService>(types.APIService),
  validatingWebhooks: all<ValidatingWebhookConfiguration>(types.ValidatingWebhookConfiguration),
  mutatingWebhooks: all<MutatingWebhookConfiguration>(types.MutatingWebhookConfiguration),
};

/** Those of one namespace. */
export function within<T>(type: ResourceType, namespace: string | undefined): TypedSource<T> {
  return { path: collectionPath(type, namespace) };
}

export const replicaSetsIn = (namespace: string | undefined) => within<ReplicaSet>(types.ReplicaSet, namespace);
export const revisionsIn = (namespace: string | undefined) => within<ControllerRevision>(types.ControllerRevision, namespace);

export function oneObject<T>(type: ResourceType, namespace: string | undefined, name: string): TypedSource<T> {
  return { path: collectionPath(type, namespace), fieldSelector: `metadata.name=${name}` };
}

export const onePod = (namespace: string, name: string) => oneObject<Pod>(types.Pod, namespace, name);

/** Events of what has no namespace are in one of those that there are. */
export function eventsOf(namespace: string | undefined, name: string): TypedSource<Event> {
  return { path: collectionPath(types.Event, namespace), fieldSelector: `involvedObject.name=${name}` };
}

/** @param wanted undefined for nothing, which is then known to be there */
export function useListing<T>(wanted: TypedSource<T> | undefined): Listing<T> {
  const { store, confinedTo } = useSession();
  const path = wanted?.isOfAll ? collectionPath(wanted.isOfAll, confinedTo) : wanted?.path;
  const { fieldSelector, labelSelector, isTable } = wanted ?? {};
  useEffect(
    () =>
      path === undefined
        ? undefined
        : store.use({
            path,
            ...(fieldSelector && { fieldSelector }),
            ...(labelSelector && { labelSelector }),
            ...(isTable && { isTable }),
          }),
    [store, path, fieldSelector, labelSelector, isTable],
  );
  const key = path === undefined ? '' : sourceKey({ path, fieldSelector, labelSelector, isTable });
  const initialData = path === undefined ? nothing : emptyListing;
  // The store writes it; nothing is fetched by the query itself.
  const { data } = useQuery<Listing<T>>({
    queryKey: ['watch', key],
    queryFn: () => initialData,
    enabled: false,
    initialData,
  });
  return data;
}

const nothing: Listing<never> = { items: [], state: 'live' };

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
