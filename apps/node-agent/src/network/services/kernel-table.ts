// What the kernel holds of a node's table for services, read from nft's JSON, in the words of the plan: so that only what differs is changed
// after a restart of the agent, or when somebody else has changed it. Pure but for the reading.
import type { CommandRunner } from '../commands.ts';
import { type Entry, element } from './frontends.ts';
import { plannedSets } from './service-layout.ts';

export interface KernelTable {
  /** Chains without their rules, which their names stand for. */
  entries: Entry[];
  /** By chain, those of the layout as well. */
  ruleCounts: Map<string, number>;
}

/** A client that stays with an endpoint, as of now. */
export interface RememberedClient {
  address: string;
  timeoutSeconds: number;
  expiresSeconds: number;
}

type Json = Record<string, unknown>;

const absent = /No such file or directory/;

/** @returns undefined where there is no such table. @throws Error with what nft said */
export async function readKernelTable(run: CommandRunner, table: string): Promise<KernelTable | undefined> {
  const items = await list(run, ['table', 'ip', table]);
  if (!items) return undefined;
  const found: KernelTable = { entries: [], ruleCounts: new Map() };
  for (const { set, map, chain, rule } of items) {
    const named = (map ?? set) as Json | undefined;
    if (named) found.entries.push(...entriesOf(named));
    if (chain) {
      const name = String((chain as Json)['name']);
      found.ruleCounts.set(name, found.ruleCounts.get(name) ?? 0);
      found.entries.push({ kind: 'chain', name, rules: [] });
    }
    if (rule) {
      const name = String((rule as Json)['chain']);
      found.ruleCounts.set(name, (found.ruleCounts.get(name) ?? 0) + 1);
    }
  }
  return found;
}

/** None where the set is gone. */
export async function readClients(run: CommandRunner, table: string, set: string): Promise<RememberedClient[]> {
  const items = (await list(run, ['set', 'ip', table, set])) ?? [];
  const elements = items.flatMap(({ set: found }) => ((found as Json | undefined)?.['elem'] as { elem: Json }[] | undefined) ?? []);
  return elements.map(({ elem }) => ({
    address: String(elem['val']),
    timeoutSeconds: Number(elem['timeout']),
    expiresSeconds: Number(elem['expires']),
  }));
}

async function list(run: CommandRunner, what: string[]): Promise<Json[] | undefined> {
  try {
    return (JSON.parse(await run('nft', ['-j', 'list', ...what])) as { nftables: Json[] }).nftables;
  } catch (error) {
    if (absent.test((error as Error).message)) return undefined;
    throw error;
  }
}

function entriesOf(set: Json): Entry[] {
  const name = String(set['name']);
  // Its elements are the clients' doing.
  if (!plannedSets.has(name)) return [{ kind: 'affinity', name, seconds: 0 }];
  const elements = (set['elem'] ?? []) as unknown[];
  return elements.map((each) =>
    element(name, set['map'] === undefined ? text(each) : (each as [unknown, unknown]).map((side) => text(side)).join(' : ')),
  );
}

function text(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value);
  const { concat, prefix, goto, ...verdict } = value as {
    concat?: unknown[];
    prefix?: { addr: string; len: number };
    goto?: { target: string };
  };
  if (concat) return concat.map(text).join(' . ');
  if (prefix) return `${prefix.addr}/${prefix.len}`;
  return goto ? `goto ${goto.target}` : Object.keys(verdict).join();
}
