// Which node announces each address of the pool: one at a time. An address stays where it is as long as that may be; one that has to move, or
// is new, goes to whichever node has the fewest. Pure.
import { createHash } from 'node:crypto';
import { heldAddresses } from '@berth/api';

/** An address that services have, and the nodes that may announce it. */
export interface Announced {
  address: string;
  candidates: ReadonlySet<string>;
}

/** @param current node by address @returns the same as it is to be */
export function assignHolders(announced: Announced[], current: ReadonlyMap<string, string>): Map<string, string> {
  const holders = new Map<string, string>();
  const counts = new Map<string, number>();
  const give = (address: string, node: string) => {
    holders.set(address, node);
    counts.set(node, (counts.get(node) ?? 0) + 1);
  };
  const moving: Announced[] = [];
  for (const each of announced) {
    const node = current.get(each.address);
    if (node !== undefined && each.candidates.has(node)) give(each.address, node);
    else moving.push(each);
  }
  for (const { address, candidates } of moving) {
    const [best] = [...candidates].sort(
      (a, b) => (counts.get(a) ?? 0) - (counts.get(b) ?? 0) || (rank(address, a) < rank(address, b) ? -1 : 1),
    );
    if (best !== undefined) give(address, best);
  }
  return holders;
}

/** Of equals, each address prefers another node, and always the same. */
function rank(address: string, node: string): string {
  return createHash('sha256').update(`${address} ${node}`).digest('hex');
}

/** By address. @param data of the ConfigMap */
export function holdersIn(data: Record<string, string> | undefined): Map<string, string> {
  const nodes = Object.keys(data ?? {});
  return new Map(nodes.flatMap((node) => heldAddresses(data, node).map((address): [string, string] => [address, node])));
}

export function holdersData(holders: ReadonlyMap<string, string>): Record<string, string> {
  const byNode = Map.groupBy([...holders].sort(), ([, node]) => node);
  return Object.fromEntries([...byNode].map(([node, held]) => [node, held.map(([address]) => address).join(',')]));
}
