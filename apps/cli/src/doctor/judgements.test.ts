// Each check's judgement: at its bounds, and for what is odd.
import type { Lease, Node, PersistentVolume, Pod } from '@berth/api';
import { expect, test } from 'vitest';
import { certificateOutcome } from './certificate-ends.ts';
import { clockOutcome, leaseClockOutcome, skewMs } from './clocks.ts';
import { readinessOutcomes, storeOutcome } from './control-plane.ts';
import { bytesText, diskOutcomes, leastFree } from './disk.ts';
import { cgroupOutcome, kernelOutcomes } from './kernel-settings.ts';
import { leakOutcomes, leaksAmong, stillThere } from './leaks.ts';
import { mounts, sandboxIn, type Trace } from './leftovers.ts';
import { listenersIn } from './listeners.ts';
import { nameServerOutcome } from './name-server.ts';
import type { Outcome } from './outcome.ts';
import { meets, portOutcome } from './ports.ts';
import { sessionOutcomes } from './sessions.ts';
import { holeOutcomes, skewOutcomes, toolOutcome } from './versions.ts';

const verdicts = (outcomes: Outcome[]) => outcomes.map(({ verdict }) => verdict);
const now = Date.parse('2026-01-01T00:00:00Z');

test('disks by the thresholds at which pods are evicted, as shares and as amounts', () => {
  expect(leastFree('nodefs.available<10%,imagefs.available<15%,memory.available<1Gi', 'available', 1000)).toBe(150);
  expect([leastFree('nodefs.available<1Ki', 'available', 10_000), leastFree('', 'available', 10)]).toEqual([1024, 0]);
  const judged = (freeBytes: number, inodesFree: number, inodes = 100) =>
    verdicts(
      diskOutcomes(
        { what: 'node', directory: '/d', evictionHard: 'nodefs.available<10%,nodefs.inodesFree<5%', volumeBytes: 0 },
        { totalBytes: 1000, freeBytes, inodes, inodesFree },
      ),
    );
  expect([judged(99, 50), judged(100, 4), judged(124, 6), judged(125, 50), judged(500, 0, 0)]).toEqual([
    ['error', 'ok'],
    ['warning', 'error'],
    ['warning', 'warning'],
    ['ok', 'ok'],
    ['ok', 'not checked'],
  ]);
  expect([bytesText(0), bytesText(1536), bytesText(150 * 2 ** 30)]).toEqual(['0 B', '1.5 KiB', '150 GiB']);
});

test('certificates: whatever renews them does so long before seven days', () => {
  const verdict = (days: number) => certificateOutcome({ whose: 'API', endsAtMs: now + days * 86_400_000 }, now, 'restart').verdict;
  expect([verdict(-1), verdict(0), verdict(6.5), verdict(7), verdict(300)]).toEqual(['error', 'error', 'warning', 'ok', 'ok']);
  expect(certificateOutcome({ whose: 'API', problem: 'h:1 cannot be reached' }, now, 'restart')).toMatchObject({
    verdict: 'error',
    says: 'h:1 cannot be reached',
  });
});

test('clocks: the header counts in whole seconds, and an answer takes its time', () => {
  // Sent at .9 of the second that the header says, or answered in the next one.
  expect([skewMs(now + 900, now + 950, now), skewMs(now - 500, now + 100, now), skewMs(now + 6_000, now + 6_010, now)]).toEqual([
    0, 0, 5_000,
  ]);
  expect(skewMs(now - 9_000, now - 8_000, now)).toBe(-8_000);
  const verdict = (ms: number) => clockOutcome({ sentMs: now + ms, receivedMs: now + ms, dateMs: now }).verdict;
  expect([verdict(0), verdict(5_000), verdict(-5_000), verdict(60_000)]).toEqual(['ok', 'warning', 'warning', 'error']);
  for (const dateMs of [undefined, Number.NaN]) expect(clockOutcome({ sentMs: now, receivedMs: now, dateMs }).verdict).toBe('not checked');
  const lease = (ms: number) => [{ metadata: { name: 'n1' }, spec: { renewTime: new Date(now + ms).toISOString() } } as Lease];
  expect(
    [leaseClockOutcome(lease(-5_000), now), leaseClockOutcome(lease(60_000), now), leaseClockOutcome([], now)].map(
      ({ verdict: one }) => one,
    ),
  ).toEqual([...['ok', 'error', 'not checked']]);
});

test('listeners as the kernel writes them', () => {
  const heading = '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode';
  const line = (local: string, state: string, inode: string) =>
    `   0: ${local} 00000000:0000 ${state} 00000000:00000000 00:00000000 00000000     0        0 ${inode} 1`;
  const table = [heading, line('0100007F:1929', '0A', '11'), line('00000000:192B', '0A', '12'), line('0100007F:9999', '01', '13')].join(
    '\n',
  );
  expect(listenersIn(table, 'tcp')).toEqual([
    { protocol: 'tcp', host: '127.0.0.1', port: 6441, inode: '11' },
    { protocol: 'tcp', host: '0.0.0.0', port: 6443, inode: '12' },
  ]);
  const six = [heading, line('00000000000000000000000000000000:192B', '0A', '1'), line('0000000000000000FFFF00000100007F:0035', '0A', '2')];
  expect(listenersIn(six.join('\n'), 'tcp').map(({ host, port }) => `${host} ${port}`)).toEqual([':: 6443', '127.0.0.1 53']);
  expect(listenersIn([heading, line('0A00600A:0035', '07', '3')].join('\n'), 'udp')).toMatchObject([{ host: '10.96.0.10', port: 53 }]);
});

test('ports: ours, nobody, a stranger who is named, and one whom only root sees', () => {
  const expected = { name: 'API', host: '127.0.0.1', port: 6443, program: 'control-plane' };
  const listener = { protocol: 'tcp' as const, host: '0.0.0.0', port: 6443, inode: '7' };
  const judged = (command?: string) =>
    portOutcome(
      expected,
      { listeners: [listener], holders: new Map(command === undefined ? [] : [['7', { pid: 9, name: 'nginx', command }]]) },
      'npm run up',
    );
  expect([judged('node /x/control-plane/dist/main.js').verdict, judged().verdict]).toEqual(['ok', 'not checked']);
  expect(judged('nginx: master')).toMatchObject({ verdict: 'error', says: '127.0.0.1:6443 is taken by nginx (process 9)' });
  expect(portOutcome(expected, { listeners: [], holders: new Map() }, 'npm run up')).toMatchObject({
    verdict: 'error',
    remedy: 'start it: npm run up',
  });
  expect(meets(expected, { host: '10.0.0.1', port: 6443 })).toBe(false);
});

test('the control plane by its own checks, whatever its answer looks like', () => {
  expect(readinessOutcomes('[+]ping ok\n[-]store-space failed: reason withheld\nreadyz check failed\n')).toMatchObject([
    { check: 'control plane: store-space', verdict: 'error', remedy: expect.stringContaining('make room') },
  ]);
  expect(verdicts(readinessOutcomes('<html>'))).toEqual(['error']);
  expect([storeOutcome(10, 9, '/d'), storeOutcome(10, 10, '/d'), storeOutcome(undefined, 10, '/d')].map(({ verdict }) => verdict)).toEqual([
    ...['warning', 'ok', 'not checked'],
  ]);
});

test('the kernel: forwarding, filters of bridges, cgroups', () => {
  const judged = (forward: string, bridge?: string) => verdicts(kernelOutcomes((path) => (path.endsWith('ip_forward') ? forward : bridge)));
  expect([judged('1\n', '1\n'), judged('0\n', '0\n'), judged('1')]).toEqual([
    ['ok', 'ok'],
    ['error', 'error'],
    ['ok', 'warning'],
  ]);
  expect(
    [cgroupOutcome(true, ['cpu', 'memory', 'pids']), cgroupOutcome(false, ['cpu', 'cpuacct']), cgroupOutcome(false, [])].map(
      ({ verdict }) => verdict,
    ),
  ).toEqual([...['ok', 'error', 'not checked']]);
});

const nodeOf = (name: string, kubeletVersion: string, conditions: object[] = [], spec: object = {}) =>
  ({ metadata: { name }, spec, status: { nodeInfo: { kubeletVersion }, conditions } }) as unknown as Node;

test('versions: agents no newer than the API and not too old, kubectl one away, runc without known holes', () => {
  const judged = (kubelet: string, kubectl?: string) =>
    verdicts(skewOutcomes({ server: 'v1.35.0+berth', kubectl, nodes: [nodeOf('n1', kubelet)] }));
  expect([judged('v1.35.1', 'v1.34.2'), judged('v1.36.0', 'v1.33.0'), judged('v1.31.0'), judged('v1.32.0')]).toEqual([
    ...[
      ['ok', 'ok'],
      ['error', 'warning'],
      ['error', 'not checked'],
      ['ok', 'not checked'],
    ],
  ]);
  const hole = { type: 'RuncVulnerable', status: 'True', message: 'runc 1.1.5 is older' };
  expect(holeOutcomes([nodeOf('n1', '', [hole]), nodeOf('n2', '')])).toMatchObject([
    { verdict: 'warning', says: 'node n1: runc 1.1.5 is older' },
  ]);
  expect(
    [
      toolOutcome('runc', 'runc version 1.1.5+ds1'),
      toolOutcome('runc', 'runc version 1.0.9'),
      toolOutcome('nft', undefined),
      toolOutcome('nft', 'odd'),
    ].map(({ verdict }) => verdict),
  ).toEqual([...['ok', 'warning', 'error', 'not checked']]);
});

test('sessions: never heard of, silent, not ready, under pressure, cordoned', () => {
  const ready = { type: 'Ready', status: 'True' };
  const judged = (secondsAgo: number | undefined, conditions: object[], spec: object = {}) => {
    const lease = { metadata: { name: 'n1' }, spec: { renewTime: new Date(now - (secondsAgo ?? 0) * 1000).toISOString() } } as Lease;
    return verdicts(sessionOutcomes([nodeOf('n1', '', conditions, spec)], secondsAgo === undefined ? [] : [lease], now))[0];
  };
  expect([
    judged(undefined, [ready]),
    judged(41, [ready]),
    judged(5, []),
    judged(5, [ready, { type: 'DiskPressure', status: 'True' }]),
  ]).toEqual([...['error', 'error', 'error', 'warning']]);
  expect([judged(5, [ready], { unschedulable: true }), judged(39, [ready])]).toEqual(['warning', 'ok']);
  expect(verdicts(sessionOutcomes([], [], now))).toEqual(['warning']);
});

test('names that the node does not answer', async () => {
  expect((await nameServerOutcome('10.96.0.10', async () => ['10.96.0.1'])).verdict).toBe('ok');
  const failing = () => Promise.reject(Object.assign(new Error('x'), { code: 'ETIMEOUT' }));
  expect(await nameServerOutcome('10.96.0.10', failing)).toMatchObject({ verdict: 'error', says: expect.stringContaining('ETIMEOUT') });
});

test('leaks: what no pod, no mirror of a static pod and no volume of the API has, and two looks found', () => {
  const pods = [
    { metadata: { name: 'a', uid: 'u1' } },
    { metadata: { name: 's', uid: 'u2', annotations: { 'kubernetes.io/config.mirror': 'hash' } } },
  ] as unknown as Pod[];
  const volumes = [{ metadata: { name: 'v' }, spec: { local: { path: '/d/volumes/v' } } }] as unknown as PersistentVolume[];
  const trace = (kind: Trace['kind'], name: string, more: Partial<Trace> = {}): Trace => ({ kind, name, ...more });
  const seen = [
    trace('mounts', 'm1', { pod: 'u1' }),
    trace('mounts', 'm2', { pod: 'gone' }),
    trace('log folders', 'l', { pod: 'hash' }),
    trace('network namespaces', 'n'),
    trace('loop devices', 'loop0', { volumeFile: '/d/volumes/v' }),
    trace('loop devices', 'loop1', { volumeFile: '/d/volumes/w' }),
  ];
  const leaks = leaksAmong(seen, { pods, volumes });
  expect(leaks.map(({ name }) => name)).toEqual(['m2', 'n', 'loop1']);
  expect(stillThere(leaks, leaks.slice(1)).map(({ name }) => name)).toEqual(['n', 'loop1']);
  expect(leakOutcomes(leaks, seen).map(({ check, verdict }) => `${check} ${verdict}`)).toEqual([
    ...['leaks: loop devices warning', 'leaks: mounts warning', 'leaks: shims ok', 'leaks: network namespaces warning'],
    ...['leaks: cgroups ok', 'leaks: log folders ok'],
  ]);
});

test('whose a mount is and whose a bundle is', () => {
  const line = (path: string) => `1 2 0:3 / ${path} rw - tmpfs tmpfs rw`;
  expect(mounts([line('/d/pods/u1/volumes/a\\040b'), line('/d/podsx/u2'), line('/other'), ''].join('\n'), { directory: '/d' })).toEqual([
    { kind: 'mounts', name: '/d/pods/u1/volumes/a b', pod: 'u1' },
  ]);
  const bundle = {
    linux: { cgroupsPath: '/berth-0/pod0a-1b/x', namespaces: [{ type: 'pid' }, { type: 'network', path: '/d/netns/cni-1' }] },
  };
  expect(sandboxIn(JSON.stringify(bundle))).toEqual({ pod: '0a-1b', networkNamespace: '/d/netns/cni-1' });
  expect([sandboxIn('{}'), sandboxIn('{"linux":{}}')]).toEqual([undefined, undefined]);
});
