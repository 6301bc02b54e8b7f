// Causes as kube-apiserver 1.35 worded them when it was asked the same (npm run differential).
import { fieldMessage, type KindDefinition } from '@berth/machinery';
import { describe, expect, test } from 'vitest';
import type { DaemonSet } from '../generated/apps-v1.types.ts';
import type { PersistentVolumeSpec, PodSpec } from '../generated/core-v1.types.ts';
import {
  ClusterRole,
  ControllerRevision,
  EndpointSlice,
  Endpoints,
  kinds,
  LimitRange,
  Node,
  PodDisruptionBudget,
  ResourceQuota,
  RoleBinding,
  ServiceAccount,
  ServiceCIDR,
  VolumeAttachment,
} from '../index.ts';
import { clusterSamples } from '../samples/cluster.ts';
import { sampleOf } from '../testing.ts';
import { validateDaemonSetSpec } from './daemon-set.ts';
import type { FieldError } from './errors.ts';
import { validateMetadataParts } from './metadata.ts';
import { validatePodSpec } from './pod-spec.ts';

const texts = (errors: FieldError[]) => errors.map((error) => `${error.field}: ${fieldMessage(error)}`);

describe('what is shown of structs', () => {
  test('fields as Go calls them, with those that were not set', () => {
    const binding = clusterSamples.RoleBinding();
    const next = { ...binding, roleRef: { kind: 'Role', name: 'other', apiGroup: '' } };
    expect(texts(RoleBinding.validateUpdate(next, binding))).toEqual([
      'roleRef: Invalid value: {"APIGroup":"","Kind":"Role","Name":"other"}: cannot change roleRef',
    ]);
  });

  test('a selector that none can be made of, as null', () => {
    const role = { ...clusterSamples.ClusterRole(), aggregationRule: { clusterRoleSelectors: [{ matchLabels: { '': 'a' } }] } };
    expect(texts(ClusterRole.validate(role))).toContain(
      'aggregationRule.clusterRoleSelectors[0]: Invalid value: null: invalid label selector.',
    );
  });
});

test('ranges of services are written in one way, however many are wrong', () => {
  const made = (...cidrs: string[]) => texts(ServiceCIDR.validate({ ...clusterSamples.ServiceCIDR(), spec: { cidrs } }));
  const both = 'may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64';
  expect(made('010.0.0.0/8')).toEqual(['spec.cidrs[0]: Invalid value: "010.0.0.0/8": must not have leading 0s in IP or prefix length']);
  expect(made('10.0.0.1/8')).toEqual(['spec.cidrs[0]: Invalid value: "10.0.0.1/8": must not have bits set beyond the prefix length']);
  expect(made('FD00:0::/64')).toEqual(['spec.cidrs[0]: Invalid value: "FD00:0::/64": must be in canonical form ("fd00::/64")']);
  expect(made('10.0.0.0/33')).toEqual([expect.stringContaining('must be a valid CIDR value')]);
  expect(made('010.0.0.0/8', '10.0.0.0/8')).toEqual([
    expect.stringContaining('must not have leading 0s'),
    `spec.cidrs: Invalid value: ["010.0.0.0/8","10.0.0.0/8"]: ${both}`,
  ]);
});

test('metadata of a disruption budget is looked at once its spec is in order', () => {
  const metadata = { name: 'a', namespace: 'default', finalizers: ['a', 'a b'] };
  const texted = (spec: object) =>
    texts(PodDisruptionBudget.validate({ apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata, spec }));
  expect(texted({ maxUnavailable: 'x' }).every((text) => text.startsWith('spec.'))).toBe(true);
  expect(texted({ maxUnavailable: 1 })).toEqual([expect.stringContaining('metadata.finalizers: Invalid value: "a b"')]);
  const changed: PodDisruptionBudget = {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { ...metadata, name: 'a_b' },
    spec: { maxUnavailable: 'x' },
  };
  // Of a change both are looked at, and any name that a path can hold is one.
  const fields = PodDisruptionBudget.validate(changed, changed).map(({ field }) => field);
  expect([...new Set(fields)]).toEqual(['spec.maxUnavailable', 'metadata.finalizers']);
});

test('of the sources of a volume, only the first is looked into', () => {
  const spec = (volume: object) => ({ containers: [{ name: 'a', image: 'b' }], volumes: [{ name: 'v', ...volume }] }) as unknown as PodSpec;
  const found = (volume: object) => texts(validatePodSpec(spec(volume), 'spec')).filter((text) => text.startsWith('spec.volumes'));
  const surplus = 'Forbidden: may not specify more than 1 volume type';
  expect(found({ awsElasticBlockStore: { volumeID: 'a', partition: 30080 }, downwardAPI: { defaultMode: -1 }, cephfs: {} })).toEqual([
    'spec.volumes[0].awsElasticBlockStore.partition: Invalid value: 30080: must be between 1 and 255, inclusive',
    `spec.volumes[0].cephFS: ${surplus}`,
    `spec.volumes[0].downwarAPI: ${surplus}`,
  ]);
  expect(found({ emptyDir: {}, secret: {} })).toEqual([`spec.volumes[0].secret: ${surplus}`]);
  expect(found({ gitRepo: { repository: '', directory: '/' } })).toEqual([
    'spec.volumes[0].gitRepo.repository: Required value',
    'spec.volumes[0].gitRepo.directory: Invalid value: "/": must be a relative path',
  ]);
  expect(found({})).toEqual(['spec.volumes[0]: Required value: must specify a volume type']);
});

test('a path to a field of a pod is one that Kubernetes knows, in v1', () => {
  const found = (fieldRef: object) => {
    const container = { name: 'a', image: 'b', env: [{ name: 'A', valueFrom: { fieldRef } }] };
    const field = 'spec.containers[0].env[0].valueFrom.fieldRef.fieldPath: ';
    const spec = { containers: [container] } as unknown as PodSpec;
    return texts(validatePodSpec(spec, 'spec')).flatMap((text) => (text.startsWith(field) ? [text.slice(field.length)] : []));
  };
  const wrong = (path: string, detail: string) => [`Invalid value: ${JSON.stringify(path)}: error converting fieldPath: ${detail}`];
  expect(found({ apiVersion: 'v1', fieldPath: 'metadata.name' })).toEqual([]);
  expect(found({ apiVersion: 'v1', fieldPath: 'a-b' })).toEqual(wrong('a-b', 'field label not supported: a-b'));
  expect(found({ apiVersion: 'v2', fieldPath: 'a-b' })).toEqual(wrong('a-b', 'unsupported pod version: v2'));
  expect(found({ apiVersion: 'v1', fieldPath: 'spec.schedulerName' })[0]).toContain('Unsupported value: "spec.schedulerName"');
});

test('counts of a rolling update: what is no number is none', () => {
  const daemonSet = (rollingUpdate: object) => {
    const sample = sampleOf(kinds.find(({ kind }) => kind === 'DaemonSet') as KindDefinition) as DaemonSet;
    sample.spec.updateStrategy = { type: 'RollingUpdate', rollingUpdate };
    const found = texts(validateDaemonSetSpec(sample)).map((text) => text.replace('spec.updateStrategy.rollingUpdate.', ''));
    return found.filter((text) => text.startsWith('max'));
  };
  expect(daemonSet({ maxUnavailable: 0, maxSurge: 'x' })).toContain('maxUnavailable: Required value: cannot be 0 when maxSurge is 0');
  expect(daemonSet({ maxUnavailable: 0, maxSurge: '101%' })).toEqual(['maxSurge: Invalid value: "101%": must not be greater than 100%']);
});

test('ranges of services say which of them changed', () => {
  const range = clusterSamples.ServiceCIDR();
  const changed = (cidrs: string[]) => texts(ServiceCIDR.validateUpdate({ ...range, spec: { cidrs } }, range));
  expect(changed(['10.8.0.0/16'])).toEqual(['spec.cidrs[0]: Invalid value: "10.8.0.0/16": field is immutable']);
  expect(changed(['10.9.0.0/16', 'fd00::/64'])).toEqual([]);
  expect(changed(['10.9.0.0/16', '10.7.0.0/16'])).toEqual([
    expect.stringContaining('spec.cidrs: Invalid value: ["10.9.0.0/16","10.7.0.0/16"]: may specify no more than one IP'),
  ]);
});

test('a volume within an attachment is nobody’s, and a CSI volume', () => {
  const inlineVolumeSpec: PersistentVolumeSpec = { accessModes: ['ReadWriteOnce'], capacity: { storage: '1Gi' } };
  const attachment = { ...clusterSamples.VolumeAttachment(), spec: { attacher: 'a.b', nodeName: 'n', source: { inlineVolumeSpec } } };
  expect(texts(VolumeAttachment.validate(attachment))).toEqual([
    'spec.source.inlineVolumeSpec.capacity: Forbidden: may not be specified in the context of inline volumes',
    'spec.source.inlineVolumeSpec.csi: Required value: has to be specified in the context of inline volumes',
    'spec.source.inlineVolumeSpec: Required value: must specify a volume type',
  ]);
  const changed = { ...attachment, spec: { attacher: 'a.b', nodeName: 'n', source: { persistentVolumeName: '-' } } };
  const shown = '{"Attacher":"a.b","Source":{"PersistentVolumeName":"-","InlineVolumeSpec":null},"NodeName":"n"}';
  expect(texts(VolumeAttachment.validateUpdate(changed, attachment))).toEqual([`spec: Invalid value: ${shown}: field is immutable`]);
  const source = { ...changed.spec.source, inlineVolumeSpec: {} };
  expect(texts(VolumeAttachment.validateUpdate({ ...changed, spec: { ...changed.spec, source } }, changed))).toHaveLength(1);
  // Names are looked at once.
  expect(texts(VolumeAttachment.validate(changed, attachment))).toEqual([]);
  expect(texts(VolumeAttachment.validate(changed))).toHaveLength(1);
});

test('owners and finalizers', () => {
  const owner = { kind: 'Pod', name: 'a', uid: 'u' };
  const metadata = {
    name: 'a',
    finalizers: ['plain'],
    ownerReferences: [
      { ...owner, apiVersion: 'a/b/c', controller: true },
      { ...owner, apiVersion: 'v1', name: 'b', controller: true },
    ],
  };
  expect(texts(validateMetadataParts({ metadata }))).toEqual([
    'metadata.ownerReferences.apiVersion: Invalid value: "a/b/c": version must not be empty',
    expect.stringContaining('Found "true" in references for Pod/a and Pod/b'),
    'metadata.finalizers[0]: Invalid value: "plain": name is neither a standard finalizer name nor is it fully qualified',
  ]);
});

const named = <T extends string>(apiVersion: string, kind: T) => ({ apiVersion, kind, metadata: { name: 'a', namespace: 'b' } });

test('both bounds of a budget are shown with all that was not set', () => {
  const spec = { maxUnavailable: '50%', minAvailable: 0, selector: { matchLabels: { b: 'c', a: 'b' } } };
  expect(texts(PodDisruptionBudget.validate({ ...named('policy/v1', 'PodDisruptionBudget'), spec }))).toEqual([
    'spec: Invalid value: {"MinAvailable":0,"Selector":{"matchLabels":{"a":"b","b":"c"}},"MaxUnavailable":"50%","UnhealthyPodEvictionPolicy":null}: minAvailable and maxUnavailable cannot be both set',
  ]);
});

test('the data of a revision is an object, and stays', () => {
  const revision = (data: unknown) => ({ ...named('apps/v1', 'ControllerRevision'), data: data as Record<string, unknown>, revision: 1 });
  expect(texts(ControllerRevision.validate(revision('x')))).toEqual(['data: Required value: data must be a valid JSON object']);
  expect(texts(ControllerRevision.validate(revision(undefined)))).toEqual(['data: Required value: data is mandatory']);
  expect(texts(ControllerRevision.validate(revision('x'), revision({})))).toEqual([]);
  expect(texts(ControllerRevision.validateUpdate(revision({}), revision({ spec: {} })))).toEqual([
    'data: Invalid value: {}: field is immutable',
  ]);
});

test('addresses of endpoints, their nodes and the protocols of their ports', () => {
  const subsets = [
    { addresses: [{ ip: 'x', nodeName: '/' }], ports: [{ port: 1, protocol: 'TCP', appProtocol: '' }] },
    { notReadyAddresses: [{ ip: '127.0.0.1', hostname: 'a.b' }] },
  ];
  expect(texts(Endpoints.validate({ ...named('v1', 'Endpoints'), subsets }))).toEqual([
    'subsets[0].addresses[0].ip: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
    'subsets[0].addresses[0].ip: Invalid value: "x": must be a valid IP address',
    expect.stringContaining('subsets[0].addresses[0].nodeName: Invalid value: "/": a lowercase RFC 1123 subdomain'),
    'subsets[0].ports[0].appProtocol: Invalid value: "": name part must be non-empty',
    expect.stringContaining('subsets[0].ports[0].appProtocol: Invalid value: "": name part must consist of'),
    'subsets[1].notReadyAddresses[0].ip: Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)',
    'subsets[1].notReadyAddresses[0].hostname: Invalid value: "a.b": must not contain dots',
  ]);
});

test('a slice holds addresses of its family, whose place and use is said in names', () => {
  const slice = (addressType: string, addresses: string[], more = {}) => ({
    ...named('discovery.k8s.io/v1', 'EndpointSlice'),
    addressType,
    endpoints: [{ addresses, ...more }],
    ports: [{ name: 'a', port: 70000, protocol: 'TCP' }],
  });
  expect(texts(EndpointSlice.validate(slice('IPv4', ['fd00::1'])))).toEqual([
    'endpoints[0].addresses: Invalid value: "fd00::1": must be an IPv4 address',
  ]);
  expect(texts(EndpointSlice.validate(slice('IPv6', ['fd00:0::1'])))).toEqual([
    'endpoints[0].addresses[0]: Invalid value: "fd00:0::1": must be in canonical form ("fd00::1")',
  ]);
  expect(texts(EndpointSlice.validate(slice('FQDN', ['true'])))).toEqual([
    'endpoints[0].addresses[0]: Invalid value: "true": should be a domain with at least two segments separated by dots',
  ]);
  const hints = { forZones: [{ name: 'a' }, { name: 'a' }], forNodes: [{ name: '-' }] };
  const placed = slice('IPv4', ['10.0.0.1'], { nodeName: '', hostname: 'a.b', hints });
  expect(texts(EndpointSlice.validate(placed))).toEqual([
    expect.stringContaining('endpoints[0].nodeName: Invalid value: "": a lowercase RFC 1123 subdomain'),
    'endpoints[0].hostname: Invalid value: "a.b": must not contain dots',
    'endpoints[0].hints.forZones[1].name: Duplicate value: "a"',
    expect.stringContaining('endpoints[0].hints.forNodes[0].name: Invalid value: "-"'),
  ]);
  expect(texts(EndpointSlice.validate(placed, structuredClone(placed)))).toEqual([]);
});

test('a quota names resources and scopes that there are', () => {
  const quota = (spec: object) => ({ ...named('v1', 'ResourceQuota'), spec });
  const scopeSelector = { matchExpressions: [{ scopeName: 'BestEffort', operator: 'In', values: ['a'] }] };
  expect(texts(ResourceQuota.validate(quota({ hard: { web: '-1', pods: '12345678901234567890' }, scopes: ['x'] })))).toEqual([
    'spec.hard[web]: Invalid value: "web": must be a standard resource type or fully qualified',
    'spec.hard[web]: Invalid value: "web": must be a standard resource for quota',
    'spec.hard[web]: Invalid value: "-1": must be greater than or equal to 0',
    'spec.hard[pods]: Invalid value: "12345678901234567890": must be an integer',
    'spec.scopes: Invalid value: ["x"]: unsupported scope',
  ]);
  expect(
    texts(ResourceQuota.validate(quota({ hard: { 'ephemeral-storage': '1', resourceclaims: '1' }, scopes: ['PriorityClass'] }))),
  ).toEqual([
    'spec.hard[resourceclaims]: Invalid value: "resourceclaims": must be a standard resource type or fully qualified',
    'spec.hard[resourceclaims]: Invalid value: "resourceclaims": must be a standard resource for quota',
    'spec.scopes: Invalid value: ["PriorityClass"]: unsupported scope applied to resource',
  ]);
  expect(texts(ResourceQuota.validate(quota({ hard: { cpu: '1' }, scopeSelector })))).toEqual([
    expect.stringContaining('spec.scopeSelector.matchExpressions.operator: Invalid value: "In": must be \'Exists\' when scope is any of'),
    'spec.scopeSelector.matchExpressions: Invalid value: {"MatchExpressions":[{"ScopeName":"BestEffort","Operator":"In","Values":["a"]}]}: unsupported scope applied to resource',
  ]);
});

test('bounds of a limit range are compared whatever else is wrong, and may be negative', () => {
  const limits = [
    { type: 'Container', min: { bogus: '-1', cpu: '2' }, max: { cpu: '1' }, default: { cpu: '3' }, maxLimitRequestRatio: { cpu: '0' } },
  ];
  expect(texts(LimitRange.validate({ ...named('v1', 'LimitRange'), spec: { limits } }))).toEqual([
    'spec.limits[0].min[bogus]: Invalid value: "bogus": must be a standard resource type or fully qualified',
    'spec.limits[0].min[bogus]: Invalid value: "bogus": must be a standard resource for containers',
    'spec.limits[0].min[cpu]: Invalid value: "2": min value 2 is greater than max value 1',
    'spec.limits[0].default[cpu]: Invalid value: "1": default value 3 is greater than max value 1',
    'spec.limits[0].maxLimitRequestRatio[cpu]: Invalid value: "0": ratio 0 is less than 1',
  ]);
});

describe('a node', () => {
  const node = (spec: Node['spec'], status = {}): Node => ({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'n' }, spec, status });

  test('has ranges that are some, taints that are told of as they once stood, and amounts', () => {
    const taints = [{ key: 'a', value: '..', effect: '' }];
    const wrong = node({ podCIDRs: ['10.1.0.0/24', 'x'], taints }, { capacity: { 'a/b': '-1' }, declaredFeatures: ['B', 'A', 'a b'] });
    expect(texts(Node.validate(wrong))).toEqual([
      expect.stringContaining('metadata.taints[0].value: Invalid value: "..": a valid label must be'),
      'metadata.taints[0].effect: Required value',
      'status.capacity.a/b: Invalid value: "-1": must be greater than or equal to 0',
      'status.declaredFeatures[1]: Invalid value: "A": list must be sorted alphabetically',
      expect.stringContaining('status.declaredFeatures[2]: Invalid value: "a b": invalid feature name "a b": must start with'),
      'spec.podCIDRs[1]: Invalid value: "x": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)',
      'spec.podCIDRs: Internal error: invalid PodCIDRs. failed to check with dual stack with error:invalid CIDR[1]: <nil> (invalid CIDR address: x)',
      'spec.podCIDRs: Invalid value: ["10.1.0.0/24","x"]: may specify no more than one CIDR for each IP family',
    ]);
    expect(texts(Node.validateUpdate(node({ externalID: 'a' }), node({})))).toEqual(['spec.externalID: Forbidden: may not be updated']);
  });

  test('has its first range by itself, too, which counts where both differ', () => {
    const ranged = (spec: Node['spec']) => {
      const made = node(spec);
      Node.defaults(made);
      return made.spec;
    };
    expect(ranged({ podCIDR: '10.1.0.0/24' })).toEqual({ podCIDR: '10.1.0.0/24', podCIDRs: ['10.1.0.0/24'] });
    expect(ranged({ podCIDRs: ['10.1.0.0/24', 'fd00::/64'] })).toEqual({ podCIDR: '10.1.0.0/24', podCIDRs: ['10.1.0.0/24', 'fd00::/64'] });
    expect(ranged({ podCIDR: '10.2.0.0/24', podCIDRs: ['10.1.0.0/24'] })).toEqual({ podCIDR: '10.2.0.0/24', podCIDRs: ['10.2.0.0/24'] });
  });
});

test('of the secrets of an account only the names are kept', () => {
  const account = { ...named('v1', 'ServiceAccount'), secrets: [{ name: 'a', namespace: 'x', fieldPath: 'y' }, { kind: 'Secret' }] };
  ServiceAccount.strategy.prepareForCreate?.(account, '2020-01-02T03:04:05Z');
  expect(account.secrets).toEqual([{ name: 'a' }, {}]);
});
