// Every string that Kubernetes 1.35 warns with about services, nodes, volumes, claims, classes, endpoints, ingresses, policies and
// quotas, one case each. Texts are facts: clients see them.
import type { KindDefinition, KubeObject } from '@berth/machinery';
import { expect, test } from 'vitest';
import {
  CSIDriver,
  CSIStorageCapacity,
  EndpointSlice,
  Endpoints,
  Ingress,
  NetworkPolicy,
  Node,
  PersistentVolume,
  PersistentVolumeClaim,
  ResourceQuota,
  RuntimeClass,
  Service,
  StorageClass,
} from '../index.ts';

const own = (text: string) => !text.includes('Berth');
const os = 'beta.kubernetes.io/os';
const osAdvice = 'deprecated since v1.14; use "kubernetes.io/os" instead';
const classAnnotation = 'volume.beta.kubernetes.io/storage-class';
const future = 'will be considered invalid in a future Kubernetes release';
const recycle = 'The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning.';
const terms = { required: { nodeSelectorTerms: [{ matchExpressions: [{ key: os, operator: 'Exists' }] }] } };
const secrets =
  'spec.serviceAccountTokenInSecrets is unset; if supported by this CSI driver, set to true to prevent possible logging of tokens in volume attributes';

// The kinds' own types differ; a case is an object of its kind.
type Anything = Pick<KindDefinition<KubeObject>, 'warnings' | 'statusWarnings'>;
const kind = (definition: unknown) => definition as Anything;
const headless = { type: 'ClusterIP', clusterIP: 'None', clusterIPs: ['None'], sessionAffinity: 'None' };

const created: [string, unknown, object, string[]][] = [
  [
    'topology hints',
    Service,
    { metadata: { annotations: { 'service.kubernetes.io/topology-aware-hints': 'auto' } }, spec: {} },
    ['annotation service.kubernetes.io/topology-aware-hints is deprecated, please use service.kubernetes.io/topology-mode instead'],
  ],
  [
    'cluster addresses',
    Service,
    { spec: { clusterIP: 'FD00::1', clusterIPs: ['FD00::1', '::ffff:10.0.0.1'] } },
    [
      'spec.clusterIPs[0]: IPv6 address "FD00::1" should be in RFC 5952 canonical format ("fd00::1")',
      `spec.clusterIPs[1]: non-standard IP address "::ffff:10.0.0.1" ${future}: use "10.0.0.1"`,
    ],
  ],
  [
    'headless, with an address of a balancer',
    Service,
    { spec: { ...headless, loadBalancerIP: '1.2.3.4' } },
    ['spec.loadBalancerIP is ignored for headless services'],
  ],
  [
    'headless, with external addresses',
    Service,
    { spec: { ...headless, externalIPs: ['1.2.3.4'] } },
    ['spec.externalIPs is ignored for headless services'],
  ],
  [
    'headless, with affinity',
    Service,
    { spec: { ...headless, sessionAffinity: 'ClientIP' } },
    ['spec.SessionAffinity is ignored for headless services'],
  ],
  [
    'external and balanced addresses, and ranges',
    Service,
    {
      spec: {
        type: 'LoadBalancer',
        clusterIP: '10.0.0.1',
        externalIPs: ['010.1.1.1'],
        loadBalancerIP: '1.2.3.04',
        loadBalancerSourceRanges: ['10.0.0.7/8', '10.0.0.0/08', '::ffff:10.0.0.0/104', 'FD00::/64'],
      },
    },
    [
      `spec.externalIPs[0]: non-standard IP address "010.1.1.1" ${future}: use "10.1.1.1"`,
      `spec.loadBalancerIP: non-standard IP address "1.2.3.04" ${future}: use "1.2.3.4"`,
      'spec.loadBalancerSourceRanges[0]: CIDR value "10.0.0.7/8" is ambiguous in this context (should be "10.0.0.0/8" or "10.0.0.7/32"?)',
      `spec.loadBalancerSourceRanges[1]: non-standard CIDR value "10.0.0.0/08" ${future}: use "10.0.0.0/8"`,
      `spec.loadBalancerSourceRanges[2]: non-standard CIDR value "::ffff:10.0.0.0/104" ${future}: use "10.0.0.0/8"`,
      'spec.loadBalancerSourceRanges[3]: IPv6 CIDR value "FD00::/64" should be in RFC 5952 canonical format ("fd00::/64")',
    ],
  ],
  [
    'a name elsewhere, with external addresses',
    Service,
    { spec: { type: 'ExternalName', externalName: 'a.b', externalIPs: ['1.2.3.4'] } },
    ['spec.externalIPs is ignored when spec.type is "ExternalName"'],
  ],
  [
    'a name elsewhere that does not count',
    Service,
    { spec: { type: 'ClusterIP', externalName: 'a.b' } },
    ['spec.externalName is ignored when spec.type is not "ExternalName"'],
  ],
  [
    'PreferClose',
    Service,
    { spec: { type: 'ClusterIP', trafficDistribution: 'PreferClose' } },
    ['spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"'],
  ],
  ['a source of configuration', Node, { spec: { configSource: { configMap: {} } } }, ['spec.configSource: the feature is removed']],
  ['an external id', Node, { spec: { externalID: 'x' } }, ['spec.externalID: this field is deprecated, and is unused by Kubernetes']],
  [
    'ranges of pods',
    Node,
    { spec: { podCIDRs: ['10.0.0.1/24'] } },
    ['spec.podCIDRs[0]: CIDR value "10.0.0.1/24" is ambiguous in this context (should be "10.0.0.0/24" or "10.0.0.1/32"?)'],
  ],
  [
    'a volume with annotations for its class and its mount options',
    PersistentVolume,
    { metadata: { annotations: { [classAnnotation]: 'x', 'volume.beta.kubernetes.io/mount-options': 'ro' } }, spec: {} },
    [
      `metadata.annotations[${classAnnotation}]: deprecated since v1.8; use "storageClassName" attribute instead`,
      'metadata.annotations[volume.beta.kubernetes.io/mount-options]: deprecated since v1.31; use "mountOptions" attribute instead',
    ],
  ],
  [
    'a volume to recycle',
    PersistentVolume,
    { spec: { persistentVolumeReclaimPolicy: 'Recycle' } },
    [`spec.persistentVolumeReclaimPolicy: ${recycle}`],
  ],
  [
    'a volume by an old label',
    PersistentVolume,
    { spec: { nodeAffinity: terms } },
    [`spec.nodeAffinity.required.nodeSelectorTerms[0].matchExpressions[0].key: ${os} is ${osAdvice}`],
  ],
  ...(
    [
      ['cephfs', 'deprecated in v1.28, non-functional in v1.31+'],
      ['photonPersistentDisk', 'deprecated in v1.11, non-functional in v1.16+'],
      ['scaleIO', 'deprecated in v1.16, non-functional in v1.22+'],
      ['storageos', 'deprecated in v1.22, non-functional in v1.25+'],
      ['glusterfs', 'deprecated in v1.25, non-functional in v1.26+'],
      ['rbd', 'deprecated in v1.28, non-functional in v1.31+'],
    ] as const
  ).map(([type, message]): [string, unknown, object, string[]] => [
    `a volume of type ${type}`,
    PersistentVolume,
    { spec: { [type]: {} } },
    [`spec.${type}: ${message}`],
  ]),
  [
    'a claim with its class in an annotation',
    PersistentVolumeClaim,
    { metadata: { annotations: { [classAnnotation]: '' } }, spec: {} },
    [`metadata.annotations[${classAnnotation}]: deprecated since v1.8; use "storageClassName" attribute instead`],
  ],
  [
    'a claim of half a byte',
    PersistentVolumeClaim,
    { spec: { resources: { requests: { storage: '1500m' }, limits: { storage: '1500m' } } } },
    [
      'spec.resources.requests[storage]: fractional byte value "1500m" is invalid, must be an integer',
      'spec.resources.limits[storage]: fractional byte value "1500m" is invalid, must be an integer',
    ],
  ],
  [
    'a class by an old label',
    StorageClass,
    { allowedTopologies: [{ matchLabelExpressions: [{ key: os, values: ['linux'] }] }] },
    [`allowedTopologies[0].matchLabelExpressions[0].key: ${osAdvice}`],
  ],
  [
    'room by old labels',
    CSIStorageCapacity,
    { nodeTopology: { matchLabels: { [os]: 'linux' }, matchExpressions: [{ key: os, operator: 'Exists' }] } },
    [`nodeTopology.matchExpressions[0].key: ${os} is ${osAdvice}`, `nodeTopology.matchLabels.${os}: ${osAdvice}`],
  ],
  ['a driver that gets tokens', CSIDriver, { spec: { tokenRequests: [{ audience: 'x' }] } }, [secrets]],
  [
    'a driver that gets tokens in secrets',
    CSIDriver,
    { spec: { tokenRequests: [{ audience: 'x' }], serviceAccountTokenInSecrets: false } },
    [],
  ],
  [
    'a runtime class by an old label',
    RuntimeClass,
    { scheduling: { nodeSelector: { [os]: 'linux' } } },
    [`scheduling.nodeSelector: ${osAdvice}`],
  ],
  [
    'an ingress with its class in an annotation',
    Ingress,
    { metadata: { annotations: { 'kubernetes.io/ingress.class': 'x' } }, spec: {} },
    [`annotation "kubernetes.io/ingress.class" is deprecated, please use 'spec.ingressClassName' instead`],
  ],
  [
    'ranges of a policy',
    NetworkPolicy,
    {
      spec: {
        ingress: [{ from: [{ ipBlock: { cidr: '10.0.0.1/8', except: ['010.1.0.0/16'] } }] }],
        egress: [{ to: [{}, { ipBlock: { cidr: 'FD00::/8', except: ['fd00::1/16'] } }] }],
      },
    },
    [
      'spec.ingress[0].from[0].ipBlock.cidr: CIDR value "10.0.0.1/8" is ambiguous in this context (should be "10.0.0.0/8" or "10.0.0.1/32"?)',
      `spec.ingress[0].from[0].ipBlock.except[0]: non-standard CIDR value "010.1.0.0/16" ${future}: use "10.1.0.0/16"`,
      'spec.egress[0].to[1].ipBlock.cidr: IPv6 CIDR value "FD00::/8" should be in RFC 5952 canonical format ("fd00::/8")',
      'spec.egress[0].to[1].ipBlock.except[0]: CIDR value "fd00::1/16" is ambiguous in this context (should be "fd00::/16" or "fd00::1/128"?)',
    ],
  ],
  [
    'addresses of endpoints',
    Endpoints,
    { subsets: [{ addresses: [{ ip: 'FD00::1' }], notReadyAddresses: [{ ip: '010.0.0.1' }] }] },
    [
      'subsets[0].addresses[0].ip: IPv6 address "FD00::1" should be in RFC 5952 canonical format ("fd00::1")',
      `subsets[0].notReadyAddresses[0].ip: non-standard IP address "010.0.0.1" ${future}: use "10.0.0.1"`,
    ],
  ],
  [
    'a slice of names',
    EndpointSlice,
    { addressType: 'FQDN', endpoints: [{ addresses: ['a.example.com'] }] },
    ['spec.addressType: FQDN endpoints are deprecated'],
  ],
  [
    'addresses of a slice',
    EndpointSlice,
    { addressType: 'IPv6', endpoints: [{ addresses: ['fd00::0'] }] },
    ['endpoints[0].addresses[0]: IPv6 address "fd00::0" should be in RFC 5952 canonical format ("fd00::")'],
  ],
  [
    'a quota that lets requests exceed limits',
    ResourceQuota,
    { spec: { hard: { cpu: '2', 'limits.cpu': '1', 'requests.memory': '2Gi', 'limits.memory': '1Gi', 'requests.storage': '1' } } },
    [
      'ResourceQuota cpu (2) should be less than limits.cpu (1)',
      'ResourceQuota requests.memory (2Gi) should be less than limits.memory (1Gi)',
    ],
  ],
];
test.each(created)('%s', (_, definition, object, expected) => {
  const given = { metadata: {}, ...object } as KubeObject;
  expect(kind(definition).warnings(given).filter(own)).toEqual(expected);
});

test('some of it is told at creation only, or when it changes', () => {
  const annotated = { metadata: { annotations: { 'kubernetes.io/ingress.class': 'x' } }, spec: {} } as unknown as KubeObject;
  expect(kind(Ingress).warnings(annotated, annotated).filter(own)).toEqual([]);
  const names = { metadata: {}, addressType: 'FQDN', endpoints: [] } as unknown as KubeObject;
  expect(kind(EndpointSlice).warnings(names, names)).toEqual([]);
  const driver = { metadata: {}, spec: { tokenRequests: [{ audience: 'x' }] } } as unknown as KubeObject;
  expect(kind(CSIDriver).warnings(driver, driver).filter(own)).toEqual([]);
  const quota = { metadata: {}, spec: { hard: { cpu: '2', 'limits.cpu': '1' } } } as unknown as KubeObject;
  expect(kind(ResourceQuota).warnings(quota, quota)).toEqual([]);
});

test.each([Service, Ingress])('addresses in the status of $kind', (definition) => {
  const object = { metadata: {}, status: { loadBalancer: { ingress: [{ hostname: 'a' }, { ip: '010.0.0.1' }] } } } as unknown as KubeObject;
  expect(kind(definition).statusWarnings(object)).toEqual([
    `status.loadBalancer.ingress[1]: non-standard IP address "010.0.0.1" ${future}: use "10.0.0.1"`,
  ]);
});
