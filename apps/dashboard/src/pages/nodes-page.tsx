// Every node with what is asked of it, what it can give, and, where the cluster measures it, what is used.
import type { Node } from '@berth/api';
import { useMemo } from 'react';
import { sources, useListing } from '../live/listings.ts';
import { type ClusterUsage, type NodeUsage, useNodeUsage } from '../live/node-metrics.ts';
import { isKnown } from '../model/known.ts';
import { nodeState, nodeStates, nodeWord } from '../model/node-state.ts';
import { type Amounts, allocatable, cpuText, memoryText, nothingRequested, requestedByNode } from '../model/node-usage.ts';
import { selectedBy } from '../model/selected-by.ts';
import { isTrouble } from '../parts/condition-table.tsx';
import { FilterBar, passes } from '../parts/filter-bar.tsx';
import { HeatView } from '../parts/heat/heat-view.tsx';
import { Age, ListingNotice, Meter, ObjectLink, State, toneOf } from '../parts/small.tsx';
import { Sparkline } from '../parts/sparkline.tsx';
import { type Tab, Tabs } from '../parts/tabs.tsx';
import { useRoute } from '../route.ts';

const shownMax = 100;
const tabs: Tab[] = [
  { id: '', title: 'List' },
  { id: 'heat', title: 'Heat map' },
  { id: 'table', title: 'Table' },
];
const zoneLabel = 'topology.kubernetes.io/zone';

export function NodesPage() {
  const nodes = useListing(sources.nodes);
  const pods = useListing(sources.pods);
  const usage = useNodeUsage();
  const { query } = useRoute();
  // Of a list that is not whole yet, the sums would be wrong.
  const requested = useMemo(() => (pods.state === 'loading' ? undefined : requestedByNode(pods.items)), [pods.items, pods.state]);
  const key = query.toString();
  const rows = useMemo(() => filtered(nodes.items, new URLSearchParams(key)), [nodes.items, key]);
  const zones = useMemo(() => [...new Set(nodes.items.map(zoneOf))], [nodes.items]);
  const choices = [
    { name: 'state', label: 'State', options: [...nodeStates] },
    ...(zones.length > 1 ? [{ name: 'zone', label: 'Zone', options: zones }] : []),
    { name: 'selector', label: 'Labels', options: [] },
  ];
  const tab = query.get('tab') ?? '';
  return (
    <>
      <h1>Nodes</h1>
      <FilterBar choices={choices} count={rows.length} total={nodes.items.length} />
      {usage.state === 'absent' && <p className="quiet">No usage data: this cluster serves no metrics.k8s.io.</p>}
      {usage.state === 'failed' && <p className="quiet">No usage data: {usage.error}</p>}
      <ListingNotice listings={[nodes, pods]} />
      {isKnown(nodes) && rows.length === 0 && <p className="quiet">No nodes.</p>}
      <Tabs tabs={tabs} current={tab} />
      {tab === '' ? (
        <NodeList rows={rows} requested={requested} usage={usage} />
      ) : (
        <HeatView nodes={rows} requested={requested} usage={usage} as={tab === 'table' ? 'table' : 'map'} />
      )}
    </>
  );
}

interface NodeListProps {
  rows: Node[];
  /** Undefined while it is not known. */
  requested: ReadonlyMap<string, Amounts> | undefined;
  usage: ClusterUsage;
}

function NodeList({ rows, requested, usage }: NodeListProps) {
  return (
    <>
      <ul className="nodes">
        {rows.slice(0, shownMax).map((node) => (
          <NodeItem
            key={node.metadata.name}
            node={node}
            requested={requested && (requested.get(node.metadata.name ?? '') ?? nothingRequested)}
            usage={usage.byNode.get(node.metadata.name ?? '')}
          />
        ))}
      </ul>
      {rows.length > shownMax && <p className="quiet">{rows.length - shownMax} more are not shown: narrow the filter.</p>}
    </>
  );
}

function filtered(nodes: Node[], query: URLSearchParams): Node[] {
  const [state, zone] = [query.get('state'), query.get('zone')];
  const selects = selectedBy(query.get('selector'));
  return nodes
    .filter(({ metadata }) => passes(metadata, query) && selects(metadata.labels))
    .filter((node) => (!state || nodeState(node) === state) && (!zone || zoneOf(node) === zone))
    .sort(worstFirst);
}

function zoneOf({ metadata }: Node): string {
  return metadata.labels?.[zoneLabel] ?? '';
}

interface NodeItemProps {
  node: Node;
  /** Undefined while it is not known. */
  requested: Amounts | undefined;
  usage: NodeUsage | undefined;
}

function NodeItem({ node, requested, usage }: NodeItemProps) {
  const total = allocatable(node);
  return (
    <li className="node">
      <div className="what">
        <State tone={toneOf(nodeWord(node))}>{nodeWord(node)}</State>
        {node.spec?.unschedulable && <State tone="warn">SchedulingDisabled</State>}
        <ObjectLink kind="Node" name={node.metadata.name} />
        <span className="quiet">
          <Age of={node.metadata.creationTimestamp} /> · {node.status?.nodeInfo?.kubeletVersion}
        </span>
      </div>
      {nodeTroubles(node).map((trouble) => (
        <p key={trouble} className="trouble">
          {trouble}
        </p>
      ))}
      <NodeMeters requested={requested} total={total} usage={usage} />
    </li>
  );
}

export function NodeMeters({ requested, total, usage }: Omit<NodeItemProps, 'node'> & { total: Amounts }) {
  return (
    <div className="meters">
      <div>
        <Meter label="CPU" requested={requested?.cpu} used={usage?.latest.cpu} total={total.cpu} text={cpuText} />
        {usage && <Sparkline label="CPU used" points={usage.points.map(({ atMs, cpu }) => [atMs, cpu])} text={cpuText} />}
      </div>
      <div>
        <Meter label="Memory" requested={requested?.memory} used={usage?.latest.memory} total={total.memory} text={memoryText} />
        {usage && <Sparkline label="Memory used" points={usage.points.map(({ atMs, memory }) => [atMs, memory])} text={memoryText} />}
      </div>
      <div>
        <Meter label="Pods" requested={requested?.pods} total={total.pods} text={String} />
      </div>
    </div>
  );
}

/** The conditions that are not as they should be. */
export function nodeTroubles(node: Node): string[] {
  return (node.status?.conditions ?? [])
    .filter(({ type, status }) => isTrouble('node', type, status))
    .map((condition) => `${condition.type} is ${condition.status}: ${condition.message || condition.reason || ''}`);
}

function worstFirst(a: Node, b: Node): number {
  const rank = (node: Node) => (nodeWord(node) === 'Ready' ? 1 : 0);
  return rank(a) - rank(b) || ((a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1);
}
