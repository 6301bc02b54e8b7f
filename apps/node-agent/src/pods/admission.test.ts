import type { Pod, Taint } from '@berth/api';
import { resourcesFrom } from '@berth/scheduling';
import { expect, test } from 'vitest';
import { type AdmittingNode, admit, type PressureCondition } from './admission.ts';
import { safeSysctls } from './allowed-sysctls.ts';
import { podOf } from './testing.ts';

const noExecute = (key: string): Taint => ({ key, effect: 'NoExecute' });

function nodeWith(more: Partial<AdmittingNode> = {}): AdmittingNode {
  return {
    name: 'n1',
    labels: { 'kubernetes.io/os': 'linux', zone: 'a' },
    taints: [],
    allocatable: resourcesFrom({ cpu: '1900m', memory: '1Gi', 'ephemeral-storage': '10Gi', pods: '110', 'example.com/gpu': '1' }),
    pressures: [],
    allowedSysctls: safeSysctls,
    ...{ hasAppArmor: false, hasStrictGroups: false, isShuttingDown: false },
    ...more,
  };
}

const asking = (requests: Record<string, string>, more: Partial<Pod['spec']> = {}, name = 'web') =>
  podOf('app', { containers: [{ name: 'main', image: 'app', resources: { requests } }], ...more }, name);
const onPort = (hostPort: number, name: string, more: object = {}) =>
  podOf('app', { containers: [{ name: 'main', image: 'app', ports: [{ containerPort: 80, hostPort, ...more }] }] }, name);
const labelled = (labels: Record<string, string>): Pod => {
  const pod = podOf('app');
  return { ...pod, metadata: { ...pod.metadata, labels } };
};
const byTerm = (key: string, operator: string) => ({
  nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions: [{ key, operator }] }] } },
});
const short = (resource: string, requested: number, used: number, capacity: number) =>
  `Node didn't have enough resource: ${resource}, requested: ${requested}, used: ${used}, capacity: ${capacity}`;
const affinity = "Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector";
const ports = "Predicate NodePorts failed: node(s) didn't have free ports for the requested pod ports";

test('a node whose runtime can leave out the groups of an image takes pods that ask for that', () => {
  const strict = podOf('app', { securityContext: { supplementalGroupsPolicy: 'Strict' } });
  expect(admit(strict, nodeWith({ hasStrictGroups: true }), [])).toBeUndefined();
  expect(admit(strict, nodeWith(), [])?.reason).toBe('SupplementalGroupsPolicyNotSupported');
});

const others = [asking({ cpu: '400m', memory: '512Mi', 'example.com/gpu': '1' }, {}, 'other'), onPort(80, 'http')];

test.each<[string, Pod, string, string]>([
  ['cpu', asking({ cpu: '64' }), 'OutOfcpu', short('cpu', 64_000, 400, 1900)],
  ['cpu with overhead', asking({ cpu: '1400m' }, { overhead: { cpu: '101m' } }), 'OutOfcpu', short('cpu', 1501, 400, 1900)],
  ['memory', asking({ memory: '600Mi' }), 'OutOfmemory', short('memory', 600 * 2 ** 20, 512 * 2 ** 20, 2 ** 30)],
  ['disk', asking({ 'ephemeral-storage': '11Gi' }), 'OutOfephemeral-storage', short('ephemeral-storage', 11 * 2 ** 30, 0, 10 * 2 ** 30)],
  ['a device', asking({ 'example.com/gpu': '1' }), 'OutOfexample.com/gpu', short('example.com/gpu', 1, 1, 1)],
  ['huge pages that there are none of', asking({ 'hugepages-2Mi': '2Mi' }), 'OutOfhugepages-2Mi', short('hugepages-2Mi', 2 ** 21, 0, 0)],
  ['the first of several', asking({ memory: '2Gi', cpu: '64' }), 'OutOfcpu', short('cpu', 64_000, 400, 1900)],
  ['the pod as a whole', podOf('app', { resources: { requests: { cpu: '2' } } }), 'OutOfcpu', short('cpu', 2000, 400, 1900)],
  ['a port', onPort(80, 'b'), 'NodePorts', ports],
  ['a port of one address', onPort(80, 'b', { hostIP: '127.0.0.1' }), 'NodePorts', ports],
  ['a selector', podOf('app', { nodeSelector: { no: 'such' } }), 'NodeAffinity', affinity],
  ['required affinity', podOf('app', { affinity: byTerm('zone', 'DoesNotExist') }), 'NodeAffinity', affinity],
  ['another name', podOf('app', { nodeName: 'n2' }), 'NodeName', "Predicate NodeName failed: node(s) didn't match the requested node name"],
  [
    'another system',
    podOf('app', { os: { name: 'windows' } }),
    'PodOSNotSupported',
    "Failed to admit pod as the OS field doesn't match node OS",
  ],
  [
    'another system by label',
    labelled({ 'kubernetes.io/os': 'windows' }),
    'PodOSSelectorNodeLabelDoesNotMatch',
    "Failed to admit pod as the `kubernetes.io/os` label doesn't match node label",
  ],
  [
    'groups of its own only',
    podOf('app', { securityContext: { supplementalGroupsPolicy: 'Strict' } }),
    'SupplementalGroupsPolicyNotSupported',
    'SupplementalGroupsPolicy=Strict is not supported in this node',
  ],
  [
    'a setting of the kernel',
    podOf('app', { securityContext: { sysctls: [{ name: 'net.core.somaxconn', value: '1' }] } }),
    'SysctlForbidden',
    'forbidden sysctl: "net.core.somaxconn" not allowlisted',
  ],
  [
    'AppArmor',
    podOf('app', { containers: [{ name: 'main', securityContext: { appArmorProfile: { type: 'RuntimeDefault' } } }] }),
    'AppArmor',
    'Cannot enforce AppArmor: AppArmor is not enabled on the host',
  ],
])('a node refuses what it cannot give: %s', (_, pod, reason, message) => {
  expect(admit(pod, nodeWith(), others)).toMatchObject({ reason, message });
});

test.each<[string, Pod]>([
  ['all that is left', asking({ cpu: '1500m', memory: '512Mi' })],
  ['nothing', podOf('app')],
  ['of cpu nothing', asking({ cpu: '0' })],
  ['a resource that is not this node’s', asking({ 'example.com/licence': '5' })],
  ['another port, or the same of another protocol', onPort(81, 'b')],
  ['the same port of another protocol', onPort(80, 'b', { protocol: 'UDP' })],
  ['labels that it has', podOf('app', { nodeSelector: { zone: 'a' }, affinity: byTerm('zone', 'Exists'), os: { name: 'linux' } })],
  ['a safe setting', podOf('app', { securityContext: { sysctls: [{ name: 'net.ipv4.tcp_syncookies', value: '1' }] } })],
  ['no confinement', podOf('app', { securityContext: { appArmorProfile: { type: 'Unconfined' } } })],
])('and takes what it can: %s', (_, pod) => {
  expect(admit(pod, nodeWith(), others)).toBeUndefined();
});

test('a node takes no more pods than it is made for', () => {
  const full = nodeWith({ allocatable: resourcesFrom({ cpu: '2', pods: '2' }) });
  expect(admit(podOf('app'), full, others)).toMatchObject({ reason: 'OutOfpods', message: short('pods', 1, 2, 2) });
});

test('of taints, only those that end pods keep one away, and one that tolerates them comes', () => {
  const message = "Predicate TaintToleration failed: node(s) had taints that the pod didn't tolerate";
  expect(admit(podOf('app'), nodeWith({ taints: [noExecute('gone')] }), [])).toMatchObject({ reason: 'TaintToleration', message });
  expect(admit(podOf('app'), nodeWith({ taints: [{ key: 'gone', effect: 'NoSchedule' }] }), [])).toBeUndefined();
  const tolerant = podOf('app', { tolerations: [{ key: 'gone', operator: 'Exists' }] });
  expect(admit(tolerant, nodeWith({ taints: [noExecute('gone')] }), [])).toBeUndefined();
});

test.each<[PressureCondition[], 'BestEffort' | 'Burstable' | 'tolerant' | 'critical', string | undefined]>([
  [['MemoryPressure'], 'BestEffort', 'The node had condition: [MemoryPressure]. '],
  [['MemoryPressure'], 'Burstable', undefined],
  [['MemoryPressure'], 'tolerant', undefined],
  [['MemoryPressure', 'DiskPressure'], 'Burstable', 'The node had condition: [MemoryPressure DiskPressure]. '],
  [['DiskPressure'], 'tolerant', 'The node had condition: [DiskPressure]. '],
  [['PIDPressure'], 'Burstable', 'The node had condition: [PIDPressure]. '],
  [['DiskPressure'], 'critical', undefined],
])('under %j a %s pod is answered %j', (pressures, which, message) => {
  const pods = {
    BestEffort: podOf('app'),
    Burstable: asking({ cpu: '1m' }),
    tolerant: podOf('app', { tolerations: [{ operator: 'Exists' }] }),
    critical: podOf('app', { priority: 2_000_000_000 }),
  };
  const expected = message === undefined ? undefined : { reason: 'Evicted', message };
  expect(admit(pods[which], nodeWith({ pressures }), [])).toEqual(expected);
});

test('a critical pod is refused for what room cannot mend, and else told what is missing', () => {
  const critical = (more: Partial<Pod['spec']>) => asking({ cpu: '1600m' }, { priority: 2_000_001_000, ...more });
  expect(admit(critical({ nodeSelector: { no: 'such' } }), nodeWith(), others)).toMatchObject({ reason: 'NodeAffinity' });
  expect(admit(critical({}), nodeWith(), others)).toMatchObject({ reason: 'OutOfcpu', missing: [{ resource: 'cpu', amount: 100 }] });
});
