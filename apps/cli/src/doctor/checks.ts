// All that `berth doctor` looks at, in the order in which it is shown. Each check gathers what it judges; the judging is in files of its
// own. What cannot be looked at is said with its reason.
import { X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import { localDisk } from '@berth/api';
import type { Clock } from '@berth/telemetry';
import { type CertificateEnd, nodeCertificates, storedCertificates } from '../certificates.ts';
import { identityFile } from '../installation.ts';
import { servedBy } from '../status.ts';
import { certificateOutcome } from './certificate-ends.ts';
import { clockOutcome, leaseClockOutcome } from './clocks.ts';
import type { ClusterView } from './cluster-view.ts';
import { readinessOutcomes, storeOutcome } from './control-plane.ts';
import { diskOutcomes } from './disk.ts';
import { cgroupOutcome, kernelOutcomes } from './kernel-settings.ts';
import { leakOutcomes, leaksAmong, stillThere } from './leaks.ts';
import { tracesOf } from './leftovers.ts';
import { allListeners, holdersOf } from './listeners.ts';
import type { Machine } from './machine.ts';
import { nameServerOutcome, type Resolve } from './name-server.ts';
import { error, notChecked, type Outcome } from './outcome.ts';
import type { NodePlace, Place } from './places.ts';
import { meets, portOutcome } from './ports.ts';
import { sessionOutcomes } from './sessions.ts';
import { troubleOutcomes } from './troubles.ts';
import { holeOutcomes, skewOutcomes, toolOutcome } from './versions.ts';

/** As long as an agent needs to put away what a pod that has just ended has left. */
const secondLookMs = 2_000;
const unasked = 'the API cannot be asked (see control plane)';

export interface Examined {
  machine: Machine;
  clock: Clock;
  resolve: Resolve;
  /** Undefined where nothing of Berth is on this machine. */
  place: Place | undefined;
  /** Or why it cannot be asked. */
  cluster: ClusterView | string;
}

interface Check {
  /** What is said of it when it cannot be looked at. */
  name: string;
  run(examined: Examined): Outcome[] | Promise<Outcome[]>;
}

/** Of checks that need this machine to be part of a cluster. */
const here = (name: string, run: (place: Place, examined: Examined) => Outcome[] | Promise<Outcome[]>): Check => ({
  name,
  run: (examined) => (examined.place ? run(examined.place, examined) : [notChecked(name, 'nothing of Berth is on this machine')]),
});

/** Of checks that need a node on it. */
const onNode = (name: string, run: (place: Place, examined: Examined) => Outcome[] | Promise<Outcome[]>): Check =>
  here(name, (place, examined) => (place.nodes.length > 0 ? run(place, examined) : [notChecked(name, 'this machine is no node')]));

/** Of checks that need the API. */
const asked = (name: string, run: (view: ClusterView, examined: Examined) => Outcome[] | Promise<Outcome[]>): Check => ({
  name,
  run: (examined) => (typeof examined.cluster === 'string' ? [notChecked(name, unasked)] : run(examined.cluster, examined)),
});

const checks: Check[] = [
  { name: 'control plane', run: ({ cluster, place }) => controlPlaneChecks(cluster, place) },
  here('store: size', ({ serverDirectory }, { machine }) => storeCheck(serverDirectory, machine)),
  asked('nodes', ({ nodes, leases, clock: { dateMs } }, { clock }) => sessionOutcomes(nodes, leases, dateMs ?? clock.now())),
  asked('what runs', async ({ cards }) => troubleOutcomes(await cards())),
  here('disk', diskChecks),
  here('certificates', certificateChecks),
  asked('clock: this machine and the API', ({ clock }) => [clockOutcome(clock)]),
  asked('clock: leases of nodes', ({ leases, clock: { dateMs } }, { clock }) => [leaseClockOutcome(leases, dateMs ?? clock.now())]),
  here('ports', portChecks),
  onNode('names: of the cluster', async ({ clusterDns }, { resolve }) => [await nameServerOutcome(clusterDns, resolve)]),
  onNode('kernel', (_, { machine }) => kernelChecks(machine)),
  onNode('versions of programs', async (_, { machine }) => [
    toolOutcome('nft', await machine.run('nft', ['--version'])),
    toolOutcome('containerd', await machine.run('containerd', ['--version'])),
    toolOutcome('runc', await machine.run('runc', ['--version'])),
  ]),
  { name: 'versions', run: versionChecks },
  asked('versions: known holes', ({ nodes }) => holeOutcomes(nodes)),
  onNode('leaks', leakChecks),
];

/** @returns all of it; what fails to be looked at is said so, and keeps nothing else from it */
export async function examine(examined: Examined): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const { name, run } of checks) {
    try {
      outcomes.push(...(await run(examined)));
    } catch (failure) {
      const { code, message } = failure as NodeJS.ErrnoException;
      const isDenied = code === 'EACCES' || code === 'EPERM';
      outcomes.push(notChecked(name, isDenied ? `only root may look: sudo berth doctor (${message})` : message));
    }
  }
  return outcomes;
}

/** That it does not answer is what is wrong, not what could not be looked at. */
function controlPlaneChecks(cluster: ClusterView | string, place: Place | undefined): Outcome[] {
  if (typeof cluster !== 'string') return readinessOutcomes(cluster.readiness);
  return [error('control plane', cluster, `start it: ${place?.start ?? 'npm run up, or berth server'}; or name another with --kubeconfig`)];
}

function storeCheck(directory: string | undefined, machine: Machine): Outcome[] {
  if (directory === undefined) return [notChecked('store: size', 'there is no control plane on this machine')];
  const sizes = ['store.sqlite', 'store.sqlite-wal'].map((name) => machine.sizeBytes(join(directory, name)));
  const [main, log = 0] = sizes;
  return [storeOutcome(main === undefined ? undefined : main + log, machine.space(directory).freeBytes, directory)];
}

function diskChecks({ serverDirectory, nodes }: Place, { machine, cluster }: Examined): Outcome[] {
  const volumes = typeof cluster === 'string' ? [] : cluster.known.volumes;
  const disks = volumes.flatMap((volume) => localDisk(volume) ?? []);
  const ofServer = serverDirectory === undefined ? [] : [{ what: 'control plane', directory: serverDirectory, volumeBytes: 0 }];
  const ofNodes = nodes.map(({ directory, evictionHard }, index) => ({
    what: nodes.length > 1 ? `node ${index + 1} here` : 'node',
    directory,
    evictionHard,
    volumeBytes: disks.filter(({ path }) => path.startsWith(`${directory}/`)).reduce((sum, { bytes }) => sum + bytes, 0),
  }));
  // What of a cluster of this folder is on one disk is judged as its nodes are.
  const questions = [...ofServer.map((one) => ({ ...one, evictionHard: nodes[0]?.evictionHard })), ...ofNodes];
  return questions
    .filter(({ directory }) => machine.exists(directory))
    .flatMap((question) => diskOutcomes(question, machine.space(question.directory)));
}

async function certificateChecks({ serverDirectory, nodes, gateway, start }: Place, { clock }: Examined): Promise<Outcome[]> {
  const ends: CertificateEnd[] = [
    ...(serverDirectory === undefined ? [] : [...storedCertificates(serverDirectory), ...(await servedBy(serverDirectory, gateway))]),
    ...nodes.flatMap(({ directory }) => nodeCertificates(directory)),
  ];
  if (ends.length === 0) return [notChecked('certificates', 'there is none here yet')];
  return ends.map((end) => certificateOutcome(end, clock.now(), start.replace('systemctl start', 'systemctl restart')));
}

function portChecks({ ports, start }: Place, { machine }: Examined): Outcome[] {
  const listeners = allListeners(machine);
  const ours = listeners.filter((listener) => ports.some((port) => meets(port, listener)));
  const holders = holdersOf(machine, new Set(ours.map(({ inode }) => inode)));
  return ports.map((port) => portOutcome(port, { listeners, holders }, start));
}

function kernelChecks(machine: Machine): Outcome[] {
  const root = '/sys/fs/cgroup';
  const unified = machine.text(`${root}/cgroup.controllers`);
  const controllers = unified === undefined ? machine.names(root).flatMap((name) => name.split(',')) : unified.trim().split(' ');
  return [...kernelOutcomes((path) => machine.text(`/proc/sys/${path}`)), cgroupOutcome(unified !== undefined, controllers)];
}

async function versionChecks({ machine, cluster }: Examined): Promise<Outcome[]> {
  if (typeof cluster === 'string') return [notChecked('versions', unasked)];
  const said = await machine.run('kubectl', ['version', '--client', '-o', 'json']);
  const kubectl =
    said === undefined ? undefined : (JSON.parse(said) as { clientVersion?: { gitVersion?: string } }).clientVersion?.gitVersion;
  return skewOutcomes({ server: cluster.version, kubectl, nodes: cluster.nodes });
}

async function leakChecks({ nodes }: Place, { machine, cluster, clock }: Examined): Promise<Outcome[]> {
  if (typeof cluster === 'string') return [notChecked('leaks', unasked)];
  if (!machine.isRoot) return [notChecked('leaks', 'only root sees what is on this machine: sudo berth doctor')];
  const strangers = nodes.filter((node) => !isOf(cluster, node, machine));
  const where = `the cluster at ${cluster.server}: name another with --kubeconfig`;
  if (strangers.length > 0) return [notChecked('leaks', `the node in ${strangers[0]?.directory} is none of ${where}`)];
  const first = nodes.flatMap((node) => tracesOf(machine, node));
  const suspected = leaksAmong(first, await cluster.again());
  if (suspected.length === 0) return leakOutcomes([], first);
  await clock.sleep(secondLookMs);
  const second = nodes.flatMap((node) => tracesOf(machine, node));
  return leakOutcomes(stillThere(suspected, leaksAmong(second, await cluster.again())), first);
}

/** By the name in its certificate: what is on the machine of another cluster's node is none of this one's. */
function isOf({ nodes }: ClusterView, { directory }: NodePlace, machine: Machine): boolean {
  const text = machine.text(identityFile(directory));
  if (text === undefined) return false;
  const certificate = new X509Certificate(text.slice(text.indexOf('-----BEGIN CERTIFICATE-----')));
  const name = /system:node:(\S+)/.exec(certificate.subject)?.[1];
  return nodes.some(({ metadata }) => metadata.name === name);
}
