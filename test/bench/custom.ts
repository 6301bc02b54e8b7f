// npm run bench -- custom: creates, lists of 10,000 and watches of custom resources with thirty fields and five rules beside ConfigMaps of
// the same size, in turns on one control plane with the role api; and what 500 definitions take: memory each, the next start,
// discovery and OpenAPI when nothing has changed, and the longest turn of the event loop meanwhile. Medians of the rounds.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CustomResourceDefinition, Namespace } from '@berth/api';
import { build } from '../../tools/build.ts';
import type { DebianPackage } from '../../tools/cluster/debian.ts';
import { eventually } from '../../tools/cluster/eventually.ts';
import { benchConfigMap, benchDefinition, benchGroup, benchObject } from './support/bench-definitions.ts';
import { type ApiProcess, startApi } from './support/bench-servers.ts';
import { heapAfterCollection } from './support/inspected-process.ts';
import { cpuSeconds } from './support/process-usage.ts';
import { preparedRequest } from './support/raw-connection.ts';
import { Connections, type Load } from './support/request-load.ts';
import { quantile, rounded } from './support/statistics.ts';
import { fanOut } from './support/watch-load.ts';

export const packages: DebianPackage[] = [];

const objects = 10_000;
const rounds = 5;
const warmUpRounds = 2;
const roundMs = 1_500;
const connections = { create: 32, list: 2 };
/** The first round of either side finds the server cold. */
const watch = { watchers: 200, updates: 500, window: 64, rounds: 3, warmUpRounds: 1 };
const definitions = 500;
const settledMs = 60_000;
const goals = { create: 0.6, list: 0.9, watch: 0.9, megabytesEach: 0.3, startMs: 3_000, unchangedMs: 50, turnMs: 50 };
const namespace = 'bench';

const sides = ['custom', 'configMaps'] as const;
type Side = (typeof sides)[number];
const collections: Record<Side, string> = {
  custom: `/apis/${benchGroup}/v1/namespaces/${namespace}/gadgets`,
  configMaps: `/api/v1/namespaces/${namespace}/configmaps`,
};

interface Compared extends Record<Side, number> {
  ratio: number;
  /** Of processor time, which does not depend on what else the machine does. */
  cpuMicros: Record<Side, number>;
}

export async function run(): Promise<object> {
  await build(['control-plane']);
  const directory = await mkdtemp(join(tmpdir(), 'berth-bench-custom-'));
  let api: ApiProcess | undefined;
  try {
    api = await startApi(directory, ['--store', 'sqlite']);
    await api.client.create(Namespace, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace }, spec: {} });
    await define(api, 0, 1);
    const create = await compareCreates(api);
    const list = await compareLists(api);
    const events = await compareWatches(api);
    const defined = await measureDefinitions(api);
    await api.stop();
    const startMs = performance.now();
    api = await startApi(directory, ['--store', 'sqlite']);
    return report({ create, list, events, ...defined, startMs: rounded(performance.now() - startMs, 0) });
  } finally {
    await api?.stop();
    await rm(directory, { recursive: true });
  }
}

const pluralOf = (index: number) => (index === 0 ? 'gadgets' : `gadget${index}s`);

/** Resolves when the kinds are served. */
async function define({ client }: ApiProcess, from: number, to: number): Promise<void> {
  for (let i = from; i < to; i++)
    await client.create(CustomResourceDefinition, benchDefinition(pluralOf(i), i === 0 ? 'Gadget' : `Gadget${i}`));
  const last = { name: `${pluralOf(to - 1)}.${benchGroup}` };
  await eventually('the last definition', settledMs, async () => {
    const { status } = await client.get(CustomResourceDefinition, last);
    return status?.conditions?.some(({ type, status: is }) => type === 'Established' && is === 'True') || undefined;
  });
}

async function compareCreates(api: ApiProcess): Promise<Compared> {
  const perRound = objects / rounds;
  const opened = await Connections.open(api.endpoint, connections.create);
  const creations = (side: Side, round: number) =>
    Array.from({ length: perRound }, (_, i) => {
      const index = (round + warmUpRounds) * perRound + i;
      const name = `${round < 0 ? 'warm' : 'one'}-${index}`;
      const body = side === 'custom' ? benchObject('Gadget', name, index) : benchConfigMap(name, index);
      return preparedRequest('POST', collections[side], Buffer.from(JSON.stringify(body)));
    });
  const compared = await takeTurns(api, (side, round) => opened.each(creations(side, round), 201));
  opened.close();
  return compared;
}

async function compareLists(api: ApiProcess): Promise<Compared> {
  const opened = await Connections.open(api.endpoint, connections.list);
  const compared = await takeTurns(api, (side) => opened.repeat(preparedRequest('GET', collections[side]), roundMs));
  opened.close();
  return compared;
}

async function takeTurns(api: ApiProcess, work: (side: Side, round: number) => Promise<Load>): Promise<Compared> {
  const rates: Record<Side, number[]> = { custom: [], configMaps: [] };
  const costs: Record<Side, number[]> = { custom: [], configMaps: [] };
  for (let round = -warmUpRounds; round < rounds; round++) {
    for (const side of round % 2 ? sides : sides.toReversed()) {
      const cpuBefore = cpuSeconds(api.pid);
      const load = await work(side, round);
      if (round < 0) continue;
      rates[side].push(load.perSecond);
      costs[side].push(((cpuSeconds(api.pid) - cpuBefore) * 1e6) / load.count);
    }
  }
  return compare(medians(rates), medians(costs));
}

function medians(of: Record<Side, number[]>): Record<Side, number> {
  return { custom: rounded(quantile(of.custom, 0.5)), configMaps: rounded(quantile(of.configMaps, 0.5)) };
}

function compare(rates: Record<Side, number>, cpuMicros: Record<Side, number>): Compared {
  return { ...rates, ratio: rounded(rates.custom / rates.configMaps, 2), cpuMicros };
}

async function compareWatches(api: ApiProcess): Promise<Compared> {
  const rates: Record<Side, number[]> = { custom: [], configMaps: [] };
  const costs: Record<Side, number[]> = { custom: [], configMaps: [] };
  for (let round = -watch.warmUpRounds; round < watch.rounds; round++) {
    for (const side of round % 2 ? sides : sides.toReversed()) {
      const cpuBefore = cpuSeconds(api.pid);
      const { eventsPerSecond, events } = await watchOnce(api, side);
      if (round < 0) continue;
      rates[side].push(eventsPerSecond);
      costs[side].push(((cpuSeconds(api.pid) - cpuBefore) * 1e6) / events);
    }
  }
  return compare(medians(rates), medians(costs));
}

async function watchOnce(api: ApiProcess, side: Side): Promise<{ eventsPerSecond: number; events: number }> {
  const { metadata } = JSON.parse(await api.client.text(`${collections[side]}?limit=1`)) as { metadata: { resourceVersion: string } };
  const { watchers, updates, window } = watch;
  return fanOut({
    ...{ watchers, updates, window },
    endpoint: api.endpoint,
    serverPid: api.pid,
    watchPath: `${collections[side]}?watch=1&resourceVersion=${metadata.resourceVersion}`,
    objectPath: (index) => `${collections[side]}/one-${warmUpRounds * (objects / rounds) + index}`,
  });
}

interface Defined {
  megabytesEach: number;
  /** The first time after the last definition, and the next. */
  documentsMs: Record<string, { first: number; unchanged: number }>;
  longestTurnMs: { defining: number; reading: number };
}

async function measureDefinitions(api: ApiProcess): Promise<Defined> {
  const before = await heapAfterCollection(api);
  await longestTurn(api);
  await define(api, 1, definitions + 1);
  const defining = await longestTurn(api);
  const after = await heapAfterCollection(api);
  await longestTurn(api);
  const documentsMs: Defined['documentsMs'] = {};
  for (const path of ['/apis', `/apis/${benchGroup}/v1`, '/openapi/v2', '/openapi/v3', `/openapi/v3/apis/${benchGroup}/v1`]) {
    documentsMs[path] = { first: await timeOf(api, path), unchanged: await timeOf(api, path) };
  }
  const reading = await longestTurn(api);
  return { megabytesEach: rounded((after - before) / definitions / 1e6, 3), documentsMs, longestTurnMs: { defining, reading } };
}

async function timeOf({ client }: ApiProcess, path: string): Promise<number> {
  const startMs = performance.now();
  await client.text(path);
  return rounded(performance.now() - startMs);
}

/** Since it was asked last. */
async function longestTurn({ client }: ApiProcess): Promise<number> {
  const text = await client.text('/metrics');
  const [, seconds] = /^nodejs_eventloop_lag_max_seconds (\S+)$/m.exec(text) ?? [];
  if (!seconds) throw new Error('the metrics say nothing of the event loop');
  return rounded(Number(seconds) * 1000);
}

function report({
  create,
  list,
  events,
  ...defined
}: Defined & { create: Compared; list: Compared; events: Compared; startMs: number }): object {
  const unchanged = Math.max(...Object.values(defined.documentsMs).map((times) => times.unchanged));
  const turn = Math.max(...Object.values(defined.longestTurnMs));
  return {
    name: 'custom',
    schema: '30 fields, 5 rules',
    create: { unit: 'creates/s', ...create, goal: goals.create, reached: create.ratio >= goals.create },
    list: { unit: 'lists/s', objects, ...list, goal: goals.list, reached: list.ratio >= goals.list },
    watch: { unit: 'events/s', ...watch, ...events, goal: goals.watch, reached: events.ratio >= goals.watch },
    definitions: {
      count: definitions,
      ...defined,
      goal: { megabytesEach: goals.megabytesEach, startMs: goals.startMs, unchangedMs: goals.unchangedMs, turnMs: goals.turnMs },
      reached: {
        memory: defined.megabytesEach < goals.megabytesEach,
        start: defined.startMs < goals.startMs,
        unchanged: unchanged < goals.unchangedMs,
        turn: turn < goals.turnMs,
      },
    },
    settings: { rounds, warmUpRounds, roundMs, connections },
  };
}
