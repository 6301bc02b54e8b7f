// One node: how it is, what runs on it, what happened to it.
import type { Event, Node, Pod } from '@berth/api';
import { useCallback, useMemo } from 'react';
import { eventsOf, sources, useListing } from '../live/listings.ts';
import { type ClusterUsage, useNodeUsage } from '../live/node-metrics.ts';
import type { Listing } from '../live/watch-store.ts';
import { actionsOf } from '../model/actions/actions.ts';
import { absent, isKnown } from '../model/known.ts';
import { nodeCharts } from '../model/metrics/node-charts.ts';
import { nodeWord } from '../model/node-state.ts';
import { allocatable, nothingRequested, requestedByNode } from '../model/node-usage.ts';
import { types } from '../model/resource-types.ts';
import { ActionBar } from '../parts/action-bar.tsx';
import { Charts } from '../parts/charts/charts.tsx';
import { ConditionTable } from '../parts/condition-table.tsx';
import { DrainTab } from '../parts/drain-tab.tsx';
import { EventTable } from '../parts/event-table.tsx';
import { Age, ListingNotice, State, toneOf } from '../parts/small.tsx';
import { type Tab, Tabs } from '../parts/tabs.tsx';
import { YamlTab } from '../parts/yaml-tab.tsx';
import { useRoute } from '../route.ts';
import { NodeMeters } from './nodes-page.tsx';
import { PodTable } from './pods-page.tsx';

const tabs: Tab[] = [
  { id: '', title: 'Summary' },
  { id: 'metrics', title: 'Metrics' },
  { id: 'drain', title: 'Drain' },
  { id: 'yaml', title: 'YAML' },
];

export function NodePage({ name }: { name: string }) {
  const nodes = useListing(sources.nodes);
  const pods = useListing(sources.pods);
  const events = useListing(eventsOf('', name));
  const usage = useNodeUsage();
  const own = useMemo(() => pods.items.filter(({ spec }) => spec.nodeName === name), [pods.items, name]);
  const tab = useRoute().query.get('tab') ?? '';
  const node = nodes.items.find(({ metadata }) => metadata.name === name);
  if (!node) return isKnown(nodes) ? <p>There is no node {name}.</p> : <ListingNotice listings={[nodes]} />;
  return (
    <>
      <h1>
        {name} <State tone={toneOf(nodeWord(node))}>{nodeWord(node)}</State>
      </h1>
      <ActionBar actions={actionsOf(types.Node, node)} label={`node/${name}`} />
      <Tabs tabs={tabs} current={tab} />
      {tab === 'metrics' && <NodeCharts name={name} />}
      {tab === 'drain' && <DrainTab node={node} pods={pods} own={own} />}
      {tab === 'yaml' && <YamlTab type={types.Node} object={node} />}
      {tab === '' && <NodeSummary node={node} pods={pods} own={own} events={events} usage={usage} />}
    </>
  );
}

function NodeCharts({ name }: { name: string }) {
  const charts = useCallback((window: string) => nodeCharts(name, window), [name]);
  return <Charts charts={charts} />;
}

interface SummaryProps {
  node: Node;
  pods: Listing<Pod>;
  own: Pod[];
  events: Listing<Event>;
  usage: ClusterUsage;
}

function NodeSummary({ node, pods, own, events, usage }: SummaryProps) {
  const { name } = node.metadata;
  const requested = pods.state === 'loading' ? undefined : (requestedByNode(own).get(name) ?? nothingRequested);
  return (
    <>
      <NodeMeters requested={requested} total={allocatable(node)} usage={usage.byNode.get(name)} />
      {usage.state === 'absent' && <p className="quiet">No usage data: this cluster serves no metrics.k8s.io.</p>}
      <Facts node={node} />
      <h2>Conditions</h2>
      <ConditionTable of="node" conditions={node.status?.conditions ?? []} />
      <h2>Pods</h2>
      <ListingNotice listings={[pods]} />
      <PodTable pods={own} empty={absent('No pods.', pods)} />
      <h2>Events</h2>
      <EventTable events={events} isOfOneObject />
    </>
  );
}

function Facts({ node }: { node: Node }) {
  const { addresses = [], nodeInfo } = node.status ?? {};
  const taints = (node.spec?.taints ?? []).map(({ key, value, effect }) => `${key}${value ? `=${value}` : ''}:${effect}`);
  return (
    <dl className="facts">
      <div>
        <dt>Age</dt>
        <dd>
          <Age of={node.metadata.creationTimestamp} />
        </dd>
      </div>
      <div>
        <dt>Addresses</dt>
        <dd>{addresses.map(({ address }) => address).join(', ') || '–'}</dd>
      </div>
      <div>
        <dt>Version</dt>
        <dd>{[nodeInfo?.kubeletVersion, nodeInfo?.containerRuntimeVersion, nodeInfo?.kernelVersion].filter(Boolean).join(' · ') || '–'}</dd>
      </div>
      <div>
        <dt>Taints</dt>
        <dd>{taints.join(', ') || 'none'}</dd>
      </div>
    </dl>
  );
}
