// How nodes join, stay alive, partition and come back; and streams into their containers.
import { Lease, Node } from '@berth/api';
import type { NodePeer } from '@berth/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HubFixture } from './hub-fixture.ts';

let fixture: HubFixture;

beforeEach(async () => {
  fixture = new HubFixture();
  await fixture.hub.start();
});

afterEach(() => fixture.stop());

describe('nodes', () => {
  it('registers nodes with networks of their own and keeps what users set', async () => {
    const [one, two] = [fixture.agent('one'), fixture.agent('two')];
    await fixture.clock.advance(100);
    expect(one.welcomed).toMatchObject({ podCidr: '10.244.0.0/24', clusterDns: '10.96.0.10' });
    expect(two.welcomed?.podCidr).toBe('10.244.1.0/24');
    const node = await fixture.client.get(Node, { name: 'one' });
    expect(node.metadata.labels).toEqual({ 'kubernetes.io/hostname': 'one', 'kubernetes.io/os': 'linux' });
    expect(node.status?.conditions).toMatchObject([{ type: 'Ready', status: 'True' }]);
    node.metadata.labels = { ...node.metadata.labels, zone: 'a' };
    node.spec.unschedulable = true;
    await fixture.client.update(Node, node);
    one.link.disconnect();
    await fixture.clock.advance(5000);
    const after = await fixture.client.get(Node, { name: 'one' });
    expect(after).toMatchObject({ metadata: { labels: { zone: 'a' } }, spec: { unschedulable: true, podCIDR: '10.244.0.0/24' } });
  });

  it('renews the lease by heartbeats, no more than once each', async () => {
    fixture.agent('one');
    await fixture.clock.advance(100_500);
    const lease = await fixture.client.get(Lease, { namespace: 'kube-node-lease', name: 'one' });
    expect(fixture.clock.now() - Date.parse(lease.spec.renewTime ?? '')).toBeLessThan(20_000);
    expect(fixture.client.calls.filter((call) => call === 'update leases one').length).toBeLessThanOrEqual(10);
  });

  it('lets the newest session of a node win', async () => {
    const first = fixture.agent('one');
    await fixture.clock.advance(100);
    const second = fixture.agent('one');
    await fixture.clock.advance(60);
    expect(first.disconnects).toBe(1);
    expect(second.disconnects).toBe(0);
    expect(fixture.hub.isConnected('one')).toBe(true);
  });

  it('says where the pods of every node are, again when that changes, and no more once a node is gone', async () => {
    const [one] = [fixture.agent('one'), fixture.agent('two')];
    await fixture.clock.advance(100);
    const addressed = async (name: string, address: string) => {
      const node = await fixture.client.get(Node, { name });
      node.status = { ...node.status, addresses: [{ type: 'InternalIP', address }] };
      await fixture.client.update(Node, node);
      await fixture.clock.advance(100);
    };
    const peers = () => [...one.objects.values()].flatMap((o) => (o.kind === 'NodePeer' ? [[o.metadata.name, (o as NodePeer).spec]] : []));
    expect(peers()).toEqual([]);
    await addressed('one', '192.0.2.1');
    await addressed('two', '192.0.2.2');
    expect(Object.fromEntries(peers())).toEqual({
      one: { address: '192.0.2.1', podCIDR: '10.244.0.0/24' },
      two: { address: '192.0.2.2', podCIDR: '10.244.1.0/24' },
    });
    await addressed('two', '192.0.2.3');
    expect(Object.fromEntries(peers())).toMatchObject({ two: { address: '192.0.2.3' } });
    const sent = one.states.length;
    const two = await fixture.client.get(Node, { name: 'two' });
    await fixture.client.update(Node, { ...two, metadata: { ...two.metadata, labels: { zone: 'a' } } });
    await fixture.clock.advance(100);
    expect(one.states).toHaveLength(sent);
    await fixture.client.delete(Node, { name: 'two' });
    await fixture.clock.advance(100);
    expect(Object.fromEntries(peers())).toEqual({ one: { address: '192.0.2.1', podCIDR: '10.244.0.0/24' } });
  });

  it('notices a partition on both sides and recovers', async () => {
    await fixture.pod('a', 'one');
    const one = fixture.agent('one');
    await fixture.clock.advance(100);
    one.link.partition(true);
    await fixture.pod('b', 'one');
    await fixture.clock.advance(60_000);
    expect(fixture.hub.isConnected('one')).toBe(false);
    expect(one.disconnects).toBe(1);
    one.link.partition(false);
    await fixture.clock.advance(20_000);
    expect(one.keys).toEqual(['Pod/a', 'Pod/b']);
  });
});

describe('tunnels', () => {
  const request = {
    kind: 'exec' as const,
    namespace: 'default',
    pod: 'web',
    uid: 'u',
    container: 'app',
    command: ['cat'],
    stdin: true,
    stdout: true,
    stderr: false,
    tty: false,
    port: 0,
    log: { follow: false, previous: false, timestamps: false },
  };

  it('joins both ends, and says why it cannot', async () => {
    const one = fixture.agent('one');
    await expect(fixture.hub.openTunnel('one', request)).rejects.toThrow('node "one" is not connected');
    await fixture.clock.advance(100);
    const opening = fixture.hub.openTunnel('one', request);
    await fixture.clock.advance(100);
    const tunnel = await opening;
    const heard: string[] = [];
    one.tunnels[0]?.onData((channel, data) => void heard.push(`${channel} ${Buffer.from(data)}`));
    one.tunnels[0]?.onEnd((channel) => {
      heard.push(`end ${channel}`);
      one.tunnels[0]?.finish(7);
    });
    await tunnel.send('stdin', Buffer.from('hello'));
    tunnel.end('stdin');
    await fixture.clock.advance(100);
    expect(heard).toEqual(['stdin hello', 'end stdin']);
    await expect(tunnel.finished).resolves.toEqual({ exitCode: 7 });

    one.refuse = 'container app is not running';
    const refused = expect(fixture.hub.openTunnel('one', request)).rejects.toMatchObject({
      code: 404,
      message: 'container app is not running',
    });
    await fixture.clock.advance(100);
    await refused;

    const lost = expect(fixture.hub.openTunnel('one', request)).rejects.toThrow('node "one" is not connected');
    one.link.disconnect();
    await fixture.clock.advance(10);
    await lost;
  });
});
