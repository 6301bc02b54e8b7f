// The agent's network in the namespace of a lab, as `npm run bench -- network` measures it: prints one line of JSON.
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import type { EndpointSlice, Pod, Service } from '@berth/api';
import type { PolicyRules } from '@berth/protocol';
import { silentLogger, systemClock } from '@berth/telemetry';
import { runCommand } from '../../../apps/node-agent/src/network/commands.ts';
import { HostNetwork } from '../../../apps/node-agent/src/network/host-network.ts';
import { cpuSeconds } from './process-usage.ts';
import { quantile, rounded } from './statistics.ts';

const serviceCount = 1_000;
const endpointCount = 10;
const latencyRounds = 200;
/** So many that compiling the agent's code, which it does once, is not what they cost. */
const cpuRounds = 1_000;
const cpuPauseMs = 20;
const policyCount = 200;
const podCount = 500;
const rateRounds = 5;
const rateMs = 1_000;
const concurrency = 16;
const directory = '/run/berth-lab';
const [podA = '', podB = '', settings = ''] = process.argv.slice(2);
const web = '10.96.200.1';
/** An agent's cache has the same lists while nothing of their kind changes. */
const [pods, peers] = [[], []];

const network = new HostNetwork({
  ...{ instance: 'bench', nodeName: 'node-bench', nodeIp: '192.0.2.2', podNetwork: 'auto' },
  ...{ cniConfigDirectory: `${directory}/cni`, stateDirectory: `${directory}/state`, clock: systemClock, logger: silentLogger },
});

function service(name: string, clusterIP: string): Service {
  const spec = { type: 'ClusterIP' as const, clusterIP, ports: [{ name: 'http', port: 80, protocol: 'TCP' as const }] };
  return { apiVersion: 'v1', kind: 'Service', metadata: { name, namespace: 'default' }, spec };
}

function slice(name: string, addresses: string[]): EndpointSlice {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: `${name}-x`, namespace: 'default', labels: { 'kubernetes.io/service-name': name } },
    addressType: 'IPv4',
    endpoints: addresses.map((address) => ({ addresses: [address], conditions: { ready: true } })),
    ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
  };
}

const addressOf = (index: number, endpoint: number) => `10.${100 + endpoint}.${Math.floor(index / 250)}.${(index % 250) + 1}`;
const others = Array.from({ length: serviceCount - 1 }, (_, index) => index);
const services = [
  service('web', web),
  ...others.map((index) => service(`s-${index}`, `10.96.${1 + Math.floor(index / 250)}.${(index % 250) + 1}`)),
];
const endpointsOf = (index: number) => Array.from({ length: endpointCount }, (_, endpoint) => addressOf(index, endpoint));
const slices = [slice('web', [podA]), ...others.map((index) => slice(`s-${index}`, endpointsOf(index)))];

function change(index: number, changed: EndpointSlice): void {
  slices[index] = changed;
  network.sync({ services, endpointSlices: [...slices], pods, peers });
}

/** @returns the name that answers, undefined where none does */
function ask(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    let text = '';
    const socket = connect({ host, port, timeout: 1_000 });
    socket.on('data', (chunk) => {
      text += chunk;
    });
    socket.on('close', () => resolve(text.split(' ')[0] || undefined));
    socket.on('timeout', () => socket.destroy());
    // What refuses is asked again.
    socket.on('error', () => socket.destroy());
  });
}

async function until(name: string): Promise<void> {
  while ((await ask(web, 80)) !== name);
}

/** Of this process and of those that it has begun. */
function usedSeconds(): number {
  const children = readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number);
  const stat = readFileSync('/proc/self/stat', 'utf8');
  // cutime and cstime: of those that have ended.
  const ended = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(13, 15)
    .reduce((sum, ticks) => sum + Number(ticks) / 100, 0);
  return [process.pid, ...children].reduce((sum, pid) => sum + cpuSeconds(pid), ended);
}

async function latencies(): Promise<number[]> {
  const found: number[] = [];
  for (let round = 0; round < latencyRounds; round++) {
    const [name, address] = round % 2 === 0 ? ['b', podB] : ['a', podA];
    const startMs = performance.now();
    change(0, slice('web', [address]));
    await until(name);
    found.push(performance.now() - startMs);
  }
  return found;
}

/** Each change is applied before the next one. What the rounds themselves cost, without a change, is the benchmark's and no agent's. */
async function cpuMsPerChange(): Promise<number> {
  const changing = await cpuMsPerRound((round) => {
    const index = 1 + (round % (serviceCount - 1));
    change(index, slice(`s-${index - 1}`, [`10.99.0.${round % 250}`, ...endpointsOf(index - 1).slice(1)]));
  });
  return changing - (await cpuMsPerRound(() => undefined));
}

async function cpuMsPerRound(act: (round: number) => void): Promise<number> {
  const before = usedSeconds();
  for (let round = 0; round < cpuRounds; round++) {
    act(round);
    await systemClock.sleep(cpuPauseMs);
  }
  return ((usedSeconds() - before) * 1_000) / cpuRounds;
}

/** The same table, replaced by a program nft as a whole. */
async function wholeTable(): Promise<{ ms: number; cpuMs: number }> {
  const listed = await runCommand('nft', ['-s', 'list', 'table', 'ip', 'berth-bench']);
  const script =
    `table ip berth-copy\ndelete table ip berth-copy\n${listed.replace('table ip berth-bench', 'table ip berth-copy')}`.replaceAll(
      /^\s*type (nat|filter) hook .*$/gm,
      '',
    );
  const times: number[] = [];
  const before = usedSeconds();
  for (let round = 0; round < 5; round++) {
    const startMs = performance.now();
    await runCommand('nft', ['-f', '-'], script);
    times.push(performance.now() - startMs);
  }
  const cpuMs = ((usedSeconds() - before) * 1_000) / times.length;
  await runCommand('nft', ['delete', 'table', 'ip', 'berth-copy']);
  return { ms: quantile(times, 0.5), cpuMs };
}

async function policies(): Promise<{ ms: number; bareMs: number }> {
  const pods = Array.from(
    { length: podCount },
    (_, index): Pod => ({
      ...{ apiVersion: 'v1', kind: 'Pod', spec: { containers: [] } },
      metadata: { name: `p-${index}`, namespace: 'default', labels: { app: `app-${index % policyCount}`, all: 'yes' } },
      status: { podIP: `10.244.${100 + Math.floor(index / 250)}.${(index % 250) + 1}` },
    }),
  );
  const rules = Array.from(
    { length: policyCount },
    (_, index): PolicyRules => ({
      ...{ apiVersion: 'berth.io/v1', kind: 'PolicyRules', metadata: { name: `policy-${index}`, namespace: 'default' } },
      spec: {
        podSelector: { matchLabels: { app: `app-${index}` } },
        ingress: [{ peers: [{ set: `pods-${index % 10}` }], ports: [{ protocol: 'tcp', from: 80, to: 80 }] }],
      },
    }),
  );
  const addressSets = Array.from({ length: 10 }, (_, index) => ({
    ...{ apiVersion: 'berth.io/v1' as const, kind: 'AddressSet' as const, metadata: { name: `pods-${index}` } },
    spec: { elements: pods.filter((_pod, at) => at % 10 === index).map(({ status }) => status?.podIP ?? '') },
  }));
  const startMs = performance.now();
  network.sync({ services, endpointSlices: [...slices], pods, peers: [], policies: { policies: rules, addressSets, leaving: [] } });
  await network.policiesInForce();
  const ms = performance.now() - startMs;
  const listed = await runCommand('nft', ['list', 'table', 'inet', 'berth-policy-bench']);
  const copy = listed.replace('berth-policy-bench', 'berth-copy').replaceAll(/^\s*type filter hook .*$/gm, '');
  const bareStartMs = performance.now();
  await runCommand('nft', ['-f', '-'], copy);
  return { ms, bareMs: performance.now() - bareStartMs };
}

async function perSecond(host: string, port: number): Promise<number> {
  const endMs = performance.now() + rateMs;
  let count = 0;
  const client = async () => {
    while (performance.now() < endMs) if ((await ask(host, port)) !== undefined) count++;
  };
  await Promise.all(Array.from({ length: concurrency }, client));
  return (count * 1_000) / rateMs;
}

/** Both ways take turns. */
async function rates(): Promise<{ direct: number; service: number }> {
  const [direct, through]: [number[], number[]] = [[], []];
  for (let round = 0; round < rateRounds; round++) {
    direct.push(await perSecond(podA, 8080));
    through.push(await perSecond(web, 80));
  }
  return { direct: quantile(direct, 0.5), service: quantile(through, 0.5) };
}

await network.configure(JSON.parse(settings));
change(0, slice('web', [podA]));
await until('a');
const found = await latencies();
const cpuMs = await cpuMsPerChange();
const whole = await wholeTable();
change(0, slice('web', [podA]));
await until('a');
const rate = await rates();
const enforced = await policies();
const p99 = quantile(found, 0.99);
const result = {
  services: serviceCount,
  endpoints: (serviceCount - 1) * endpointCount + 1,
  endpointChange: {
    p50Ms: rounded(quantile(found, 0.5)),
    p99Ms: rounded(p99),
    baselineMs: rounded(whole.ms),
    ratio: rounded(p99 / whole.ms, 3),
  },
  changeCpu: { ms: rounded(cpuMs, 2), baselineMs: rounded(whole.cpuMs), ratio: rounded(cpuMs / whole.cpuMs, 3) },
  policies: {
    policies: policyCount,
    pods: podCount,
    ms: rounded(enforced.ms),
    baselineMs: rounded(enforced.bareMs),
    ratio: rounded(enforced.ms / enforced.bareMs, 2),
  },
  connectionsPerSecond: {
    clusterIp: Math.round(rate.service),
    baseline: Math.round(rate.direct),
    ratio: rounded(rate.service / rate.direct, 3),
  },
};
await network.tearDown();
process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit());
