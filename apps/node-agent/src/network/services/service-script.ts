// Scripts for nft that bring a node's table for services from what it holds to what it is to hold, each one transaction: the whole table anew,
// or the difference. Pure.
import type { Entry } from './frontends.ts';
import { type Layout, noTableScript } from './service-layout.ts';

/** Clients of one endpoint that are remembered at most: the kernel's own bound for sets that packets fill. */
const clientsMax = 65_535;

export interface TableChanges {
  table: string;
  added: Entry[];
  removed: Entry[];
  /** Statements that belong to the same transaction. */
  more: string[];
}

/** Replaces whatever is there. */
export function wholeScript(table: string, layout: Layout, entries: Entry[]): string {
  return noTableScript(table) + layout.text + changeScript({ table, added: entries, removed: [], more: [] });
}

/** Statements by lines; empty when nothing changes. */
export function changeScript({ table, added, removed, more }: TableChanges): string {
  const lines = [
    // A chain may lead to another that is as new.
    ...of(added, 'affinity').map(
      ({ name }) => `add set ip ${table} ${name} { type ipv4_addr; flags dynamic,timeout; size ${clientsMax}; }`,
    ),
    ...of(added, 'chain').map(({ name }) => `add chain ip ${table} ${name}`),
    ...of(added, 'chain').flatMap(({ name, rules }) => rules.map((rule) => `add rule ip ${table} ${name} ${rule}`)),
    ...elements('delete', table, removed),
    ...elements('add', table, added),
    // What leads to others goes before them.
    ...of(removed, 'chain').map(({ name }) => `flush chain ip ${table} ${name}`),
    ...of(removed, 'chain').map(({ name }) => `delete chain ip ${table} ${name}`),
    ...of(removed, 'affinity').map(({ name }) => `delete set ip ${table} ${name}`),
    ...more,
  ];
  return lines.map((line) => `${line}\n`).join('');
}

function elements(verb: 'add' | 'delete', table: string, entries: Entry[]): string[] {
  const bySet = Map.groupBy(of(entries, 'element'), ({ set }) => set);
  return [...bySet].map(([set, each]) => `${verb} element ip ${table} ${set} { ${each.map(({ text }) => text).join(', ')} }`);
}

function of<K extends Entry['kind']>(entries: Entry[], kind: K): Extract<Entry, { kind: K }>[] {
  return entries.filter((entry): entry is Extract<Entry, { kind: K }> => entry.kind === kind);
}
