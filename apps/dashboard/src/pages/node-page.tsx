// One node: how it is, what runs on it, what happened to it.
import type { Node } from '@berth/api';
import { useMemo } from 'react';
import { eventsOf, sources, useListing } from '../live/listings.ts';
import { useNodeUsage } from '../live/node-metrics.ts';
import { actionsOf } from '../model/actions/actions.ts';
import { absent, isKnown } from '../model/known.ts';
import { allocatable, requestedByNode } from '../model/node-usage.ts';
import { types } from '../model/resource-types.ts';
import { ActionBar } from '../parts/action-bar.tsx';
import { ConditionTable } from '../parts/condition-table.tsx';
import { EventTable } from '../parts/event-table.tsx';
import { Age, ListingNotice, State, toneOf } from '../parts/small.tsx';
import { NodeMeters, nodeWord, nothing } from './nodes-page.tsx';
import { PodTable } from './pods-page.tsx';

export function NodePage({ name }: { name: string }) {
  const nodes = useListing(sources.nodes);
  const pods = useListing(sources.pods);
  const events = useListing(eventsOf('', name));
  const usage = useNodeUsage();
  const own = useMemo(() => pods.items.filter(({ spec }) => spec.nodeName === name), [pods.items, name]);
  const requested = pods.state === 'loading' ? undefined : (requestedByNode(own).get(name) ?? nothing);
  const node = nodes.items.find(({ metadata }) => metadata.name === name);
  if (!node) return isKnown(nodes) ? <p>There is no node {name}.</p> : <ListingNotice listings={[nodes]} />;
  return (
    <>
      <h1>
        {name} <State tone={toneOf(nodeWord(node))}>{nodeWord(node)}</State>
      </h1>
      <ActionBar actions={actionsOf(types.Node, node)} label={`node/${name}`} />
      <NodeMeters requested={requested} total={allocatable(node)} usage={usage.byNode.get(name)} />
      {usage.state === 'absent' && <p className="quiet">No usage data: this cluster serves no metrics.k8s.io.</p>}
      <Facts node={node} />
      <h2>Conditions</h2>
      <ConditionTable of="node" conditions={node.status?.conditions ?? []} />
      <h2>Pods</h2>
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
