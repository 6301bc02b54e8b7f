// Every string that Kubernetes 1.35 warns with about old labels, annotations and volumes of pods (pkg/api/pod/warnings.go), one
// case each. Texts are facts: clients see them.
import { describe, expect, test } from 'vitest';
import { Pod, type PodSpec } from '../index.ts';
import { advice, container, labelRule, own, podOf, term, warningsOf } from './pods-to-warn-of.ts';

const nodeLabels: [string, string][] = [
  ['beta.kubernetes.io/arch', 'deprecated since v1.14; use "kubernetes.io/arch" instead'],
  ['beta.kubernetes.io/os', 'deprecated since v1.14; use "kubernetes.io/os" instead'],
  ['failure-domain.beta.kubernetes.io/region', 'deprecated since v1.17; use "topology.kubernetes.io/region" instead'],
  ['failure-domain.beta.kubernetes.io/zone', 'deprecated since v1.17; use "topology.kubernetes.io/zone" instead'],
  ['beta.kubernetes.io/instance-type', 'deprecated since v1.17; use "node.kubernetes.io/instance-type" instead'],
  ['app.kubernetes.io/created-by', 'deprecated since v1.9'],
  ['scheduler.alpha.kubernetes.io/preferAvoidPods', 'deprecated since v1.22; use Taints and Tolerations instead'],
  ['node-role.kubernetes.io/master', 'use "node-role.kubernetes.io/control-plane" instead'],
];
describe.each(nodeLabels)('the label %s of nodes', (key, message) => {
  test.each<[string, Partial<PodSpec>, string]>([
    ['in a node selector', { nodeSelector: { [key]: '' } }, `spec.nodeSelector[${key}]: ${message}`],
    [
      'required by affinity',
      { affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [term(key)] } } } },
      `spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchExpressions[0].key: ${key} is ${message}`,
    ],
    [
      'preferred by affinity',
      { affinity: { nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, preference: term(key) }] } } },
      `spec.affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].preference.matchExpressions[0].key: ${key} is ${message}`,
    ],
    [
      'as a topology',
      { topologySpreadConstraints: [{ maxSkew: 1, topologyKey: key, whenUnsatisfiable: 'DoNotSchedule', labelSelector: {} }] },
      `spec.topologySpreadConstraints[0].topologyKey: ${key} is ${message}`,
    ],
  ])('%s', (_, spec, expected) => {
    expect(warningsOf(spec)).toEqual([expected]);
  });
});

test.each<[string, Record<string, string>, string]>([
  [
    'critical-pod',
    { 'scheduler.alpha.kubernetes.io/critical-pod': '' },
    'non-functional in v1.16+; use the "priorityClassName" field instead',
  ],
  ['sysctls', { 'security.alpha.kubernetes.io/sysctls': '' }, 'non-functional in v1.11+; use the "sysctls" field instead'],
  ['unsafe-sysctls', { 'security.alpha.kubernetes.io/unsafe-sysctls': '' }, 'non-functional in v1.11+; use the "sysctls" field instead'],
  [
    'seccomp of the pod',
    { 'seccomp.security.alpha.kubernetes.io/pod': 'x' },
    'non-functional in v1.27+; use the "seccompProfile" field instead',
  ],
  [
    'seccomp of a container',
    { 'container.seccomp.security.alpha.kubernetes.io/c': 'x' },
    'non-functional in v1.27+; use the "seccompProfile" field instead',
  ],
  [
    'AppArmor of a container',
    { 'container.apparmor.security.beta.kubernetes.io/c': 'runtime/default' },
    'deprecated since v1.30; use the "appArmorProfile" field instead',
  ],
  [
    'AppArmor that names no profile',
    { 'container.apparmor.security.beta.kubernetes.io/c': 'localhost/' },
    'deprecated since v1.30; use the "appArmorProfile" field instead',
  ],
])('the annotation for %s', (_, annotations, message) => {
  const [key] = Object.keys(annotations);
  expect(warningsOf({}, annotations)).toEqual([`metadata.annotations[${key}]: ${message}`]);
});

test('the annotation for AppArmor fills in the field, and only where there is none', () => {
  const annotations = { 'container.apparmor.security.beta.kubernetes.io/c': 'localhost/web' };
  const profile = { type: 'Localhost', localhostProfile: 'web' };
  expect(podOf({}, { annotations }).spec.containers[0]?.securityContext?.appArmorProfile).toEqual(profile);
  const given = podOf(container({ securityContext: { appArmorProfile: { type: 'Unconfined' } } }), { annotations });
  expect(given.spec.containers[0]?.securityContext?.appArmorProfile).toEqual({ type: 'Unconfined' });
  expect(Pod.warnings(given).filter(own)).toEqual([]);
  expect(warningsOf({ securityContext: { appArmorProfile: profile } }, annotations)).toEqual([]);
});

const volumes: [string, object, string][] = [
  ['photonPersistentDisk', { pdID: 'x' }, 'deprecated in v1.11, non-functional in v1.16+'],
  ['gitRepo', { repository: 'x' }, 'deprecated in v1.11, and disabled by default in v1.33+'],
  ['scaleIO', { gateway: 'g', system: 's', secretRef: { name: 's' } }, 'deprecated in v1.16, non-functional in v1.22+'],
  ['flocker', { datasetName: 'x' }, 'deprecated in v1.22, non-functional in v1.25+'],
  ['storageos', { volumeName: 'x' }, 'deprecated in v1.22, non-functional in v1.25+'],
  ['quobyte', { registry: 'r', volume: 'v' }, 'deprecated in v1.22, non-functional in v1.25+'],
  ['glusterfs', { endpoints: 'e', path: 'p' }, 'deprecated in v1.25, non-functional in v1.26+'],
  ['cephfs', { monitors: ['m'] }, 'deprecated in v1.28, non-functional in v1.31+'],
  ['rbd', { monitors: ['m'], image: 'i' }, 'deprecated in v1.28, non-functional in v1.31+'],
];
test.each(volumes)('a volume of the type %s', (type, source, message) => {
  expect(warningsOf({ volumes: [{ name: 'v', [type]: source }] })).toEqual([`spec.volumes[0].${type}: ${message}`]);
});

test('a name that is no host name', () => {
  expect(Pod.warnings(podOf({}, { name: 'with.dot' })).filter(own)).toEqual([
    `metadata.name: this is used in the Pod's hostname, ${advice}: ${labelRule}`,
  ]);
});

test('an update of a pod is spared', () => {
  const pod = podOf({ imagePullSecrets: [{ name: '' }] }, { name: 'with.dot' });
  expect(Pod.warnings(pod, pod).filter(own)).toEqual([]);
});

test('addresses in the status of a pod', () => {
  const pod = { ...podOf({}), status: { podIPs: [{ ip: '010.0.0.1' }], hostIPs: [{ ip: 'FE80::1' }] } };
  expect(Pod.statusWarnings(pod)).toEqual([
    'status.podIPs[0].ip: non-standard IP address "010.0.0.1" will be considered invalid in a future Kubernetes release: use "10.0.0.1"',
    'status.hostIPs[0].ip: IPv6 address "FE80::1" should be in RFC 5952 canonical format ("fe80::1")',
  ]);
});
