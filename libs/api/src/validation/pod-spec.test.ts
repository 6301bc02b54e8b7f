import { describe, expect, test } from 'vitest';
import { type Container, Pod, type PodSpec } from '../index.ts';
import { samplePod } from '../samples.ts';
import { messages } from './messages.ts';

function errors(change: Partial<PodSpec>): string[] {
  const pod = samplePod(change);
  Pod.defaults(pod);
  return messages(Pod.validate(pod));
}

function containerErrors(change: Partial<Container>, spec: Partial<PodSpec> = {}): string[] {
  return errors({ ...spec, containers: [{ name: 'web', image: 'nginx', ...change }] });
}

test('an ordinary pod is valid', () => {
  expect(
    errors({
      volumes: [{ name: 'tmp' }, { name: 'settings', configMap: { name: 'settings', items: [{ key: 'a', path: 'x/a' }] } }],
      initContainers: [
        { name: 'init', image: 'busybox', command: ['true'] },
        { name: 'proxy', image: 'envoy', restartPolicy: 'Always', readinessProbe: { tcpSocket: { port: 9000 } } },
      ],
      containers: [
        {
          name: 'web',
          image: 'nginx',
          ports: [{ name: 'http', containerPort: 80 }],
          env: [{ name: 'NODE', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } }],
          volumeMounts: [{ name: 'tmp', mountPath: '/tmp' }],
          resources: { limits: { cpu: '1', memory: '128Mi' }, requests: { cpu: '500m' } },
          livenessProbe: { httpGet: { port: 'http' } },
          lifecycle: { preStop: { sleep: { seconds: 5 } } },
        },
      ],
      tolerations: [{ operator: 'Exists' }],
      nodeSelector: { disk: 'ssd' },
    }),
  ).toEqual([]);
});

describe('containers', () => {
  const cases: [string, Partial<PodSpec>, string[]][] = [
    ['none', { containers: [] }, ['spec.containers: Required value']],
    [
      'same name twice',
      {
        containers: [
          { name: 'a', image: 'x' },
          { name: 'a', image: 'x' },
        ],
      },
      ['spec.containers[1].name: Duplicate value: "a"'],
    ],
    ['no image', { containers: [{ name: 'a' }] }, ['spec.containers[0].image: Required value']],
    [
      'unknown restart policy',
      { restartPolicy: 'Sometimes' },
      ['spec.restartPolicy: Unsupported value: "Sometimes": supported values: "Always", "OnFailure", "Never"'],
    ],
    [
      'host network with another host port',
      { hostNetwork: true, containers: [{ name: 'a', image: 'x', ports: [{ containerPort: 80, hostPort: 81 }] }] },
      ['spec.containers[0].ports[0].hostPort: Invalid value: 81: must match `containerPort` when `hostNetwork` is true'],
    ],
    [
      'dns None without servers',
      { dnsPolicy: 'None' },
      ['spec.dnsConfig: Required value: must provide `dnsConfig` when `dnsPolicy` is None'],
    ],
    [
      'a probe on an init container',
      { initContainers: [{ name: 'i', image: 'x', livenessProbe: { exec: { command: ['true'] } } }] },
      ['spec.initContainers[0].livenessProbe: Forbidden: may not be set for init containers without restartPolicy=Always'],
    ],
    [
      'a gate and a node at once',
      { nodeName: 'n1', schedulingGates: [{ name: 'example.com/wait' }] },
      ['spec.nodeName: Forbidden: cannot be set until all schedulingGates have been cleared'],
    ],
  ];
  test.each(cases)('%s', (_, spec, expected) => expect(errors(spec)).toEqual(expected));
});

describe('a container', () => {
  const cases: [string, Partial<Container>, string[]][] = [
    [
      'a mount without its volume',
      { volumeMounts: [{ name: 'data', mountPath: '/data' }] },
      ['spec.containers[0].volumeMounts[0].name: Not found: "data"'],
    ],
    ['no port', { ports: [{ containerPort: 0 }] }, ['spec.containers[0].ports[0].containerPort: Required value']],
    [
      'a large port',
      { ports: [{ containerPort: 70000 }] },
      ['spec.containers[0].ports[0].containerPort: Invalid value: 70000: must be between 1 and 65535, inclusive'],
    ],
    [
      'requests over limits',
      { resources: { limits: { cpu: '1' }, requests: { cpu: '2' } } },
      ['spec.containers[0].resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1'],
    ],
    [
      'negative memory',
      { resources: { limits: { memory: '-1Mi' } } },
      [
        'spec.containers[0].resources.limits[memory]: Invalid value: "-1Mi": must be greater than or equal to 0',
        'spec.containers[0].resources.requests[memory]: Invalid value: "-1Mi": must be greater than or equal to 0',
      ],
    ],
    ['a probe without a handler', { livenessProbe: {} }, ['spec.containers[0].livenessProbe: Required value: must specify a handler type']],
    [
      'a probe with two handlers',
      { readinessProbe: { exec: { command: ['true'] }, tcpSocket: { port: 80 } } },
      ['spec.containers[0].readinessProbe.tcpSocket: Forbidden: may not specify more than 1 handler type'],
    ],
    [
      'a liveness threshold',
      { livenessProbe: { tcpSocket: { port: 80 }, successThreshold: 2 } },
      ['spec.containers[0].livenessProbe.successThreshold: Invalid value: 2: must be 1'],
    ],
    [
      'value and valueFrom',
      { env: [{ name: 'A', value: 'x', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }] },
      ['spec.containers[0].env[0].valueFrom: Invalid value: "": may not be specified when `value` is not empty'],
    ],
    [
      'an unknown field path',
      { env: [{ name: 'A', valueFrom: { fieldRef: { fieldPath: 'status.phase' } } }] },
      [
        'spec.containers[0].env[0].valueFrom.fieldRef.fieldPath: Unsupported value: "status.phase": supported values: "metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName", "status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs"',
      ],
    ],
    [
      'a policy of pulling',
      { imagePullPolicy: 'Maybe' },
      ['spec.containers[0].imagePullPolicy: Unsupported value: "Maybe": supported values: "Always", "IfNotPresent", "Never"'],
    ],
    [
      'a long sleep',
      { lifecycle: { preStop: { sleep: { seconds: 60 } } } },
      [
        'spec.containers[0].lifecycle.preStop.sleep: Invalid value: 60: must be non-negative and less than terminationGracePeriodSeconds (30)',
      ],
    ],
  ];
  test.each(cases)('%s', (_, change, expected) => expect(containerErrors(change)).toEqual(expected));
});

describe('scheduling', () => {
  const cases: [string, Partial<PodSpec>, string[]][] = [
    [
      'a toleration of a key with Exists and a value',
      { tolerations: [{ key: 'a', operator: 'Exists', value: 'b' }] },
      ['spec.tolerations[0].operator: Invalid value: "b": value must be empty when `operator` is \'Exists\''],
    ],
    [
      'no topology key',
      { affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: '' }] } } },
      [
        'spec.affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].topologyKey: Required value: can not be empty',
        'spec.affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].topologyKey: Invalid value: "": name part must be non-empty',
        expect.stringContaining('[0].topologyKey: Invalid value: "": name part must consist of alphanumeric characters'),
      ],
    ],
    [
      'no node selector term',
      { affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [] } } } },
      [
        'spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms: Required value: must have at least one node selector term',
      ],
    ],
  ];
  test.each(cases)('%s', (_, spec, expected) => expect(errors(spec)).toEqual(expected));
});

test('a volume of an image names it, but in a template, and pulls it by a policy that there is', () => {
  const volumes = [
    { name: 'a', image: { reference: 'data:1', pullPolicy: 'Always' } },
    { name: 'b', image: { pullPolicy: 'IfNotPresent' } },
    { name: 'c', image: { reference: 'data:1', pullPolicy: 'Often' } },
  ];
  expect(errors({ volumes })).toEqual([
    'spec.volumes[1].image.reference: Required value',
    'spec.volumes[2].image.pullPolicy: Unsupported value: "Often": supported values: "Always", "IfNotPresent", "Never"',
  ]);
});

test('volumes have one source and stay inside themselves', () => {
  const volumes = [
    { name: 'a', emptyDir: {}, secret: { secretName: 's' } },
    { name: 'a', secret: {} },
    { name: 'c', configMap: { name: 'm', items: [{ key: 'k', path: '../x' }] } },
    { name: 'd', hostPath: { path: '/a/../b', type: 'Odd' } },
  ];
  expect(errors({ volumes })).toEqual([
    'spec.volumes[0].secret: Forbidden: may not specify more than 1 volume type',
    'spec.volumes[1].secret.secretName: Required value',
    `spec.volumes[2].configMap.items[0].path: Invalid value: "../x": must not contain '..'`,
    `spec.volumes[3].hostPath.path: Invalid value: "/a/../b": must not contain '..'`,
    'spec.volumes[3].hostPath.type: Unsupported value: "Odd": supported values: "", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket"',
  ]);
  const twice = { name: 'a', emptyDir: {} };
  expect(errors({ volumes: [twice, twice] })).toEqual(['spec.volumes[1].name: Duplicate value: "a"']);
});

test('containers do not know a volume with which something is wrong', () => {
  const volumes = [{ name: 'a', emptyDir: {}, secret: { secretName: 's' } }];
  expect(containerErrors({ volumeMounts: [{ name: 'a', mountPath: '/a' }] }, { volumes })).toEqual([
    'spec.volumes[0].secret: Forbidden: may not specify more than 1 volume type',
    'spec.containers[0].volumeMounts[0].name: Not found: "a"',
  ]);
});

test('two containers without a name have the same, two init containers do not', () => {
  const nameless = { name: '', image: 'x' };
  const named = { name: 'web', image: 'x' };
  expect(errors({ containers: [nameless, nameless] })).toContain('spec.containers[1].name: Duplicate value: ""');
  const init = errors({ containers: [named], initContainers: [nameless, nameless] });
  expect(init.filter((text) => text.includes('Duplicate'))).toEqual([]);
});
