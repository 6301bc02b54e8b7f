// Where Berth is on this machine: what an installation's files say, or, of a cluster that `npm run up` started, what its processes were
// started with. Pure but for the machine that it is given.
import { dirname, join } from 'node:path';
import { isRecord } from '@berth/machinery';
import {
  agentDirectory,
  agentFile,
  logDirectory,
  metricsAddress,
  optionIn,
  serverDirectory,
  serverFile,
  statedOptions,
} from '../installation.ts';
import type { Machine } from './machine.ts';

export interface NodePlace {
  directory: string;
  /** Names its cgroups. */
  instance: string;
  logDirectory: string;
  /** Absent: as the kubelet has it. */
  evictionHard: string | undefined;
  /** Whether it shares the machine's own network. */
  isOnHostNetwork: boolean;
}

/** Where something of Berth is to listen. */
export interface ExpectedPort {
  name: string;
  host: string;
  port: number;
  /** What the command line of who listens there has in it. */
  program: string;
}

export interface Place {
  /** Of the control plane here. */
  serverDirectory: string | undefined;
  nodes: NodePlace[];
  ports: ExpectedPort[];
  clusterDns: string;
  gateway: string | undefined;
  /** How to start it again. */
  start: string;
}

type OptionOf = (name: string) => string | undefined;

const defaultDns = '10.96.0.10';

/** @param kubeconfig of the cluster that is asked about @returns undefined where nothing of Berth is here */
export function findPlace(machine: Machine, kubeconfig: string): Place | undefined {
  return checkoutPlace(machine, dirname(kubeconfig)) ?? installedPlace(machine);
}

function installedPlace(machine: Machine): Place | undefined {
  const server = statedOptions([], serverFile);
  const agent = statedOptions([], agentFile);
  const directories = { server: server.value('data-dir') ?? serverDirectory, agent: agent.value('data-dir') ?? agentDirectory };
  const hasServer = machine.exists(directories.server);
  const hasAgent = machine.exists(directories.agent);
  if (!hasServer && !hasAgent) return undefined;
  const withDefault =
    (of: OptionOf, defaults: Record<string, string>): OptionOf =>
    (name) =>
      of(name) ?? defaults[name];
  const ofServer = withDefault(server.value, { 'api-address': '0.0.0.0:6443', 'gateway-address': '0.0.0.0:6444' });
  const ofAgent = withDefault(agent.value, { 'log-directory': logDirectory });
  return {
    serverDirectory: hasServer ? directories.server : undefined,
    nodes: hasAgent ? [nodePlace(directories.agent, ofAgent, true)] : [],
    ports: [...(hasServer ? serverPorts(ofServer) : []), ...(hasAgent ? agentPorts(ofAgent, clusterDnsOf(ofServer)) : [])],
    clusterDns: clusterDnsOf(ofServer),
    gateway: hasServer ? ofServer('gateway-address') : undefined,
    start: `systemctl start ${hasServer ? 'berth-server' : 'berth-agent'}`,
  };
}

/** @param directory of `npm run up`: holds a record of each process in `run/` */
function checkoutPlace(machine: Machine, directory: string): Place | undefined {
  const commands = new Map<string, string[]>();
  for (const file of machine.names(join(directory, 'run'))) {
    const command = file.endsWith('.json') ? commandIn(machine.text(join(directory, 'run', file))) : undefined;
    if (command) commands.set(file.slice(0, -'.json'.length), command);
  }
  const server = commands.get('control-plane');
  if (!server) return undefined;
  const ofServer: OptionOf = (name) => optionIn(server, name);
  const agents = [...commands].filter(([name]) => name.startsWith('node-agent'));
  const nodes = agents.flatMap(([, command]) => {
    const folder = optionIn(command, 'data-dir');
    return folder === undefined ? [] : [nodePlace(folder, (name) => optionIn(command, name), command[0] !== 'nsenter')];
  });
  const first = commands.get('node-agent');
  const registry = registryPort(machine.text(commands.get('registry')?.at(-1) ?? ''));
  return {
    serverDirectory: directory,
    nodes,
    ports: [
      ...serverPorts(ofServer),
      ...(first ? agentPorts((name) => optionIn(first, name), clusterDnsOf(ofServer)) : []),
      ...(registry === undefined ? [] : [{ name: 'registry', host: '127.0.0.1', port: registry, program: 'docker-registry' }]),
    ],
    clusterDns: clusterDnsOf(ofServer),
    gateway: ofServer('gateway-address'),
    start: 'npm run up',
  };
}

function commandIn(record: string | undefined): string[] | undefined {
  const value: unknown = record === undefined ? undefined : JSON.parse(record);
  return isRecord(value) && Array.isArray(value.command) ? value.command.map(String) : undefined;
}

function registryPort(file: string | undefined): number | undefined {
  const found = /addr:\s*"?[\d.]+:(\d+)/.exec(file ?? '')?.[1];
  return found === undefined ? undefined : Number(found);
}

function nodePlace(directory: string, of: OptionOf, isOnHostNetwork: boolean): NodePlace {
  return {
    directory,
    instance: of('instance') ?? '0',
    logDirectory: of('log-directory') ?? join(directory, 'logs'),
    evictionHard: of('eviction-hard'),
    isOnHostNetwork,
  };
}

function serverPorts(of: OptionOf): ExpectedPort[] {
  return [
    ...listening('API', of('api-address'), 'control-plane'),
    ...listening('gateway for agents', of('gateway-address'), 'control-plane'),
  ];
}

function agentPorts(of: OptionOf, clusterDns: string): ExpectedPort[] {
  return [
    ...listening('metrics of the agent', of('metrics-address') ?? metricsAddress, 'node-agent'),
    { name: 'names of the cluster (DNS)', host: clusterDns, port: 53, program: 'node-agent' },
  ];
}

function listening(name: string, address: string | undefined, program: string): ExpectedPort[] {
  const [, host, port] = /^\[?([^\]]*)\]?:(\d+)$/.exec(address ?? '') ?? [];
  return host === undefined || port === undefined || port === '0' ? [] : [{ name, host, port: Number(port), program }];
}

function clusterDnsOf(of: OptionOf): string {
  return of('cluster-dns') ?? defaultDns;
}
