// One object of any kind: what can be done to it, how it is, what it belongs to, what happened to it, and its YAML.
import { type ReactNode, useCallback, useMemo } from 'react';
import { hasPods, useAround } from '../live/around.ts';
import { eventsOf, oneObject, useListing } from '../live/listings.ts';
import { useServedKinds } from '../live/served-kinds.ts';
import { actionsOf } from '../model/actions/actions.ts';
import { findKind, type ServedKind } from '../model/discovery.ts';
import { absent, isKnown } from '../model/known.ts';
import type { KubernetesObject } from '../model/kubernetes-object.ts';
import { loggedContainers } from '../model/log-sources.ts';
import { type Workload, workloadCharts } from '../model/metrics/workload-charts.ts';
import { builtInType, kubectlName, type ResourceType } from '../model/resource-types.ts';
import { ActionBar } from '../parts/action-bar.tsx';
import { Charts } from '../parts/charts/charts.tsx';
import { ConditionTable } from '../parts/condition-table.tsx';
import { EventTable } from '../parts/event-table.tsx';
import { LogView } from '../parts/log-view.tsx';
import { ObjectFacts } from '../parts/object-facts.tsx';
import { RolloutHistory } from '../parts/rollout-history.tsx';
import { ListingNotice, State } from '../parts/small.tsx';
import { type Tab, Tabs } from '../parts/tabs.tsx';
import { YamlTab } from '../parts/yaml-tab.tsx';
import { coreGroup, kindLink, noNamespace, useRoute } from '../route.ts';
import { PodTable } from './pods-page.tsx';

export function ObjectPage({ segments: [groupText = '', kind = '', namespaceText = '', name = ''] }: { segments: string[] }) {
  const group = groupText === coreGroup ? '' : groupText;
  const namespace = namespaceText === noNamespace ? undefined : namespaceText;
  const { kinds, error } = useServedKinds();
  const served = kinds && findKind(kinds, group, kind);
  const type = served ?? builtInType(kind, group);
  if (!type && error) return <p className="notice bad">{error}</p>;
  if (!type && !kinds) return <p className="quiet">Loading…</p>;
  if (!type) return <p className="notice bad">This cluster serves no kind {group ? `${kind} of group ${group}` : kind}.</p>;
  return <OneObject type={type} served={served} namespace={namespace} name={name} />;
}

/** The logs of more pods are too much to read, for people and for browsers. */
const loggedPodsMax = 20;

interface Props {
  type: ResourceType;
  served: ServedKind | undefined;
  namespace: string | undefined;
  name: string;
}

function OneObject({ type, served, namespace, name }: Props) {
  const listing = useListing(oneObject<KubernetesObject>(type, namespace, name));
  const events = useListing(eventsOf(namespace, name));
  const [object] = listing.items;
  const around = useAround(type, object);
  const { query } = useRoute();
  const actions = useMemo(
    () => (object ? actionsOf(type, object, { ...around, subresources: served?.subresources ?? [] }) : []),
    [type, object, around, served],
  );
  const own = events.items.filter(({ involvedObject }) => involvedObject.kind === type.kind);
  const title = kubectlName(type, name);
  const tabs: Tab[] = [
    { id: '', title: 'Summary' },
    ...(around.revisions.length > 0 ? [{ id: 'history', title: 'Rollout history' }] : []),
    ...(hasPods(type)
      ? [
          { id: 'metrics', title: 'Metrics' },
          { id: 'logs', title: 'Logs' },
        ]
      : []),
    { id: 'yaml', title: 'YAML' },
  ];
  const tab = query.get('tab') ?? '';
  return (
    <>
      <h1>
        <a className="quiet" href={kindLink(type)}>
          {type.kind}
        </a>{' '}
        {namespace && <span className="quiet">{namespace}/</span>}
        {name} {object?.metadata.deletionTimestamp && <State tone="warn">Terminating</State>}
      </h1>
      {object ? (
        <>
          <ActionBar actions={actions} label={title} />
          <Tabs tabs={tabs} current={tab} />
          {tab === 'yaml' && <YamlTab type={type} object={object} />}
          {tab === 'metrics' && <WorkloadCharts kind={type.kind} namespace={namespace ?? ''} name={name} pods={around.pods.length} />}
          {tab === 'logs' && <WorkloadLogs listing={around.podListing} name={name} />}
          {tab === 'history' && <RolloutHistory revisions={around.revisions} />}
          {tab === '' && (
            <Summary type={type} object={object} around={around} events={<EventTable events={events} shown={own} isOfOneObject />} />
          )}
        </>
      ) : (
        <Missing listing={listing} title={title} events={<EventTable events={events} shown={own} isOfOneObject />} />
      )}
    </>
  );
}

function WorkloadCharts({ kind, namespace, name, pods }: Workload) {
  const charts = useCallback((window: string) => workloadCharts({ kind, namespace, name, pods }, window), [kind, namespace, name, pods]);
  return <Charts charts={charts} />;
}

/** Of all its pods, by time. */
function WorkloadLogs({ listing, name }: { listing: ReturnType<typeof useAround>['podListing']; name: string }) {
  if (listing.items.length === 0) return <p className="quiet">{absent('It has no pods.', listing) || 'Its pods are not known.'}</p>;
  const containers = loggedContainers(listing.items.slice(0, loggedPodsMax));
  return (
    <>
      {listing.items.length > loggedPodsMax && (
        <p className="quiet">
          Of the first {loggedPodsMax} of its {listing.items.length} pods.
        </p>
      )}
      <LogView containers={containers} first="" name={name} />
    </>
  );
}

interface MissingProps {
  listing: Parameters<typeof ListingNotice>[0]['listings'][number] & Parameters<typeof isKnown>[0];
  title: string;
  events: ReactNode;
}

function Missing({ listing, title, events }: MissingProps) {
  if (!isKnown(listing)) return <ListingNotice listings={[listing]} />;
  return (
    <>
      <p className="notice bad">There is no {title} (any more).</p>
      <h2>Events</h2>
      {events}
    </>
  );
}

interface SummaryProps {
  type: ResourceType;
  object: KubernetesObject;
  around: ReturnType<typeof useAround>;
  events: ReactNode;
}

function Summary({ type, object, around, events }: SummaryProps) {
  const { conditions } = (object as { status?: { conditions?: unknown } }).status ?? {};
  return (
    <>
      <ObjectFacts object={object} />
      {Array.isArray(conditions) && (
        <>
          <h2>Conditions</h2>
          <ConditionTable of="object" conditions={conditions} />
        </>
      )}
      {hasPods(type) && (
        <>
          <h2>Pods</h2>
          <ListingNotice listings={[around.podListing]} />
          <PodTable pods={around.pods} empty={absent('No pods.', around.podListing)} />
        </>
      )}
      <h2>Events</h2>
      {events}
    </>
  );
}
