// npm run bench -- api: GET, LIST of 10,000 pods, durable creates and watch fan-out over HTTPS, with a client certificate, on a
// control plane of its own with the role api. GET, LIST and creates take turns with a bare node:https server that returns the
// same bytes; both sides of a ratio use TLS, and the bare server's figures without it stand beside them. Medians of the rounds.
import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { Namespace, ServiceAccount } from '@berth/api';
import { build } from '../../tools/build.ts';
import type { DebianPackage } from '../../tools/cluster/debian.ts';
import { EtcdProcess } from '../integration/etcd-process.ts';
import { benchPod } from './support/bench-pod.ts';
import { type ApiProcess, type BareProcess, startApi, startBare } from './support/bench-servers.ts';
import { cpuSeconds } from './support/process-usage.ts';
import { type Endpoint, preparedRequest } from './support/raw-connection.ts';
import { Connections, type Load } from './support/request-load.ts';
import { quantile, rounded } from './support/statistics.ts';
import { type FanOut, fanOut } from './support/watch-load.ts';

export const packages: DebianPackage[] = ['etcd-server'];

const pods = 10_000;
const rounds = 5;
/** Not counted: until the engine has compiled what creates run through, as it has in a server that has been up for a while. */
const warmUpRounds = 4;
const roundMs = 1_500;
const connections = { get: 32, list: 2, create: 64 };
const goals = { get: 0.4, list: 0.7, sqliteCreates: 3_000, etcdCreates: 2_500, events: 300_000, lagP99Ms: 1_000 };
const watch = { watchers: 1_000, updates: 2_000, window: 64 };
const namespace = 'bench';
const collection = `/api/v1/namespaces/${namespace}/pods`;

const servers = ['berth', 'bare', 'bareWithoutTls'] as const;
type PerServer = Record<(typeof servers)[number], number>;

/** Requests a second of Berth, of the bare server, and of the bare server without TLS. */
interface Compared extends PerServer {
  /** What a request costs the server in processor time, which does not depend on what else the machine does. */
  cpuMicrosPerRequest: PerServer;
  bodyBytes: number;
}

/** Some of get, list, watch, create, etcd; all by default. `create` comes with every one of them, for its pods. */
const chosen = (process.env.BERTH_BENCH_PARTS ?? 'get,list,watch,etcd').split(',');

export async function run(): Promise<object> {
  await build(['control-plane']);
  const directory = await mkdtemp(join(tmpdir(), 'berth-bench-api-'));
  const closing: (() => Promise<unknown>)[] = [() => rm(directory, { recursive: true })];
  try {
    const bare = await startBare(directory);
    closing.unshift(() => bare.stop());
    const api = await startApi(join(directory, 'sqlite'), ['--store', 'sqlite']);
    closing.unshift(() => api.stop());
    const creates = await compareCreates(api, bare);
    const one = `${collection}/pod-0`;
    const get = chosen.includes('get') ? await compareReads(api, bare, one, connections.get) : undefined;
    const list = chosen.includes('list') ? await compareReads(api, bare, collection, connections.list) : undefined;
    const events = chosen.includes('watch') ? await watchFanOut(api) : undefined;
    await closing.shift()?.();
    const etcd = chosen.includes('etcd') ? await etcdCreates(directory) : undefined;
    return report({ creates, get, list, events, etcd });
  } finally {
    for (const close of closing) await close();
  }
}

/** Those rounds that count make the pods that are read afterwards. */
async function compareCreates(api: ApiProcess, bare: BareProcess): Promise<Compared> {
  await createNamespaces(api);
  const path = '/creates';
  await bare.serve(path, JSON.stringify(benchPod('pod-0', namespace)));
  const ours = await Connections.open(api.endpoint, connections.create);
  const bares = await Connections.open(bare.https, connections.create);
  const bareHttp = await Connections.open(bare.http, connections.create);
  const perRound = pods / rounds;
  const compared = await takeTurns(api, bare, {
    berth: (round) => ours.each(creations(round, perRound), 201),
    bare: (round) => bares.each(creations(round, perRound, path), 201),
    bareWithoutTls: (round) => bareHttp.each(creations(round, perRound, path), 201),
  });
  for (const opened of [ours, bares, bareHttp]) opened.close();
  return compared;
}

function creations(round: number, count: number, path?: string): Buffer[] {
  const [within, first] = round < 0 ? ['bench-warm', (round + warmUpRounds) * count] : [namespace, round * count];
  return Array.from({ length: count }, (_, index) => {
    const pod = benchPod(`pod-${first + index}`, within);
    return preparedRequest('POST', path ?? `/api/v1/namespaces/${within}/pods`, Buffer.from(JSON.stringify(pod)));
  });
}

async function createNamespaces({ client }: ApiProcess): Promise<void> {
  for (const name of [namespace, 'bench-warm']) {
    await client.create(Namespace, { apiVersion: 'v1', kind: 'Namespace', metadata: { name }, spec: {} });
    // A controller's work in a whole cluster: without it no pod may be created, with it each gets a volume for its token.
    await client.create(ServiceAccount, { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default', namespace: name } });
  }
}

async function compareReads(api: ApiProcess, bare: BareProcess, path: string, count: number): Promise<Compared> {
  await bare.serve(path, await api.client.text(path));
  const open = (endpoint: Endpoint) => Connections.open(endpoint, count);
  const opened = await Promise.all([open(api.endpoint), open(bare.https), open(bare.http)]);
  const [ours, bares, bareHttp] = opened;
  const request = preparedRequest('GET', path);
  const compared = await takeTurns(api, bare, {
    berth: () => ours.repeat(request, roundMs),
    bare: () => bares.repeat(request, roundMs),
    bareWithoutTls: () => bareHttp.repeat(request, roundMs),
  });
  for (const connection of opened) connection.close();
  return compared;
}

type Works = Record<(typeof servers)[number], (round: number) => Promise<Load>>;

async function takeTurns(api: ApiProcess, bare: BareProcess, works: Works): Promise<Compared> {
  const none = (): Record<(typeof servers)[number], number[]> => ({ berth: [], bare: [], bareWithoutTls: [] });
  const [rates, costs] = [none(), none()];
  let bodyBytes = 0;
  for (let round = -warmUpRounds; round < rounds; round++) {
    for (const name of round % 2 ? servers : servers.toReversed()) {
      const { pid } = name === 'berth' ? api : bare;
      const cpuBefore = cpuSeconds(pid);
      const load = await works[name](round);
      if (name === 'berth') bodyBytes = load.bodyBytes;
      if (round < 0) continue;
      rates[name].push(load.perSecond);
      costs[name].push(((cpuSeconds(pid) - cpuBefore) * 1e6) / load.count);
    }
  }
  const medians = (of: typeof rates) => Object.fromEntries(servers.map((name) => [name, rounded(quantile(of[name], 0.5))])) as PerServer;
  return { ...medians(rates), cpuMicrosPerRequest: medians(costs), bodyBytes: Math.round(bodyBytes) };
}

async function watchFanOut({ endpoint, client, pid }: ApiProcess): Promise<FanOut> {
  const { metadata } = JSON.parse(await client.text(`${collection}?limit=1`)) as { metadata: { resourceVersion: string } };
  return fanOut({
    ...watch,
    endpoint,
    serverPid: pid,
    watchPath: `${collection}?watch=1&resourceVersion=${metadata.resourceVersion}`,
    objectPath: (index) => `${collection}/pod-${index}`,
  });
}

async function etcdCreates(directory: string): Promise<number> {
  const etcd = await EtcdProcess.start();
  try {
    const api = await startApi(join(directory, 'etcd'), ['--store', 'etcd', '--etcd-endpoints', etcd.endpoint]);
    try {
      await createNamespaces(api);
      const opened = await Connections.open(api.endpoint, connections.create);
      const rates: number[] = [];
      for (let round = -warmUpRounds; round < rounds; round++) {
        const { perSecond } = await opened.each(creations(round, pods / rounds), 201);
        if (round >= 0) rates.push(perSecond);
      }
      opened.close();
      return rounded(quantile(rates, 0.5));
    } finally {
      await api.stop();
    }
  } finally {
    await etcd.remove();
  }
}

interface Measured {
  creates: Compared;
  get: Compared | undefined;
  list: Compared | undefined;
  events: FanOut | undefined;
  etcd: number | undefined;
}

function report({ creates, get, list, events, etcd }: Measured): object {
  const { lagP99Ms } = goals;
  return {
    name: 'api',
    transport: 'TLS on both sides of every ratio, with a client certificate towards Berth alone; bareWithoutTls is node:http',
    cores: cpus().length,
    get: get && { unit: 'requests/s', connections: connections.get, ...withRatio(get, goals.get) },
    list: list && { unit: 'lists/s', pods, connections: connections.list, ...withRatio(list, goals.list) },
    createsOnSqlite: {
      unit: 'durable creates/s',
      connections: connections.create,
      ...creates,
      goal: goals.sqliteCreates,
      reached: creates.berth >= goals.sqliteCreates,
    },
    createsOnEtcd: etcd !== undefined && {
      unit: 'durable creates/s',
      berth: etcd,
      goal: goals.etcdCreates,
      reached: etcd >= goals.etcdCreates,
    },
    watch: events && {
      ...watch,
      ...events,
      goal: { eventsPerSecond: goals.events, lagP99Ms },
      reached: events.eventsPerSecond >= goals.events && events.lagMs.p99 < lagP99Ms,
    },
    settings: { rounds, warmUpRounds, roundMs },
  };
}

function withRatio(compared: Compared, goal: number): object {
  const ratio = rounded(compared.berth / compared.bare, 2);
  return { ...compared, ratio, goal, reached: ratio >= goal };
}
