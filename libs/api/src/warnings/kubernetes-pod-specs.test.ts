// Every string that Kubernetes 1.35 warns with about definitions in pods that contradict each other (pkg/api/pod/warnings.go), one
// case each. Texts are facts: clients see them.
import { expect, test } from 'vitest';
import type { PodSpec } from '../index.ts';
import { container, fractional, pathOf, selectsNothing, sized, warningsOf } from './pods-to-warn-of.ts';

const cases: [string, Partial<PodSpec>, string[]][] = [
  [
    'a preferred node label with a value that no label has',
    {
      affinity: {
        nodeAffinity: {
          preferredDuringSchedulingIgnoredDuringExecution: [
            { weight: 1, preference: { matchExpressions: [{ key: 'disk', operator: 'In', values: ['-x'] }] } },
          ],
        },
      },
    },
    [
      "spec.affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].preference.matchExpressions[0].values[0]: -x is invalid, a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')",
    ],
  ],
  [
    'a spread that counts no pods',
    { topologySpreadConstraints: [{ maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule' }] },
    [`spec.topologySpreadConstraints[0].labelSelector: ${selectsNothing}`],
  ],
  [
    'affinity to no pods',
    { affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: 'zone' }] } } },
    [`${pathOf}.labelSelector: ${selectsNothing}`],
  ],
  [
    'a preference for being away from no pods',
    {
      affinity: {
        podAntiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, podAffinityTerm: { topologyKey: 'zone' } }] },
      },
    },
    [`spec.affinity.podAntiAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].podAffinityTerm.labelSelector: ${selectsNothing}`],
  ],
  [
    'an ephemeral claim of half a byte',
    {
      volumes: [
        {
          name: 'v',
          ephemeral: { volumeClaimTemplate: { spec: { resources: { requests: { storage: '1500m' }, limits: { storage: '1500m' } } } } },
        },
      ],
    },
    [
      fractional('spec.volumes[0].ephemeral.volumeClaimTemplate.spec.resources.requests[storage]'),
      fractional('spec.volumes[0].ephemeral.volumeClaimTemplate.spec.resources.limits[storage]'),
    ],
  ],
  ['a host alias twice', { hostAliases: [{ ip: '1.2.3.4' }, { ip: '1.2.3.4' }] }, ['spec.hostAliases[1].ip: duplicate ip "1.2.3.4"']],
  ['a pull secret twice', { imagePullSecrets: [{ name: 'a' }, { name: 'a' }] }, ['spec.imagePullSecrets[1].name: duplicate name "a"']],
  ['a pull secret without a name', { imagePullSecrets: [{ name: '' }] }, ['spec.imagePullSecrets[0].name: invalid empty name ""']],
  [
    'fractional overhead',
    { overhead: { memory: '1500m', 'ephemeral-storage': '1500m' } },
    [fractional('spec.overhead[memory]'), fractional('spec.overhead[ephemeral-storage]')],
  ],
  [
    'fractional memory',
    container({ resources: sized('memory') }),
    [fractional('spec.containers[0].resources.limits[memory]'), fractional('spec.containers[0].resources.requests[memory]')],
  ],
  [
    'fractional storage, of an init container',
    { initContainers: [{ name: 'i', image: 'x', resources: sized('ephemeral-storage') }] },
    [
      fractional('spec.initContainers[0].resources.limits[ephemeral-storage]'),
      fractional('spec.initContainers[0].resources.requests[ephemeral-storage]'),
    ],
  ],
  [
    'a variable twice',
    container({
      env: [
        { name: 'A', value: '1' },
        { name: 'A', value: '2' },
      ],
    }),
    ['spec.containers[0].env[1]: hides previous definition of "A", which may be dropped when using apply'],
  ],
  [
    'a variable that builds on itself',
    container({
      env: [
        { name: 'A', value: '1' },
        { name: 'A', value: '$(A)2' },
      ],
    }),
    [],
  ],
  [
    'an address of the host without its port',
    container({ ports: [{ name: 'http', containerPort: 80, hostIP: '1.2.3.4' }] }),
    ['spec.containers[0].ports[0]: hostIP set without hostPort: {Name:http HostPort:0 ContainerPort:80 Protocol:TCP HostIP:1.2.3.4}'],
  ],
  [
    'a port twice',
    container({ ports: [{ containerPort: 80 }, { containerPort: 80 }] }),
    ['spec.containers[0].ports[1]: duplicate port definition with spec.containers[0].ports[0]'],
  ],
  [
    'a port with and without a host port',
    container({ ports: [{ containerPort: 80, hostPort: 8080 }, { containerPort: 80 }] }),
    ['spec.containers[0].ports[1]: overlapping port definition with spec.containers[0].ports[0]'],
  ],
  [
    'a host port on one address and on all',
    container({
      ports: [
        { containerPort: 80, hostPort: 8080 },
        { containerPort: 80, hostPort: 8080, hostIP: '1.2.3.4' },
      ],
    }),
    ['spec.containers[0].ports[1]: dangerously ambiguous port definition with spec.containers[0].ports[0]'],
  ],
  [
    'a port name in two containers',
    {
      containers: ['a', 'b'].map((name, index) => ({ name, image: 'x', ports: [{ name: 'http', containerPort: 80 + index }] })),
    },
    [
      'spec.containers[1].ports[0]: duplicate port name "http" with spec.containers[0].ports[0], services and probes that select ports by name will use spec.containers[0].ports[0]',
    ],
  ],
  [
    'a negative grace period',
    { terminationGracePeriodSeconds: -1 },
    ['spec.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1'],
  ],
  [
    'addresses that programs read differently',
    { dnsConfig: { nameservers: ['010.0.0.1'] }, hostAliases: [{ ip: '::ffff:10.0.0.1' }, { ip: 'FE80:0:0::1' }] },
    [
      'spec.dnsConfig.nameservers[0]: non-standard IP address "010.0.0.1" will be considered invalid in a future Kubernetes release: use "10.0.0.1"',
      'spec.hostAliases[0].ip: non-standard IP address "::ffff:10.0.0.1" will be considered invalid in a future Kubernetes release: use "10.0.0.1"',
      'spec.hostAliases[1].ip: IPv6 address "FE80:0:0::1" should be in RFC 5952 canonical format ("fe80::1")',
    ],
  ],
  [
    'a file of a config map, a secret and the downward API twice',
    {
      volumes: [
        {
          name: 'a',
          configMap: {
            name: 'm',
            items: [
              { key: 'x', path: 'f' },
              { key: 'y', path: 'f/g' },
            ],
          },
        },
        {
          name: 'b',
          secret: {
            secretName: 's',
            items: [
              { key: 'x', path: 'f/g/' },
              { key: 'y', path: 'f/' },
            ],
          },
        },
        {
          name: 'c',
          downwardAPI: { items: ['f', 'f'].map((path) => ({ path, fieldRef: { fieldPath: 'metadata.name' } })) },
        },
      ],
    },
    [
      'volume "a" (ConfigMap "m"): overlapping paths: "f/g" with "f"',
      'volume "b" (Secret "s"): overlapping paths: "f" with "f/g"',
      'volume "c" (DownwardAPI): overlapping paths: "f" with "f"',
    ],
  ],
  [
    'files of several sources at one path',
    {
      volumes: [
        {
          name: 'p',
          projected: {
            sources: [
              {},
              { configMap: { name: 'm', items: [{ key: 'x', path: 'f' }] } },
              { secret: { name: 's', items: [{ key: 'x', path: 'f' }] } },
              { downwardAPI: { items: [{ path: 'f', fieldRef: { fieldPath: 'metadata.name' } }] } },
              { serviceAccountToken: { path: 'f' } },
            ],
          },
        },
      ],
    },
    [
      'volume "p" (Projected) has no sources provided',
      'volume "p" (Projected): overlapping paths: "f" (Secret "s") with "f" (ConfigMap "m")',
      'volume "p" (Projected): overlapping paths: "f" (DownwardAPI) with "f" (ConfigMap "m")',
      'volume "p" (Projected): overlapping paths: "f" (DownwardAPI) with "f" (Secret "s")',
      'volume "p" (Projected): overlapping paths: "f" (ServiceAccountToken) with "f" (ConfigMap "m")',
      'volume "p" (Projected): overlapping paths: "f" (ServiceAccountToken) with "f" (Secret "s")',
      'volume "p" (Projected): overlapping paths: "f" (ServiceAccountToken) with "f" (DownwardAPI)',
    ],
  ],
];
test.each(cases)('%s', (_, spec, expected) => {
  expect(warningsOf(spec)).toEqual(expected);
});
