// A node that falls silent, in a cluster whose time the test decides.
import { Lease, Node, Pod } from '@berth/api';
import { isReason } from '@berth/machinery';
import { microTimestamp } from '@berth/telemetry';
import { SimulatedClock } from '@berth/telemetry/testing';
import { expect, test } from 'vitest';
import { makeNamespace, startTestCluster } from '../testing.ts';

test('a silent node is lost, its pods are unready and leave after five minutes; a deleted one takes its pods with it', async () => {
  const clock = new SimulatedClock();
  const cluster = await startTestCluster(clock);
  const { client, eventually } = cluster;
  /** The other node goes on giving signs, so that it is not the control plane that is away. */
  const later = async (seconds: number) => {
    for (let left = seconds; left > 0; left -= 15) {
      await client.patch(Lease, keyOf('n2'), 'merge', renew());
      await clock.advance(Math.min(left, 15) * 1000);
    }
  };
  const node = () => client.get(Node, { name: 'n1' });
  const web = () => client.get(Pod, { namespace: 'default', name: 'web' });
  const keyOf = (name: string) => ({ name, namespace: 'kube-node-lease' });
  const renew = () => ({ spec: { holderIdentity: 'kubelet', renewTime: microTimestamp(clock) } });
  const conditions = [{ type: 'Ready', status: 'True', reason: 'KubeletReady' }];
  try {
    await makeNamespace(client, 'kube-node-lease').catch((error: unknown) => {
      if (!isReason(error, 'AlreadyExists')) throw error;
    });
    for (const name of ['n1', 'n2']) {
      await client.create(Node, { apiVersion: 'v1', kind: 'Node', metadata: { name }, spec: {} });
      await client.patch(Node, { name }, 'merge', { status: { conditions } }, { subresource: 'status' });
      await client.create(Lease, { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: keyOf(name), ...renew() });
    }
    const spec = { nodeName: 'n1', containers: [{ name: 'main', image: 'web:1' }] };
    await cluster.markReady(
      await client.create(Pod, { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web', namespace: 'default' }, spec }),
    );

    await later(30);
    await client.patch(Lease, keyOf('n1'), 'merge', renew());
    await later(30);
    expect((await node()).spec.taints ?? []).toEqual([]);
    await later(15);
    await eventually(async () => (await node()).spec.taints?.some(({ effect }) => effect === 'NoExecute'));
    expect((await node()).status?.conditions?.find(({ type }) => type === 'Ready')).toMatchObject({ status: 'Unknown' });
    await eventually(async () => (await web()).status?.conditions?.find(({ type }) => type === 'Ready')?.status === 'False');

    await later(290);
    expect((await web()).metadata.deletionTimestamp).toBeUndefined();
    await later(15);
    await eventually(async () => (await web()).metadata.deletionTimestamp);
    await client.delete(Node, { name: 'n1' });
    await later(1);
    expect((await web()).metadata.name).toBe('web');
    await later(45);
    await eventually(() =>
      web().then(
        () => false,
        (error: unknown) => isReason(error, 'NotFound'),
      ),
    );
  } finally {
    await cluster.stop();
  }
});
