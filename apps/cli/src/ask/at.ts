// `berth at TIME get …`: the cluster as it was. What there was is listed at the revision that was the newest then; as YAML or JSON it comes
// without what another object could not have, so that it can be applied again. Exit codes: 0 shown, 1 not there or it could not be
// found out, 2 wrong usage.
import { Moment, portableObject, Service, takenByServices } from '@berth/api';
import { isReason, type KindDefinition, type KubeObject, renderTable, StatusError } from '@berth/machinery';
import { UsageError } from '@berth/telemetry/command-line';
import { stringify } from 'yaml';
import { textTable } from '../text-table.ts';
import { type Asked, type Cluster, type OwnOptions, readAsked } from './cluster-options.ts';
import { readMoment } from './moment-word.ts';
import { kindsOfWords } from './past-kinds.ts';

export const atOptions: OwnOptions = {
  'all-namespaces': { type: 'boolean', short: 'A' },
  selector: { type: 'string', short: 'l' },
  'field-selector': { type: 'string' },
  full: { type: 'boolean' },
};

const forms = ['wide', 'yaml', 'json', 'name'];
const line = 'berth at TIME get KIND [NAME...] [-n NAMESPACE|-A] [-l SELECTOR] [--field-selector F] [-o wide|yaml|json|name]';
export const atUsage = `usage: ${line} [--kubeconfig FILE]
  what there was at a time: 10m or 2h (ago), 14:30 (the last one), 2026-01-31T14:30:00Z. KIND as for kubectl, also deploy,svc or all.
  As YAML or JSON it is what can be applied again; --full shows objects whole, with their status.
  To undo:  berth at 10m get deployment web -o yaml | kubectl apply -f -`;

export interface AtPorts {
  print(text: string): void;
  /** For people alone, beside what is printed. */
  note(text: string): void;
}

interface Wanted {
  cluster: Cluster;
  asked: Asked;
  atMs: number;
  names: string[];
}

interface Found {
  kind: KindDefinition;
  items: KubeObject[];
}

export async function runAt(argv: string[], ports: AtPorts): Promise<number> {
  const asked = readAsked(argv, atOptions, forms);
  if (asked.isHelp) {
    ports.print(atUsage);
    return 0;
  }
  const [time, verb, word, ...names] = asked.positionals;
  if (time === undefined || verb !== 'get' || word === undefined) throw new UsageError(`it is: ${line}`);
  if (asked.isSet('all-namespaces') && (asked.text('namespace') !== undefined || names.length > 0))
    throw new UsageError('-A: it is of every namespace, without -n and without names');
  const [kindWord = '', slashed, ...rest] = word.split('/');
  if (rest.length > 0 || slashed === '' || kindWord === '' || (slashed !== undefined && names.length > 0))
    throw new UsageError(`it is: ${line}`);
  const wantedNames = slashed === undefined ? names : [slashed];
  if (wantedNames.length > 0 && (asked.text('selector') ?? asked.text('field-selector')) !== undefined)
    throw new UsageError('names and selectors: it is one of them');
  const atMs = readMoment(time, 'TIME');
  return asked.ask(async (cluster) => {
    const kinds = await kindsOfWords(kindWord, cluster.client);
    if (kinds.length > 1 && wantedNames.length > 0) throw new UsageError('names go with one kind');
    return show({ cluster, asked, atMs, names: wantedNames }, kinds, ports);
  });
}

async function show(wanted: Wanted, kinds: KindDefinition[], ports: AtPorts): Promise<number> {
  const { cluster, atMs, names } = wanted;
  const revision = await revisionAt(cluster, atMs);
  const found: Found[] = [];
  for (const kind of kinds) found.push({ kind, items: await itemsOf(wanted, kind, revision) });
  const missing = names.filter((name) => !found.some(({ items }) => items.some(({ metadata }) => metadata.name === name)));
  const shown = found.filter(({ items }) => items.length > 0);
  if (shown.length > 0) await print(wanted, shown, ports);
  for (const name of missing) ports.note(wasNotThere(kinds[0], name, atMs));
  if (shown.length === 0 && missing.length === 0) ports.note(`there was nothing of the kind at ${new Date(atMs).toISOString()}`);
  return missing.length > 0 ? 1 : 0;
}

/** @throws Error that says what can be asked for */
async function revisionAt({ client }: Cluster, atMs: number): Promise<string> {
  try {
    return (await client.get(Moment, { name: new Date(atMs).toISOString() })).revision;
  } catch (error) {
    if (isReason(error, 'NotFound')) throw new Error('this server keeps no history: it is a build before berth history, or not Berth');
    // A second too late by its clock is now.
    if (error instanceof StatusError && error.code === 400 && Date.now() - atMs < 60_000)
      return (await client.get(Moment, { name: 'newest' })).revision;
    throw error;
  }
}

async function itemsOf({ cluster, asked, names }: Wanted, kind: KindDefinition, revision: string): Promise<KubeObject[]> {
  const { client, namespace } = cluster;
  const where = kind.namespaced && !asked.isSet('all-namespaces') ? { namespace } : {};
  const exact = { ...where, resourceVersion: revision, resourceVersionMatch: 'Exact' as const };
  const [labelSelector, fieldSelector] = [asked.text('selector'), asked.text('field-selector')];
  if (names.length === 0) {
    const selectors = { ...(labelSelector !== undefined && { labelSelector }), ...(fieldSelector !== undefined && { fieldSelector }) };
    return (await client.list(kind, { ...exact, ...selectors })).items;
  }
  const lists = [];
  for (const name of names) lists.push(await client.list(kind, { ...exact, fieldSelector: `metadata.name=${name}` }));
  return lists.flatMap(({ items }) => items);
}

function wasNotThere(kind: KindDefinition | undefined, name: string, atMs: number): string {
  const word = kind?.kind.toLowerCase() ?? 'object';
  return `${kind?.plural} ${JSON.stringify(name)} was not there at ${new Date(atMs).toISOString()}: berth history ${word}/${name} says when it came and went`;
}

async function print(wanted: Wanted, found: Found[], ports: AtPorts): Promise<void> {
  const { asked, atMs, names } = wanted;
  const { output } = asked;
  if (output === 'name') {
    for (const { kind, items } of found) for (const { metadata } of items) ports.print(`${qualified(kind)}/${metadata.name}`);
  } else if (output === 'yaml' || output === 'json') {
    const objects = asked.isSet('full') ? found.flatMap(({ items }) => items) : await portable(wanted, found);
    const [only] = objects;
    const whole = only && names.length === 1 && objects.length === 1 ? only : { apiVersion: 'v1', kind: 'List', items: objects };
    ports.print(
      output === 'json' ? JSON.stringify(whole, undefined, 2) : stringify(whole, { lineWidth: 0, aliasDuplicateObjects: false }).trimEnd(),
    );
  } else {
    const isEverywhere = asked.isSet('all-namespaces');
    const tables = found.map((one) => tableOf(one, { atMs, isEverywhere, isWide: output === 'wide', isPrefixed: found.length > 1 }));
    ports.print(tables.join('\n\n'));
  }
}

function qualified({ kind, group }: KindDefinition): string {
  return `${kind.toLowerCase()}${group && `.${group}`}`;
}

interface TableForm {
  atMs: number;
  isEverywhere: boolean;
  isWide: boolean;
  isPrefixed: boolean;
}

/** As kubectl shows it, with ages as they were then. */
function tableOf({ kind, items }: Found, { atMs, isEverywhere, isWide, isPrefixed }: TableForm): string {
  const { columnDefinitions, rows } = renderTable(kind, items, { now: atMs, includeObject: 'None' });
  const columns = columnDefinitions as { name: string; priority: number }[];
  const isShown = (_: unknown, index: number) => isWide || (columns[index]?.priority ?? 0) === 0;
  const withNamespace = isEverywhere && kind.namespaced;
  const heading = columns.filter(isShown).map(({ name }) => name.toUpperCase());
  const lines = rows.map(({ cells }, index) => {
    const texts = cells.filter(isShown).map((cell) => String(cell ?? '<none>'));
    if (isPrefixed) texts[0] = `${qualified(kind)}/${texts[0]}`;
    return withNamespace ? [items[index]?.metadata.namespace ?? '', ...texts] : texts;
  });
  return textTable([withNamespace ? ['NAMESPACE', ...heading] : heading, ...lines]);
}

/** What a controller has made goes with what it was made for, which makes it again. */
async function portable({ cluster, names }: Wanted, found: Found[]): Promise<KubeObject[]> {
  const { client } = cluster;
  const objects: KubeObject[] = [];
  for (const { kind, items } of found) {
    const existing = new Map((await client.list(kind)).items.map((item) => [keyOf(item), item]));
    const taken = kind.kind === Service.kind ? takenByServices((await client.list(Service)).items) : undefined;
    for (const item of items) {
      const isMade = item.metadata.ownerReferences?.some(({ controller }) => controller) ?? false;
      if (isMade && names.length === 0) continue;
      objects.push(portableObject(item, { existing: existing.get(keyOf(item)), ...(taken && { taken }) }));
    }
  }
  return objects;
}

function keyOf({ metadata }: KubeObject): string {
  return `${metadata.namespace ?? ''}/${metadata.name}`;
}
