// Where the nodes of one cluster live on this machine. The first is the machine itself; each further one has a network namespace of its
// own, and all are neighbours on a small network.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { ClusterLayout } from './layout.ts';

/** More would only share the same cores and disk. */
export const nodesMax = 9;

export interface NodeLayout {
  name: string;
  /** Names its bridge, nft table and cgroups. */
  instance: string;
  directory: string;
  /** Of its agent, in the cluster's folder of processes. */
  process: string;
  /** On the network between nodes; absent where there is only one. */
  address: string | undefined;
  /** Its network namespace; absent for the machine's own. */
  namespace: string | undefined;
}

/** @param nodes how many there are */
export function nodeLayouts(layout: ClusterLayout, nodes: number): NodeLayout[] {
  return Array.from({ length: nodes }, (_, index) => nodeLayout(layout, index + 1, nodes > 1));
}

function nodeLayout(layout: ClusterLayout, number: number, hasNeighbours: boolean): NodeLayout {
  const isFirst = number === 1;
  return {
    name: isFirst ? layout.nodeName : `${layout.nodeName}-${number}`,
    instance: isFirst ? layout.instance : `${layout.instance}n${number}`,
    directory: join(layout.directory, nodeFolder(number)),
    process: isFirst ? 'node-agent' : `node-agent-${number}`,
    address: hasNeighbours ? lanAddress(layout, number) : undefined,
    namespace: isFirst ? undefined : `berth-${layout.instance}-${number}`,
  };
}

/** How many nodes this cluster has had so far; at least one. */
export function nodesPresent({ directory }: Pick<ClusterLayout, 'directory'>): number {
  let nodes = 1;
  while (nodes < nodesMax && existsSync(join(directory, nodeFolder(nodes + 1)))) nodes++;
  return nodes;
}

/** Of the network between nodes: the range that RFC 6598 keeps for what lies between networks. The first node's is the way out for all. */
export function lanAddress({ instance }: Pick<ClusterLayout, 'instance'>, number: number): string {
  return `100.64.${instance}.${number}`;
}

function nodeFolder(number: number): string {
  return number === 1 ? 'node' : `node-${number}`;
}
