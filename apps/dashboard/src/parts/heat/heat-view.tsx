// The heat map of nodes with what is chosen of it, or the same as a table; which of them and how stands in the address.
import type { Node } from '@berth/api';
import { useMemo } from 'react';
import type { ClusterUsage } from '../../live/node-metrics.ts';
import { inHeatOrder, type Measure, type NodeHeat, nodeHeat, type Order, orders, type Shares, shareText } from '../../model/heat.ts';
import { nodeState } from '../../model/node-state.ts';
import { type Amounts, nothingRequested } from '../../model/node-usage.ts';
import { replaceQuery, useRoute } from '../../route.ts';
import { type Column, DataTable } from '../data-table.tsx';
import { ObjectLink, State } from '../small.tsx';
import { HeatMap } from './heat-map.tsx';

interface Props {
  nodes: Node[];
  /** Undefined while it is not known. */
  requested: ReadonlyMap<string, Amounts> | undefined;
  usage: ClusterUsage;
  as: 'map' | 'table';
}

const measures: [Measure, string][] = [
  ['cpu', 'CPU'],
  ['memory', 'Memory'],
  ['pods', 'Pods'],
];
const orderNames: Record<Order, string> = { name: 'by name', requested: 'most requested first', used: 'most used first' };

export function HeatView({ nodes, requested, usage, as }: Props) {
  const { query } = useRoute();
  const heats = useMemo(
    () =>
      nodes.map((node) => {
        const name = node.metadata.name ?? '';
        return nodeHeat(node, requested && (requested.get(name) ?? nothingRequested), usage.byNode.get(name)?.latest);
      }),
    [nodes, requested, usage.byNode],
  );
  const measure = measures.find(([id]) => id === query.get('measure'))?.[0] ?? 'cpu';
  const order = orders.find((id) => id === query.get('order')) ?? 'name';
  const sorted = useMemo(() => inHeatOrder(heats, measure, order), [heats, measure, order]);
  const choose = (name: string, value: string) => {
    const changed = new URLSearchParams(query);
    changed.set(name, value);
    replaceQuery(changed);
  };
  if (as === 'table') {
    return <DataTable label="Nodes by use" columns={columns} rows={sorted} rowKey={({ name }) => name} empty="No nodes." />;
  }
  return (
    <>
      <div className="fields">
        <label>
          Show{' '}
          <select value={measure} onChange={({ target }) => choose('measure', target.value)}>
            {measures.map(([id, label]) => (
              <option key={id} value={id} label={label} />
            ))}
          </select>
        </label>
        <label>
          Order{' '}
          <select value={order} onChange={({ target }) => choose('order', target.value)}>
            {orders.map((id) => (
              <option key={id} value={id} label={orderNames[id]} />
            ))}
          </select>
        </label>
      </div>
      <HeatMap nodes={sorted} measure={measure} />
    </>
  );
}

const share = (title: string, of: (node: NodeHeat) => number | undefined, className = 'w-share'): Column<NodeHeat> => ({
  title,
  className,
  sort: (node) => of(node) ?? -1,
  cell: (node) => shareText(of(node)),
});
const pair = (title: string, of: (node: NodeHeat) => Shares): Column<NodeHeat>[] => [
  share(`${title} requested`, (node) => of(node).requested),
  share(`${title} used`, (node) => of(node).used, 'w-share wide'),
];

const columns: Column<NodeHeat>[] = [
  { title: 'Node', className: 'w-name', sort: ({ name }) => name, cell: ({ name }) => <ObjectLink kind="Node" name={name} /> },
  {
    title: 'State',
    className: 'w-count wide',
    sort: ({ node }) => nodeState(node),
    cell: ({ node }) => {
      const word = nodeState(node);
      return <State tone={word === 'Ready' ? 'good' : word === 'Cordoned' ? 'warn' : 'bad'}>{word}</State>;
    },
  },
  ...pair('CPU', ({ cpu }) => cpu),
  ...pair('Memory', ({ memory }) => memory),
  share('Pods', ({ pods }) => pods.used, 'w-short'),
];
