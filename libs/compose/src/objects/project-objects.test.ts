import type { Container, Deployment, Job, PodSpec } from '@berth/api';
import { expect, test } from 'vitest';
import { everyObject, invalidities, madeOf, web } from '../compose-sample.ts';

function workload(text: string, name = 'web') {
  const found = madeOf(text).workloads.find(({ service }) => service === name)?.workload as Deployment & Job;
  const spec = found.spec.template?.spec as PodSpec;
  return { kind: found.kind, metadata: found.metadata, spec: found.spec, pod: spec, container: spec.containers[0] as Container };
}

const containers: [about: string, keys: string, expected: Partial<Container>][] = [
  ['an image that is pulled when it is missing, as Docker does', '', { name: 'web', image: 'nginx', imagePullPolicy: 'IfNotPresent' }],
  ['pull_policy', 'pull_policy: always', { imagePullPolicy: 'Always' }],
  ['a command in one line', `command: sh -c 'echo "a b"' x\\ y`, { args: ['sh', '-c', 'echo "a b"', 'x y'] }],
  ['a command in words', 'command: [a, "b c"]', { args: ['a', 'b c'] }],
  ['an entrypoint and a command', 'entrypoint: /run.sh -v\ncommand: [serve]', { command: ['/run.sh', '-v'], args: ['serve'] }],
  ['an entrypoint that takes away the image’s', 'entrypoint: []\ncommand: [serve]', { command: ['serve'] }],
  ['what Kubernetes would expand', 'command: ["$$(date)", "a$$$$b", "$$HOME"]', { args: ['$$(date)', 'a$$$$b', '$HOME'] }],
  [
    'environment as a mapping',
    'environment:\n  A: 1\n  B: true\n  C: ""\n  V: 1.10',
    {
      env: [
        { name: 'A', value: '1' },
        { name: 'B', value: 'true' },
        { name: 'C', value: '' },
        { name: 'V', value: '1.10' },
      ],
    },
  ],
  ['environment as a list, without what the shell has not', 'environment: [A=b=c, NOT_SET]', { env: [{ name: 'A', value: 'b=c' }] }],
  [
    'ports',
    'ports: ["8080:80", "53:53/udp", "443"]',
    {
      ports: [
        { containerPort: 80, protocol: 'TCP' },
        { containerPort: 53, protocol: 'UDP' },
        { containerPort: 443, protocol: 'TCP' },
      ],
    },
  ],
  [
    'a port of one address of the node',
    'ports: ["127.0.0.1:8080:80"]',
    {
      ports: [{ containerPort: 80, protocol: 'TCP', hostPort: 8080, hostIP: '127.0.0.1' }],
    },
  ],
  [
    'limits, which reserve nothing',
    'cpus: 0.5\nmem_limit: 512m',
    {
      resources: { limits: { cpu: '500m', memory: '512Mi' }, requests: { cpu: '0', memory: '0' } },
    },
  ],
  [
    'limits and reservations of deploy',
    'deploy: {resources: {limits: {cpus: "2", memory: 1g}, reservations: {cpus: "0.25", memory: 64M}}}',
    {
      resources: { limits: { cpu: '2', memory: '1Gi' }, requests: { cpu: '250m', memory: '64Mi' } },
    },
  ],
  [
    'user, capabilities, and a root that is read only',
    'user: "1000:50"\ncap_add: [CAP_NET_ADMIN]\ncap_drop: [all]\nread_only: true',
    {
      securityContext: {
        runAsUser: 1000,
        runAsGroup: 50,
        allowPrivilegeEscalation: true,
        readOnlyRootFilesystem: true,
        capabilities: { add: ['NET_ADMIN'], drop: ['ALL'] },
      },
    },
  ],
  [
    'no new privileges',
    'security_opt: ["no-new-privileges:true", "seccomp=unconfined"]',
    {
      securityContext: { allowPrivilegeEscalation: false, seccompProfile: { type: 'Unconfined' } },
    },
  ],
  ['terminal and working directory', 'tty: true\nstdin_open: true\nworking_dir: /srv', { tty: true, stdin: true, workingDir: '/srv' }],
  [
    'a health check of a shell',
    'healthcheck: {test: "curl -f localhost", interval: 1m30s, timeout: 10s, retries: 4, start_period: 1m}',
    {
      startupProbe: {
        exec: { command: ['/bin/sh', '-c', 'curl -f localhost'] },
        periodSeconds: 5,
        timeoutSeconds: 10,
        failureThreshold: 84,
      },
      readinessProbe: {
        exec: { command: ['/bin/sh', '-c', 'curl -f localhost'] },
        periodSeconds: 90,
        timeoutSeconds: 10,
        failureThreshold: 4,
      },
      livenessProbe: {
        exec: { command: ['/bin/sh', '-c', 'curl -f localhost'] },
        periodSeconds: 90,
        timeoutSeconds: 10,
        failureThreshold: 4,
      },
    },
  ],
  [
    'a health check of a program, twice a second',
    'healthcheck: {test: [CMD, pg_isready], interval: 500ms}',
    {
      readinessProbe: { exec: { command: ['pg_isready'] }, periodSeconds: 1, timeoutSeconds: 30, failureThreshold: 3 },
    },
  ],
];

test.each(containers)('container: %s', (_, keys, expected) => {
  const { container } = workload(web(keys));
  expect(container).toMatchObject(expected);
});

test('no health check is none', () => {
  for (const keys of ['healthcheck: {test: [NONE]}', 'healthcheck: {disable: true}', 'healthcheck: {test: NONE, disable: true}'])
    expect(workload(web(keys)).container).not.toHaveProperty('readinessProbe');
});

const pods: [about: string, keys: string, expected: Partial<PodSpec>][] = [
  [
    'ten seconds to stop, no variables of services',
    '',
    { terminationGracePeriodSeconds: 10, enableServiceLinks: false, restartPolicy: 'Always' },
  ],
  ['stop_grace_period', 'stop_grace_period: 1m30s', { terminationGracePeriodSeconds: 90 }],
  [
    'hostname and hosts',
    'hostname: box.example\nextra_hosts: ["a:10.0.0.1", "b=10.0.0.1", "c:[::1]"]',
    {
      hostname: 'box',
      hostAliases: [
        { ip: '10.0.0.1', hostnames: ['a', 'b'] },
        { ip: '::1', hostnames: ['c'] },
      ],
    },
  ],
  [
    'dns',
    'dns: 1.1.1.1\ndns_search: [a.example]\ndns_opt: ["ndots:2", rotate]',
    {
      dnsConfig: { nameservers: ['1.1.1.1'], searches: ['a.example'], options: [{ name: 'ndots', value: '2' }, { name: 'rotate' }] },
    },
  ],
  [
    'namespaces of the node',
    'network_mode: host\npid: host\nipc: host',
    {
      hostNetwork: true,
      hostPID: true,
      hostIPC: true,
      dnsPolicy: 'ClusterFirstWithHostNet',
    },
  ],
  ['init', 'init: true', { shareProcessNamespace: true }],
  ['platform', 'platform: linux/arm64', { nodeSelector: { 'kubernetes.io/os': 'linux', 'kubernetes.io/arch': 'arm64' } }],
  [
    'groups and kernel settings',
    'group_add: [44]\nsysctls: [net.core.somaxconn=1024]',
    {
      securityContext: { supplementalGroups: [44], sysctls: [{ name: 'net.core.somaxconn', value: '1024' }] },
    },
  ],
  [
    'memory at tmpfs and shared memory',
    'tmpfs: ["/run:size=64m,mode=755", /tmp]\nshm_size: 128mb',
    {
      volumes: [
        { name: 'volume-0', emptyDir: { medium: 'Memory', sizeLimit: '64Mi' } },
        { name: 'volume-1', emptyDir: { medium: 'Memory' } },
        { name: 'volume-2', emptyDir: { medium: 'Memory', sizeLimit: '128Mi' } },
      ],
    },
  ],
];

test.each(pods)('pod: %s', (_, keys, expected) => {
  expect(workload(web(keys)).pod).toMatchObject(expected);
});

test.each([
  ['', 'Deployment', {}],
  ['restart: unless-stopped', 'Deployment', {}],
  ['restart: always\nscale: 3', 'Deployment', { replicas: 3 }],
  ['deploy: {mode: global}', 'DaemonSet', {}],
  ['restart: "no"', 'Job', { backoffLimit: 0, template: { spec: { restartPolicy: 'Never' } } }],
  ['restart: on-failure:3', 'Job', { backoffLimit: 3, template: { spec: { restartPolicy: 'OnFailure' } } }],
  ['deploy: {mode: replicated-job, replicas: 2}', 'Job', { completions: 2, parallelism: 2 }],
  ['deploy: {restart_policy: {condition: on-failure, max_attempts: 2}}', 'Job', { backoffLimit: 2 }],
  [
    'deploy: {update_config: {order: start-first, parallelism: 2}}',
    'Deployment',
    {
      strategy: { rollingUpdate: { maxSurge: 2, maxUnavailable: 0 } },
    },
  ],
  ['ports: ["127.0.0.1:80:80"]', 'Deployment', { strategy: { type: 'Recreate' } }],
])('%j is a %s', (keys, kind, spec) => {
  const made = workload(web(keys));
  expect(made.kind).toBe(kind);
  expect(made.spec).toMatchObject(spec);
});

test('what never ends is not waited for', () => {
  const text = 'services: {a: {image: x, restart: always}, b: {image: x, depends_on: {a: {condition: service_completed_successfully}}}}';
  expect(() => madeOf(text)).toThrow('services.a.restart: always never ends, but services.b waits for that: use on-failure or "no"');
});

test('what others wait for to complete is a Job, and comes first', () => {
  const made = madeOf(`
services:
  web: { image: app, depends_on: { migrate: { condition: service_completed_successfully }, db: { condition: service_healthy } } }
  migrate: { image: app, command: migrate, depends_on: [db] }
  db: { image: postgres }`);
  expect(made.workloads.map(({ service, workload: { kind } }) => `${kind} ${service}`)).toEqual([
    'Deployment db',
    'Job migrate',
    'Deployment web',
  ]);
  expect(made.workloads[2]?.after).toEqual([
    { service: 'migrate', condition: 'service_completed_successfully' },
    { service: 'db', condition: 'service_healthy' },
  ]);
});

test('every table entry is valid to the API', () => {
  const entries = [...containers, ...pods].map(([, keys]) => keys);
  for (const keys of entries) expect({ keys, wrong: everyObject(madeOf(web(keys))).flatMap(invalidities) }).toEqual({ keys, wrong: [] });
});
