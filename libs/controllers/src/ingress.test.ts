import { Event, Ingress, IngressClass, ingressPortsAnnotation, Node, type Secret, Service } from '@berth/api';
import type { Action } from '@berth/controller';
import { expect, test } from 'vitest';
import { ingressProblems, planStatuses } from './ingress.ts';
import { startTestCluster } from './testing.ts';

function node(name: string, address: string, ports = '80,443', ready = 'True'): Node {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, annotations: { [ingressPortsAnnotation]: ports } },
    spec: {},
    status: { addresses: [{ type: 'InternalIP', address }], conditions: [{ type: 'Ready', status: ready }] },
  };
}

function ingress(name: string, spec: Ingress['spec'], more: Partial<Ingress> = {}): Ingress {
  const metadata = { name, namespace: 'default', uid: name, creationTimestamp: '2026-01-01T00:00:00Z' };
  return { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', metadata, spec, ...more };
}

const backend = (name: string) => ({ service: { name, port: { number: 80 } } });
const everything = { defaultBackend: backend('web') };
const statuses = (actions: Action[]) =>
  actions.map((action) => (action.type === 'updateStatus' ? (action.object as Ingress).status?.loadBalancer?.ingress : action));

test('an Ingress is answered under the addresses of nodes that are ready and serve any, with their ports where they are not the usual ones', () => {
  const nodes = [
    node('b', '192.0.2.2', '6448,6449'),
    node('a', '192.0.2.1'),
    node('off', '192.0.2.3', ''),
    node('lost', '192.0.2.4', '80,443', 'False'),
  ];
  const addresses = [{ ip: '192.0.2.1' }, { ip: '192.0.2.2', ports: [6448, 6449].map((port) => ({ port, protocol: 'TCP' })) }];
  const [write] = planStatuses({ served: [ingress('i', everything)], former: [], nodes });
  expect(statuses(write ? [write] : [])).toEqual([addresses]);
  const written = (write as Extract<Action, { type: 'updateStatus' }>).object as Ingress;
  expect(planStatuses({ served: [written], former: [], nodes })).toEqual([]);
  expect(statuses(planStatuses({ served: [], former: [written], nodes }))).toEqual([undefined]);
  expect(statuses(planStatuses({ served: [written], former: [], nodes: [] }))).toEqual([undefined]);
});

test('what cannot be served is named by its field', () => {
  const rules = [{ host: 'x.test', http: { paths: [{ path: '/', pathType: 'Prefix', backend: backend('gone') }] } }];
  const tls = [{ secretName: 'gone' }, { secretName: 'bad' }];
  const older = ingress('older', { ...everything, rules });
  const newer = ingress('newer', { rules: [...rules], tls });
  newer.metadata.creationTimestamp = '2026-01-01T00:00:01Z';
  const web: Service = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'web' }, spec: { ports: [{ port: 8080 }] } };
  const bad: Secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'bad' }, data: {} };
  const problems = ingressProblems({
    ...{ served: [newer, older], former: [], nodes: [] },
    service: (key) => (key === 'default/web' ? web : undefined),
    secret: (key) => (key === 'default/bad' ? bad : undefined),
  });
  const texts = (one: Ingress) => problems.get(one)?.map(({ reason, message }) => `${reason} ${message}`);
  const path = 'spec.rules[0].http.paths[0]';
  expect(texts(older)).toEqual([
    'ServicePortNotFound spec.defaultBackend: service web has no TCP port 80; requests for it get 503',
    `ServiceNotFound ${path}.backend: service gone does not exist; requests for it get 503`,
  ]);
  expect(texts(newer)).toEqual([
    `ServiceNotFound ${path}.backend: service gone does not exist; requests for it get 503`,
    'SecretNotFound spec.tls[0].secretName: secret gone does not exist; a self-signed certificate is served instead',
    'InvalidCertificate spec.tls[1].secretName: secret bad is no certificate: it has no tls.crt and no tls.key; a self-signed certificate is served instead',
    `Conflict ${path}: x.test/ is served by Ingress default/older, which is older`,
  ]);
});

test("in a cluster, an Ingress of Berth's class gets addresses, and an event for what it lacks, once", async () => {
  const cluster = await startTestCluster();
  const { client, eventually } = cluster;
  try {
    const { status, ...one } = node('one', '192.0.2.1');
    await client.create(Node, one);
    await client.patch(Node, { name: 'one' }, 'merge', { status }, { subresource: 'status' });
    const spec = { controller: 'berth.io/ingress' };
    await client.create(IngressClass, { apiVersion: 'networking.k8s.io/v1', kind: 'IngressClass', metadata: { name: 'ours' }, spec });
    const of = async (name: string) => (await client.get(Ingress, { namespace: 'default', name })).status?.loadBalancer?.ingress;
    for (const [name, ingressClassName] of [
      ['served', 'ours'],
      ['others', 'nobody'],
    ]) {
      const { kind, apiVersion } = ingress('', {});
      await client.create(Ingress, {
        kind,
        apiVersion,
        metadata: { name: name ?? '', namespace: 'default' },
        spec: { ...everything, ...(ingressClassName && { ingressClassName }) },
      });
    }
    await eventually(async () => (await of('served'))?.[0]?.ip === '192.0.2.1');
    const events = async () =>
      (await client.list(Event, { namespace: 'default' })).items.filter(({ involvedObject }) => involvedObject.kind === 'Ingress');
    await eventually(async () => (await events()).length === 1);
    await client.create(Service, {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'web', namespace: 'default' },
      spec: { ports: [{ port: 81 }] },
    });
    await eventually(async () => (await events()).length === 2);
    expect((await events()).map(({ reason, count }) => [reason, count]).sort()).toEqual([
      ['ServiceNotFound', 1],
      ['ServicePortNotFound', 1],
    ]);
    expect(await of('others')).toBeUndefined();
    await client.patch(Node, { name: 'one' }, 'merge', { metadata: { annotations: { [ingressPortsAnnotation]: '' } } });
    await eventually(async () => (await of('served')) === undefined);
  } finally {
    await cluster.stop();
  }
});
