// `berth doctor` on machines that are made up: what is well, what is amiss with its remedy, and what could not be looked at.
import type { Lease, Node, PersistentVolume, Pod } from '@berth/api';
import { UsageError } from '@berth/telemetry/command-line';
import { SimulatedClock } from '@berth/telemetry/testing';
import { expect, test } from 'vitest';
import { painted, paintFor, plain } from '../terminal.ts';
import { type Examined, examine } from './checks.ts';
import type { ClusterView } from './cluster-view.ts';
import { runDoctor } from './doctor.ts';
import type { Machine } from './machine.ts';
import { isWell, notChecked, ok, outcomesText, warning } from './outcome.ts';
import { findPlace } from './places.ts';

const denied = (path: string) => Object.assign(new Error(`EACCES: ${path}`), { code: 'EACCES' });

/** Of the files that are named, and folders that hold them. */
function machineOf(files: Record<string, string>, more: Partial<Machine> = {}): Machine {
  const below = (path: string) => Object.keys(files).filter((file) => file.startsWith(`${path}/`));
  return {
    isRoot: true,
    text: (path) => files[path],
    names: (path) => [...new Set(below(path).map((file) => file.slice(path.length + 1).split('/')[0] ?? ''))],
    linkTarget: (path) => files[path],
    exists: (path) => path in files || below(path).length > 0,
    sizeBytes: (path) => files[path]?.length,
    space: () => ({ totalBytes: 100, freeBytes: 50, inodes: 100, inodesFree: 50 }),
    run: async (command) => (command === 'kubectl' ? undefined : `${command} 1.7.9`),
    ...more,
  };
}

const record = (...command: string[]) => JSON.stringify({ pid: 1, startTicks: '1', command });
const checkout = {
  '/b/admin.kubeconfig': '',
  '/b/store.sqlite': 'x'.repeat(10),
  '/b/run/control-plane.json': record('node', '--data-dir', '/b', '--api-address', '127.0.0.1:7443', '--cluster-dns', '10.101.0.10'),
  '/b/run/node-agent.json': record(
    'node',
    '--data-dir',
    '/b/node',
    '--instance',
    '1',
    '--metrics-address',
    '127.0.0.1:7445',
    '--eviction-hard',
    'nodefs.available<5%',
  ),
  '/b/run/node-agent-2.json': record('nsenter', '--net=x', 'node', '--data-dir', '/b/node-2', '--instance', '1n2'),
  '/b/run/registry.json': record('docker-registry', 'serve', '/b/registry/registry.yml'),
  '/b/registry/registry.yml': 'version: 0.1\nhttp: {addr: "127.0.0.1:6055"}\n',
};

test('a cluster of npm run up is found by what its processes were started with', () => {
  const place = findPlace(machineOf(checkout), '/b/admin.kubeconfig');
  expect(place).toMatchObject({ serverDirectory: '/b', clusterDns: '10.101.0.10', start: 'npm run up' });
  expect(place?.nodes).toEqual([
    { directory: '/b/node', instance: '1', logDirectory: '/b/node/logs', evictionHard: 'nodefs.available<5%', isOnHostNetwork: true },
    { directory: '/b/node-2', instance: '1n2', logDirectory: '/b/node-2/logs', evictionHard: undefined, isOnHostNetwork: false },
  ]);
  expect(place?.ports.map(({ name, host, port }) => `${name} ${host}:${port}`)).toEqual([
    ...[
      'API 127.0.0.1:7443',
      'metrics of the agent 127.0.0.1:7445',
      'names of the cluster (DNS) 10.101.0.10:53',
      'registry 127.0.0.1:6055',
    ],
  ]);
  expect(findPlace(machineOf({}), '/b/admin.kubeconfig')).toBeUndefined();
  const installed = findPlace(machineOf({ '/var/lib/berth/server/pki/ca.crt': '', '/var/lib/berth/agent/identity/node.pem': '' }), '/x');
  expect(installed?.ports.map(({ port }) => port)).toEqual([6443, 6444, 6445, 53]);
  expect(installed).toMatchObject({ start: 'systemctl start berth-server', nodes: [{ logDirectory: '/var/log' }] });
});

const node = (name: string, more: object = {}) =>
  ({
    metadata: { name },
    status: { conditions: [{ type: 'Ready', status: 'True' }], nodeInfo: { kubeletVersion: 'v1.35.0+berth' } },
    ...more,
  }) as unknown as Node;

function view(clock: SimulatedClock, more: Partial<ClusterView> = {}): ClusterView {
  const now = clock.now();
  const known = { pods: [] as Pod[], volumes: [] as PersistentVolume[] };
  return {
    server: 'https://127.0.0.1:7443',
    version: 'v1.35.0+berth',
    nodes: [node('n1')],
    leases: [{ metadata: { name: 'n1' }, spec: { renewTime: new Date(now - 5_000).toISOString() } } as Lease],
    known,
    readiness: '[+]ping ok\n[+]etcd ok\nreadyz check passed\n',
    clock: { sentMs: now, receivedMs: now + 5, dateMs: now },
    cards: async () => [],
    again: async () => known,
    ...more,
  };
}

async function verdicts(examined: Partial<Examined>): Promise<Map<string, string>> {
  const clock = new SimulatedClock();
  const resolve = async () => ['10.96.0.1'];
  const outcomes = await examine({ machine: machineOf({}), clock, resolve, place: undefined, cluster: view(clock), ...examined });
  return new Map(outcomes.map(({ check, verdict }) => [check, verdict]));
}

test('where nothing of Berth is, the cluster is still looked at, and the rest is not called well', async () => {
  const found = await verdicts({});
  expect([found.get('control plane'), found.get('node n1'), found.get('versions: agents')]).toEqual(['ok', 'ok', 'ok']);
  for (const check of ['disk', 'ports', 'certificates', 'kernel', 'leaks', 'versions: kubectl'])
    expect([check, found.get(check)]).toEqual([check, 'not checked']);
});

test('an API that does not answer is an error; what needs it is not checked', async () => {
  const found = await verdicts({ cluster: 'the API at https://x cannot be asked: ECONNREFUSED' });
  expect(found.get('control plane')).toBe('error');
  for (const check of ['nodes', 'versions', 'clock: this machine and the API'])
    expect([check, found.get(check)]).toEqual([check, 'not checked']);
});

test('what may not be read is not checked, and keeps nothing else from it', async () => {
  const place = findPlace(machineOf(checkout), '/b/admin.kubeconfig');
  const text = (path: string) => {
    if (path.startsWith('/proc/net')) throw denied(path);
    return path === '/proc/sys/net/ipv4/ip_forward' ? '0\n' : undefined;
  };
  const found = await verdicts({ place, machine: machineOf(checkout, { text, isRoot: false }) });
  expect([found.get('ports'), found.get('leaks'), found.get('kernel: IP forwarding')]).toEqual(['not checked', 'not checked', 'error']);
  expect([found.get('store: size'), found.get('disk: control plane'), found.get('names: of the cluster')]).toEqual(['ok', 'ok', 'ok']);
});

test('printed: the verdict, what is so, the remedy below it, and how many of which', () => {
  const outcomes = [ok('disk', 'room'), warning('clock', 'late', 'set it'), notChecked('leaks', 'only root may')];
  expect(outcomesText(outcomes, plain).split('\n')).toEqual([
    'ok           disk   room',
    'warning      clock  late',
    '                    → set it',
    'not checked  leaks  because only root may',
    '1 ok, 1 warning, 1 not checked',
  ]);
  expect([isWell(outcomes), isWell([outcomes[0], outcomes[2]] as typeof outcomes)]).toEqual([false, true]);
  expect(outcomesText(outcomes, painted)).toContain('\u001b[33mwarning');
});

test('colours on a terminal only', () => {
  const used = (isTTY: boolean, env: NodeJS.ProcessEnv) => paintFor({ isTTY }, env)('red', 'x') !== 'x';
  expect([used(true, {}), used(false, {}), used(true, { NO_COLOR: '1' }), used(true, { TERM: 'dumb' })]).toEqual([
    true,
    false,
    false,
    false,
  ]);
});

test('bad command lines are refused before anything is looked at', async () => {
  for (const argv of [['disk'], ['-o', 'yaml'], ['--fix']]) await expect(runDoctor(argv, () => undefined)).rejects.toThrow(UsageError);
});
