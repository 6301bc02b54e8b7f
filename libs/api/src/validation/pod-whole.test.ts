// What a pod says of itself as a whole: resources, its host, its name; and what a template may leave to the pod.
import { expect, test } from 'vitest';
import { type Container, Deployment, Pod, type PodSpec, podAmounts, qosClass } from '../index.ts';
import { samplePod } from '../samples.ts';
import { messages } from './messages.ts';

function defaulted(spec: Partial<PodSpec>): Pod {
  const pod = samplePod({ containers: [{ name: 'web', image: 'x' }], ...spec });
  Pod.defaults(pod);
  return pod;
}
const errors = (spec: Partial<PodSpec>) => messages(Pod.validate(defaulted(spec)));

function templateErrors(spec: Partial<PodSpec>, labels: Record<string, string> | undefined = { app: 'web' }): string[] {
  const template = { metadata: { labels }, spec: { containers: [{ name: 'web', image: 'x' }], ...spec } };
  const deployment: Deployment = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace: 'default' },
    spec: { selector: { matchLabels: { app: 'web' } }, template },
  };
  Deployment.defaults(deployment);
  return messages(Deployment.validate(deployment));
}

const withPorts = (...ports: Container['ports'][]) => ports.map((list, index) => ({ name: `c${index}`, image: 'x', ports: list ?? [] }));

test('on the host network a template may leave host ports out, and a pod gets them', () => {
  const spec = { hostNetwork: true, containers: withPorts([{ name: 'm', containerPort: 9100 }]) };
  expect(templateErrors(spec)).toEqual([]);
  expect(errors(spec)).toEqual([]);
  expect(defaulted(spec).spec.containers[0]?.ports?.[0]?.hostPort).toBe(9100);
  expect(templateErrors({ ...spec, containers: withPorts([{ containerPort: 9100, hostPort: 9101 }]) })).toEqual([
    'spec.template.spec.containers[0].ports[0].hostPort: Invalid value: 9101: must match `containerPort` when `hostNetwork` is true',
  ]);
});

test('a pull secret without a name is taken', () => {
  expect(errors({ imagePullSecrets: [{ name: '' }, {}] })).toEqual([]);
  expect(templateErrors({ imagePullSecrets: [{ name: '' }] })).toEqual([]);
});

test('an image with spaces around is refused in a pod only', () => {
  const containers = [{ name: 'web', image: ' x ' }];
  expect(errors({ containers })).toEqual(['spec.containers[0].image: Invalid value: " x ": must not have leading or trailing whitespace']);
  expect(templateErrors({ containers })).toEqual([]);
});

test('a deployment without a selector selects nothing, its own template included', () => {
  const deployment = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'nosel', namespace: 'default' },
    spec: { template: { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'x' }] } } },
  } as unknown as Deployment;
  Deployment.defaults(deployment);
  expect(messages(Deployment.validate(deployment))).toEqual([
    'spec.selector: Required value',
    'spec.template.metadata.labels: Invalid value: {"a":"b"}: `selector` does not match template `labels`',
  ]);
});

const resources = (own: PodSpec['resources'], ...containers: Container['resources'][]) => ({
  resources: own,
  containers: containers.map((list, index) => ({ name: `c${index}`, image: 'x', resources: list ?? {} })),
});

const resourceErrors: [string, Partial<PodSpec>, string[]][] = [
  ['room for all containers', resources({ requests: { cpu: '2' }, limits: { cpu: '3' } }, { requests: { cpu: '1' } }, {}), []],
  [
    'requests below those of the containers',
    resources({ requests: { cpu: '1' } }, { requests: { cpu: '600m' } }, { requests: { cpu: '500m' } }),
    ['spec.resources.requests[cpu]: Invalid value: "1": must be greater than or equal to aggregate container requests of 1100m'],
  ],
  [
    'a container with more than the pod',
    resources({ limits: { memory: '1Gi' } }, {}, { limits: { memory: '2Gi' }, requests: { memory: '1Mi' } }),
    ['spec.resources.containers[1][memory].limits: Invalid value: "2Gi": must be less than or equal to pod limits of 1Gi'],
  ],
  [
    'resources that only containers have',
    resources({ limits: { 'ephemeral-storage': '1Gi' }, requests: { 'example.com/gpu': '1' } }, {}),
    [
      'spec.resources.limits[ephemeral-storage]: Unsupported value: "ephemeral-storage": supported values: "cpu", "hugepages-", "memory"',
      'spec.resources.requests[example.com/gpu]: Unsupported value: "example.com/gpu": supported values: "cpu", "hugepages-", "memory"',
      'spec.resources.limits: Required value: Limit must be set for non overcommitable resources',
    ],
  ],
  [
    'claims',
    resources({ claims: [{ name: 'gpu' }], limits: { cpu: '1' } }, {}),
    [
      'spec.resources.claims: Forbidden: claims may not be set for Resources at pod-level',
      'spec.resources.claims[0]: Not found: "gpu": must be one of the names in pod.spec.resourceClaims which is empty',
    ],
  ],
  [
    'windows',
    { ...resources({ limits: { cpu: '1' } }, {}), os: { name: 'windows' } },
    ['spec.resources: Forbidden: may not be set for a windows pod'],
  ],
];
test.each(resourceErrors)('resources of a pod: %s', (_, spec, expected) => {
  expect(errors(spec)).toEqual(expected);
});

test('what a pod does not request is what its containers do, or its own limit', () => {
  const { spec } = defaulted(resources({ limits: { cpu: '2', memory: '1Gi' } }, { requests: { cpu: '500m' } }, {}));
  expect(spec.resources).toEqual({ limits: { cpu: '2', memory: '1Gi' }, requests: { cpu: '500m', memory: '1Gi' } });
  expect(defaulted(resources({ requests: { cpu: '1' } }, { requests: { memory: '1Mi' } })).spec.resources).toEqual({
    requests: { cpu: '1' },
  });
  expect(defaulted(resources({}, { limits: { cpu: '1' } })).spec.resources).toEqual({});
  const pages = { cpu: '1', 'hugepages-2Mi': '4Mi' };
  expect(defaulted(resources({ limits: { cpu: '2' } }, { limits: pages, requests: pages })).spec.resources).toEqual({
    limits: { cpu: '2', 'hugepages-2Mi': '4Mi' },
    requests: { cpu: '1', 'hugepages-2Mi': '4Mi' },
  });
  // A template is no pod yet.
  const template = { spec: { ...resources({ limits: { cpu: '2' } }, {}) } };
  const deployment = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'w' }, spec: { selector: {}, template } } as Deployment;
  Deployment.defaults(deployment);
  expect(deployment.spec.template.spec?.resources).toEqual({ limits: { cpu: '2' } });
});

test('a pod with resources as a whole is judged and counted by those', () => {
  const judged = (own: PodSpec['resources'], ...containers: Container['resources'][]) =>
    qosClass(defaulted(resources(own, ...containers)).spec);
  const full = () => ({ limits: { cpu: '1', memory: '1Gi' } });
  expect(judged(full(), {}, {})).toBe('Guaranteed');
  expect(judged(full(), { requests: { cpu: '100m' } })).toBe('Burstable');
  expect(judged({ requests: { cpu: '1' } }, full())).toBe('Burstable');
  expect(judged({}, full())).toBe('BestEffort');
  const { spec } = defaulted(resources({ requests: { cpu: '2' } }, { requests: { cpu: '1', memory: '1Mi' } }));
  expect([...podAmounts(spec, 'requests', false)].map(([name, amount]) => `${name}=${amount}`)).toEqual(['cpu=2', 'memory=1Mi']);
});

const hostErrors: [string, Partial<PodSpec>, string[]][] = [
  ['users of its own', { hostUsers: false }, []],
  [
    'users of its own beside the host’s network, processes and devices',
    {
      hostUsers: false,
      hostNetwork: true,
      hostPID: true,
      hostIPC: true,
      volumes: [{ name: 'disk', persistentVolumeClaim: { claimName: 'disk' } }],
      containers: [{ name: 'web', image: 'x', volumeDevices: [{ name: 'disk', devicePath: '/dev/d' }] }],
    },
    [
      'spec.hostNetwork: Forbidden: when `hostUsers` is false',
      'spec.HostPID: Forbidden: when `hostUsers` is false',
      'spec.HostIPC: Forbidden: when `hostUsers` is false',
      'spec.containers[0].volumeDevices: Forbidden: when `hostUsers` is false',
    ],
  ],
  ['a host name of its own', { hostnameOverride: 'db.example.com' }, []],
  [
    'a host name of its own and others at once',
    { hostnameOverride: 'db', setHostnameAsFQDN: true, hostNetwork: true },
    [
      'spec.hostnameOverride: Forbidden: may not be specified when setHostnameAsFQDN is true',
      'spec.hostnameOverride: Forbidden: may not be specified when hostNetwork is true',
    ],
  ],
  [
    'a host name that Linux does not take',
    { hostnameOverride: 'a'.repeat(65) },
    ['spec.hostnameOverride: Too long: may not be more than 64 bytes'],
  ],
];
test.each(hostErrors)('the host: %s', (_, spec, expected) => {
  expect(errors(spec)).toEqual(expected);
});

test('a variable from a file names a volume that the pod itself fills', () => {
  const fileKeyRef = { volumeName: 'made', path: 'settings.env', key: 'MODE' };
  const spec = (change: object, volume: object = { emptyDir: {} }): Partial<PodSpec> => ({
    volumes: [{ name: 'made', ...volume }],
    containers: [{ name: 'web', image: 'x', env: [{ name: 'MODE', valueFrom: { fileKeyRef: { ...fileKeyRef, ...change } } }] }],
  });
  const path = 'spec.containers[0].env[0].valueFrom.fileKeyRef';
  expect(errors(spec({}))).toEqual([]);
  expect(errors(spec({}, { hostPath: { path: '/etc' } }))).toEqual([
    `${path}.volumeName: Invalid value: "made": referenced volume must be of type emptyDir`,
  ]);
  expect(errors(spec({ volumeName: 'other' }))).toEqual([`${path}.volumeName: Not found: "other"`]);
  expect(errors(spec({ key: '', path: '../x' }))).toEqual([
    `${path}.key: Required value`,
    `${path}.path: Invalid value: "../x": must not contain '..'`,
  ]);
});
