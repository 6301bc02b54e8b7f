// Each field that 1.35 knows and has off: dropped at create and at update, kept by an object that has it already.
import { dropDisabledFields, isRecord, type KindDefinition } from '@berth/machinery';
import { describe, expect, test } from 'vitest';
import {
  CronJob,
  DaemonSet,
  Deployment,
  DeviceClass,
  Job,
  Lease,
  Node,
  PersistentVolumeClaim,
  Pod,
  PodTemplate,
  ReplicaSet,
  ReplicationController,
  ResourceClaim,
  ResourceClaimTemplate,
  ResourceSlice,
  StatefulSet,
} from './index.ts';

const stopSignal = { lifecycle: { stopSignal: 'SIGUSR1' } };
const projected = (source: object) => [{ name: 'v', projected: { sources: [source, { configMap: { name: 'kept' } }] } }];

/** The gate, a pod spec that needs it, and what is left of the spec. */
const inPodSpecs: [string, object, object][] = [
  ['ContainerStopSignals', { containers: [{ name: 'c', ...stopSignal }] }, { containers: [{ name: 'c' }] }],
  ['ContainerStopSignals', { initContainers: [{ name: 'c', ...stopSignal }] }, { initContainers: [{ name: 'c' }] }],
  [
    'ContainerStopSignals',
    { containers: [{ name: 'c', lifecycle: { stopSignal: 'SIGUSR1', preStop: { sleep: { seconds: 1 } } } }] },
    { containers: [{ name: 'c', lifecycle: { preStop: { sleep: { seconds: 1 } } } }] },
  ],
  ['ClusterTrustBundleProjection', { volumes: projected({ clusterTrustBundle: { path: 'ca.pem' } }) }, { volumes: projected({}) }],
  ['PodCertificateRequest', { volumes: projected({ podCertificate: { signerName: 'x/y' } }) }, { volumes: projected({}) }],
  ['GenericWorkload', { workloadRef: { name: 'w', podGroup: 'g' } }, {}],
];
const within = (path: string, value: unknown): object =>
  path
    .split('.')
    .reverse()
    .reduce<unknown>((inner, step) => ({ [step]: inner }), value) as object;

type Kind = Pick<KindDefinition, 'kind' | 'disabledFields'>;
const podKinds: [Kind, string][] = [
  [Pod, 'spec'],
  [PodTemplate, 'template.spec'],
  [CronJob, 'spec.jobTemplate.spec.template.spec'],
  ...[Deployment, ReplicaSet, DaemonSet, StatefulSet, Job, ReplicationController].map((kind): [Kind, string] => [
    kind,
    'spec.template.spec',
  ]),
];

/** The gate, the devices of a claim that needs it, and what is left of them. */
const inClaims: [string, object, object][] = [
  ['DRADeviceTaints', { requests: [{ exactly: { tolerations: [{}] } }] }, { requests: [{ exactly: {} }] }],
  ['DRADeviceTaints', { requests: [{ firstAvailable: [{ tolerations: [{}] }] }] }, { requests: [{ firstAvailable: [{}] }] }],
  ['DRAConsumableCapacity', { requests: [{ exactly: { capacity: {} } }] }, { requests: [{ exactly: {} }] }],
  ['DRAConsumableCapacity', { requests: [{ firstAvailable: [{ capacity: {} }] }] }, { requests: [{ firstAvailable: [{}] }] }],
  ['DRAConsumableCapacity', { constraints: [{ distinctAttribute: 'a/b' }] }, { constraints: [{}] }],
];
const allocated = (result: object) => ({ status: { allocation: { devices: { results: [{ device: 'd', ...result }] } } } });
const devices = (given: object, left: object = {}) =>
  [{ spec: { devices: [{ name: 'd', ...given }] } }, { spec: { devices: [{ name: 'd', ...left }] } }] as const;

const others: [string, Kind, object, object][] = [
  [
    'MaxUnavailableStatefulSet',
    StatefulSet,
    { spec: { updateStrategy: { rollingUpdate: { partition: 1, maxUnavailable: 2 } } } },
    { spec: { updateStrategy: { rollingUpdate: { partition: 1 } } } },
  ],
  [
    'CrossNamespaceVolumeDataSource',
    PersistentVolumeClaim,
    { spec: { dataSourceRef: { kind: 'PersistentVolumeClaim', name: 'a', namespace: 'other' } } },
    { spec: {} },
  ],
  [
    'InPlacePodLevelResourcesVerticalScaling',
    Pod,
    { status: { resources: { limits: { cpu: '1' } }, phase: 'Running' } },
    { status: { phase: 'Running' } },
  ],
  ['InPlacePodLevelResourcesVerticalScaling', Pod, { status: { allocatedResources: { cpu: '1' } } }, { status: {} }],
  ['DRAExtendedResource', Pod, { status: { extendedResourceClaimStatus: { resourceClaimName: 'x' } } }, { status: {} }],
  [
    'ResourceHealthStatus',
    Pod,
    { status: { containerStatuses: [{ name: 'c', allocatedResourcesStatus: [{ name: 'gpu' }] }] } },
    { status: { containerStatuses: [{ name: 'c' }] } },
  ],
  ['DRAExtendedResource', DeviceClass, { spec: { extendedResourceName: 'example.com/gpu' } }, { spec: {} }],
  ...inClaims.flatMap(([gate, given, left]): [string, Kind, object, object][] => [
    [gate, ResourceClaim, { spec: { devices: given } }, { spec: { devices: left } }],
    [gate, ResourceClaimTemplate, { spec: { spec: { devices: given } } }, { spec: { spec: { devices: left } } }],
  ]),
  ['DRAConsumableCapacity', ResourceClaim, allocated({ shareID: 'x', consumedCapacity: { a: '1' } }), allocated({})],
  ['DRADeviceBindingConditions', ResourceClaim, allocated({ bindingConditions: ['a'], bindingFailureConditions: ['b'] }), allocated({})],
  ['DRADeviceTaints', ResourceSlice, ...devices({ taints: [{ key: 'a' }] })],
  ['DRAPartitionableDevices', ResourceSlice, ...devices({ consumesCounters: [{}], nodeName: 'n', nodeSelector: {}, allNodes: true })],
  ['DRAPartitionableDevices', ResourceSlice, { spec: { sharedCounters: [{ name: 'c' }], perDeviceNodeSelection: true } }, { spec: {} }],
  ['DRADeviceBindingConditions', ResourceSlice, ...devices({ bindsToNode: true, bindingConditions: ['a'], bindingFailureConditions: [] })],
  ['DRAConsumableCapacity', ResourceSlice, ...devices({ allowMultipleAllocations: true })],
  [
    'DRAConsumableCapacity',
    ResourceSlice,
    ...devices({ capacity: { a: { value: '1', requestPolicy: {} } } }, { capacity: { a: { value: '1' } } }),
  ],
  ['CoordinatedLeaderElection: strategy', Lease, { spec: { strategy: 'OldestEmulationVersion' } }, { spec: {} }],
  ['CoordinatedLeaderElection: preferredHolder', Lease, { spec: { preferredHolder: 'a' } }, { spec: {} }],
  ['DynamicKubeletConfig', Node, { spec: { configSource: { configMap: {} } } }, { spec: {} }],
  ['DynamicKubeletConfig: status', Node, { status: { config: { error: 'x' } } }, { status: {} }],
];
const cases = [
  ...podKinds.flatMap(([kind, path]) =>
    inPodSpecs.map(([gate, given, left]): (typeof others)[number] => [gate, kind, within(path, given), within(path, left)]),
  ),
  ...others,
];

// By name: a kind as a whole is too much for a title.
const named = cases.map(([gate, kind, given, left]) => ({ title: `${gate} in a ${kind.kind}`, gate, kind, given, left }));
describe.each(named)('$title', ({ gate, kind, given, left }) => {
  test('is dropped, and stays where it was', () => {
    const created = structuredClone(given);
    dropDisabledFields(kind.disabledFields, created);
    expect(created).toEqual(left);
    const added = structuredClone(given);
    dropDisabledFields(kind.disabledFields, added, left);
    expect(added).toEqual(left);
    const kept = structuredClone(given);
    dropDisabledFields(kind.disabledFields, kept, given);
    expect(kept).toEqual(given);
    expect(kind.disabledFields.map((field) => field.gate)).toContain(gate);
  });
});

test('every gate of every kind has a case', () => {
  for (const [kind] of [
    ...podKinds,
    [PersistentVolumeClaim],
    [Node],
    [DeviceClass],
    [ResourceClaim],
    [ResourceClaimTemplate],
    [ResourceSlice],
  ] as [Kind][]) {
    const gates = new Set(kind.disabledFields.map(({ gate }) => gate));
    const tested = new Set(cases.filter(([, candidate]) => candidate === kind).map(([gate]) => gate));
    expect([...tested].sort(), kind.kind).toEqual([...gates].sort());
  }
});

test('what holds nothing but fields that are off goes, also when it held nothing', () => {
  const pod = within('spec', { containers: [{ name: 'a', lifecycle: {} }, { name: 'b' }] });
  dropDisabledFields(Pod.disabledFields, pod);
  expect(pod).toEqual(within('spec', { containers: [{ name: 'a' }, { name: 'b' }] }));
});

test('a source in the same namespace is no other namespace’s, and stands in both fields', () => {
  const claim = (spec: object) =>
    ({ apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'c' }, spec }) as PersistentVolumeClaim;
  const prepared = (spec: object) => {
    const made = claim(structuredClone(spec));
    dropDisabledFields(PersistentVolumeClaim.disabledFields, made);
    PersistentVolumeClaim.strategy.prepareForCreate?.(made, '2020-01-02T03:04:05Z');
    return made.spec;
  };
  const source = { kind: 'PersistentVolumeClaim', name: 'a' };
  expect(prepared({ dataSource: source })).toEqual({ dataSource: source, dataSourceRef: source });
  expect(prepared({ dataSourceRef: source })).toEqual({ dataSource: source, dataSourceRef: source });
  expect(prepared({ dataSource: { kind: 'Thing', name: 'a', apiGroup: 'example.com' } })).toEqual({});
  expect(isRecord(prepared({ dataSourceRef: { kind: 'Thing', name: 'a', apiGroup: 'example.com' } }).dataSource)).toBe(true);
});
