import { readdir, readFile } from 'node:fs/promises';
import { apiVersionOf, type KindDefinition } from '@berth/machinery';
import { expect, test } from 'vitest';
import { Deployment, kinds, Pod, Service } from '../index.ts';
import { sampleOf } from '../samples/every-kind.ts';
import { sampleDeployment, samplePod, sampleService } from '../samples.ts';

const golden = new URL('../../../../test/e2e/kubectl-commands/goldens/the-server.txt', import.meta.url);

test('kinds are named as kubectl shows them', async () => {
  const words = ({ shortNames, namespaced, kind, ...named }: KindDefinition) =>
    [named.plural, shortNames.join(','), apiVersionOf(named), namespaced, kind].filter((word) => word !== '').join('  ');
  const shown = new Set((await readFile(golden, 'utf8')).split('\n'));
  expect(kinds.map(words).filter((line) => !shown.has(line))).toEqual([]);
  const categories = Object.groupBy(kinds, ({ categories: [first = ''] }) => first);
  expect(categories.all?.map(({ kind }) => kind)).toEqual([
    ...['CronJob', 'DaemonSet', 'Deployment', 'HorizontalPodAutoscaler', 'Job', 'Pod', 'ReplicaSet', 'ReplicationController', 'Service'],
    'StatefulSet',
  ]);
  expect(new Set(categories['api-extensions']?.map(({ group }) => group))).toEqual(
    new Set(['admissionregistration.k8s.io', 'apiextensions.k8s.io', 'apiregistration.k8s.io']),
  );
});

test('a kind is its file, a line in kinds/index.ts and a sample: whatever is missing is named', async () => {
  const files = (await readdir(new URL('.', import.meta.url))).filter((file) => !/^index\.|\.test\./.test(file));
  const index = await readFile(new URL('index.ts', import.meta.url), 'utf8');
  expect(files.filter((file) => !index.includes(`'./${file}'`))).toEqual([]);
  expect(kinds).toHaveLength(files.length);
  for (const kind of kinds) {
    const sample = sampleOf(kind);
    expect(kind.description, kind.kind).toBeTruthy();
    expect([sample.apiVersion, sample.kind, typeof sample.metadata.namespace]).toEqual([
      apiVersionOf(kind),
      kind.kind,
      kind.namespaced ? 'string' : 'undefined',
    ]);
    kind.defaults(sample);
    expect(kind.validate(sample), kind.kind).toEqual([]);
  }
});

test('every table that is a kind’s own starts with a name, except that of events, which starts with a time', () => {
  for (const kind of kinds.filter(({ columns }) => columns.length > 0))
    expect(kind.columns[0]?.name).toBe(kind.kind === 'Event' ? 'Last Seen' : 'Name');
});

test('fields that do not act warn, those that act do not', () => {
  const plain = samplePod({ tolerations: [{ operator: 'Exists' }], hostNetwork: true, volumes: [{ name: 'a' }] });
  Pod.defaults(plain);
  Pod.strategy.prepareForCreate?.(plain, '2020-01-02T03:04:05Z');
  expect(Pod.warnings(plain)).toEqual([]);

  const idle = samplePod({
    resourceClaims: [{ name: 'gpu', resourceClaimName: 'gpu' }],
    containers: [{ name: 'web', image: 'nginx', ports: [{ containerPort: 80, hostPort: 80 }], readinessProbe: { grpc: { port: 80 } } }],
    volumes: [{ name: 'n', iscsi: { targetPortal: '10.0.0.1', iqn: 'iqn.2026-01.org.example:a', lun: 0 } }],
  });
  Pod.defaults(idle);
  expect(Pod.warnings(idle).map((warning) => warning.split(':')[0])).toEqual(['spec.resourceClaims', 'spec.volumes[0].iscsi']);

  const ports = [
    { containerPort: 80, hostPort: 80 },
    { containerPort: 81, hostPort: 81, hostIP: '127.0.0.1' },
    { containerPort: 82, hostPort: 82, protocol: 'SCTP' },
  ];
  const open = samplePod({
    containers: [{ name: 'web', image: 'nginx', ports }],
    initContainers: [
      { name: 'init', image: 'nginx', ports: [{ containerPort: 83, hostPort: 83 }] },
      { name: 'side', image: 'nginx', restartPolicy: 'Always', ports: [{ containerPort: 84, hostPort: 84 }] },
    ],
  });
  Pod.defaults(open);
  expect(Pod.warnings(open).map((warning) => warning.split(':')[0])).toEqual(['spec.initContainers[0].ports[0].hostPort']);

  const deployment = sampleDeployment();
  if (deployment.spec.template.spec) deployment.spec.template.spec.resourceClaims = [{ name: 'gpu', resourceClaimName: 'gpu' }];
  Deployment.defaults(deployment);
  expect(Deployment.warnings(deployment)).toEqual([
    expect.stringMatching(/^spec\.template\.spec\.resourceClaims: Berth allocates no devices/),
  ]);

  const dual = sampleService({ type: 'LoadBalancer', ipFamilyPolicy: 'PreferDualStack' });
  Service.defaults(dual);
  expect(Service.warnings(dual)).toEqual(['spec.ipFamilyPolicy: Berth networks are IPv4 only']);
  const free = sampleService({ clusterIP: 'None', selector: undefined, ipFamilyPolicy: 'RequireDualStack' });
  Service.defaults(free);
  expect(Service.warnings(free)).toEqual([]);
});

test('fields can select pods', () => {
  const pod = samplePod({ nodeName: 'n1' });
  expect(Pod.selectableFields['spec.nodeName']?.(pod)).toBe('n1');
  expect(Pod.selectableFields['spec.hostNetwork']?.(pod)).toBe('false');
});
