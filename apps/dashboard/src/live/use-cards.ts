// What is wrong now, from all that is listed: the cards of the first page, and what they are about.
import { type Card, findCards, type Known, noMeasures } from '@berth/causes';
import { useMemo, useState } from 'react';
import { isKnown } from '../model/known.ts';
import type { Objects } from '../model/next-steps.ts';
import { useNow } from '../now.ts';
import { useAsks, useCloserLook } from './closer-look.ts';
import { sources, useListing } from './listings.ts';
import { useMeasures } from './measures.ts';
import { useThrottled } from './use-throttled.ts';
import type { Listing } from './watch-store.ts';

const coarseMs = 5_000;

function useListings() {
  return {
    pods: useListing(sources.pods),
    nodes: useListing(sources.nodes),
    deployments: useListing(sources.deployments),
    events: useListing(sources.events),
    claims: useListing(sources.claims),
    volumes: useListing(sources.volumes),
    replicaSets: useListing(sources.replicaSets),
    statefulSets: useListing(sources.statefulSets),
    daemonSets: useListing(sources.daemonSets),
    jobs: useListing(sources.jobs),
    cronJobs: useListing(sources.cronJobs),
    services: useListing(sources.services),
    endpointSlices: useListing(sources.endpointSlices),
    ingresses: useListing(sources.ingresses),
    autoscalers: useListing(sources.autoscalers),
    budgets: useListing(sources.budgets),
    namespaces: useListing(sources.namespaces),
    classes: useListing(sources.classes),
    apiServices: useListing(sources.apiServices),
    validatingWebhooks: useListing(sources.validatingWebhooks),
    mutatingWebhooks: useListing(sources.mutatingWebhooks),
  };
}

export type Listings = ReturnType<typeof useListings>;

/** What is not known is not taken for absent. */
const plurals: [keyof Listings, string][] = [
  ['claims', 'persistentvolumeclaims'],
  ['volumes', 'persistentvolumes'],
  ['classes', 'storageclasses'],
  ['nodes', 'nodes'],
  ['services', 'services'],
  ['endpointSlices', 'endpointslices'],
];

const essential: (keyof Listings)[] = [
  'pods',
  'nodes',
  'deployments',
  'replicaSets',
  'statefulSets',
  'daemonSets',
  'jobs',
  'events',
  'claims',
];
const none: Card[] = [];
const manyPods = 1_000;
const manyPodsPauseMs = 500;

function knownOf(listings: Listings, now: number): Known {
  const items = <T>({ items: of }: Listing<T>) => of;
  const { services, endpointSlices, ingresses, pods } = listings;
  // Of services whose endpoints are not known, nothing is known, nor of Ingresses whose services are not.
  const areEndpointsKnown = isKnown(endpointSlices, pods, listings.deployments);
  return {
    now,
    pods: items(pods),
    nodes: items(listings.nodes),
    deployments: items(listings.deployments),
    events: items(listings.events),
    claims: items(listings.claims),
    volumes: items(listings.volumes),
    replicaSets: items(listings.replicaSets),
    statefulSets: items(listings.statefulSets),
    daemonSets: items(listings.daemonSets),
    jobs: items(listings.jobs),
    cronJobs: items(listings.cronJobs),
    autoscalers: items(listings.autoscalers),
    budgets: items(listings.budgets),
    namespaces: items(listings.namespaces),
    classes: items(listings.classes),
    apiServices: items(listings.apiServices),
    validatingWebhooks: items(listings.validatingWebhooks),
    mutatingWebhooks: items(listings.mutatingWebhooks),
    services: areEndpointsKnown ? items(services) : [],
    endpointSlices: items(endpointSlices),
    ingresses: isKnown(services) && areEndpointsKnown ? items(ingresses) : [],
    decisions: new Map(),
    lastLines: new Map(),
    changes: new Map(),
    certificates: new Map(),
    ...noMeasures,
    unread: new Set(plurals.filter(([listing]) => !isKnown(listings[listing])).map(([, plural]) => plural)),
  };
}

export function useCards(): { cards: Card[]; listings: Listings; known: Known } {
  const listings = useListings();
  const now = useNow(coarseMs);
  const newest = useMemo(() => knownOf(listings, now), [...Object.values(listings), now]);
  // Any of the lists changes it, each as often as it likes.
  const known = useThrottled(newest, newest.pods.length > manyPods ? manyPodsPauseMs : 0);
  const [found, setFound] = useState<Card[]>(none);
  const closer = useCloserLook(useAsks(found, known));
  // While what causes are made of is still being read, what looks wrong may not be, and its cause is another.
  const isLoading = essential.some((listing) => listings[listing].state === 'loading');
  const measures = useMeasures();
  const cards = useMemo(() => (isLoading ? none : findCards({ ...known, ...closer, ...measures })), [isLoading, known, closer, measures]);
  // What is found says what to ask for, and what was asked for what is found: one of them is a render behind.
  if (cards !== found) setFound(cards);
  return { cards, listings, known };
}

/** What actions are done to. */
export function objectsOf(known: Known): Objects {
  return {
    Pod: known.pods,
    Node: known.nodes,
    Deployment: known.deployments,
    ReplicaSet: known.replicaSets,
    StatefulSet: known.statefulSets,
    DaemonSet: known.daemonSets,
    PersistentVolumeClaim: known.claims,
    PersistentVolume: known.volumes,
    Job: known.jobs,
    CronJob: known.cronJobs,
    Service: known.services,
    Ingress: known.ingresses,
    PodDisruptionBudget: known.budgets,
    HorizontalPodAutoscaler: known.autoscalers,
    APIService: known.apiServices,
    ValidatingWebhookConfiguration: known.validatingWebhooks,
    MutatingWebhookConfiguration: known.mutatingWebhooks,
  };
}
