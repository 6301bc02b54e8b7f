// The controllers together: what one leaves to another is done in the end.
import { Deployment, EndpointSlice, kinds, Namespace, Pod, ReplicaSet, Service } from '@berth/api';
import { isReason } from '@berth/machinery';
import { expect, test } from 'vitest';
import { makeNamespace, startTestCluster } from './testing.ts';

const namespace = 'shop';
const labels = { app: 'web' };

function deployment(image: string): Deployment {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace },
    spec: {
      replicas: 2,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: 'main', image }] } },
    },
  };
}

test('a deployment comes up, is served, rolls to a new image, goes with all it made, and so does its namespace', async () => {
  const cluster = await startTestCluster();
  const { client, eventually } = cluster;
  const pods = async () => (await client.list(Pod, { namespace })).items;
  const isDone = async () => {
    for (const pod of await pods()) if (pod.status?.phase !== 'Running') await cluster.markReady(pod);
    const { status, metadata } = await client.get(Deployment, { namespace, name: 'web' });
    const isCurrent = status?.observedGeneration === metadata.generation;
    return isCurrent && status?.updatedReplicas === 2 && status.availableReplicas === 2 && status.replicas === 2;
  };
  try {
    await makeNamespace(client, namespace);
    const service = { selector: labels, ports: [{ port: 80 }] };
    await client.create(Service, { apiVersion: 'v1', kind: 'Service', metadata: { name: 'web', namespace }, spec: service });
    await client.create(Deployment, deployment('web:1'));
    await eventually(async () => (await pods()).length === 2);
    await eventually(isDone);
    await eventually(async () => {
      const { items } = await client.list(EndpointSlice, { namespace });
      return items[0]?.endpoints?.length === 2 && items[0].endpoints.every(({ conditions }) => conditions?.ready);
    });

    await client.patch(Deployment, { namespace, name: 'web' }, 'json', [
      { op: 'replace', path: '/spec/template/spec/containers/0/image', value: 'web:2' },
    ]);
    await eventually(isDone);
    expect((await pods()).map(({ spec }) => spec.containers[0]?.image)).toEqual(['web:2', 'web:2']);

    await client.delete(Deployment, { namespace, name: 'web' });
    await eventually(async () => (await pods()).length === 0 && (await client.list(ReplicaSet, { namespace })).items.length === 0);

    await client.create(Deployment, deployment('web:3'));
    await eventually(async () => (await pods()).length === 2);
    await client.delete(Namespace, { name: namespace });
    await eventually(() =>
      client.get(Namespace, { name: namespace }).then(
        () => false,
        (error: unknown) => isReason(error, 'NotFound'),
      ),
    );
    for (const kind of kinds.filter((candidate) => candidate.namespaced)) {
      expect([kind.kind, (await client.list(kind, { namespace })).items]).toEqual([kind.kind, []]);
    }
  } finally {
    await cluster.stop();
  }
});
