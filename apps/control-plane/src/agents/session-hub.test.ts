// Gateway and agent link over memory, on a clock that the test moves: what a node is given, what becomes of its reports,
// and that nothing is lost through broken sessions.
import { ConfigMap, Lease, Node, PersistentVolume, PersistentVolumeClaim, Pod, Secret, Service } from '@berth/api';
import type { KubeObject } from '@berth/machinery';
import type { DesiredState, SessionHandler, Tunnel, TunnelRequest, Welcome } from '@berth/protocol';
import { seededRandom, silentLogger } from '@berth/telemetry';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { defaultConfig } from '../config.ts';
import { informerFeed } from './informer-feed.ts';
import { memoryAgentLink } from './memory-link.ts';
import { SessionHub } from './session-hub.ts';
import { ManualClock, MemoryClient } from './testing.ts';

let clock: ManualClock;
let client: MemoryClient;
let hub: SessionHub;
const random = seededRandom(1);
const ports = () => ({ clock, random, logger: silentLogger });

class Agent implements SessionHandler {
  readonly objects = new Map<string, KubeObject>();
  readonly states: DesiredState[] = [];
  readonly tunnels: Tunnel[] = [];
  welcomed: Welcome | undefined;
  disconnects = 0;
  refuse: string | undefined;
  readonly link;

  constructor(readonly name: string) {
    this.link = memoryAgentLink({ nodeName: name, hub: () => hub, ...ports(), delayMs: () => 3 });
    const status = { conditions: [{ type: 'Ready', status: 'True' }], capacity: { cpu: '2' } };
    const node: Node = { apiVersion: 'v1', kind: 'Node', metadata: { name, labels: { 'kubernetes.io/os': 'linux' } }, spec: {}, status };
    this.link.start(this, () => ({ revision: this.states.at(-1)?.revision ?? 0, bootId: 'boot', node }));
  }

  welcome(welcome: Welcome): void {
    this.welcomed = welcome;
  }

  desired(state: DesiredState): void {
    this.states.push(state);
    if (state.full) this.objects.clear();
    for (const key of state.removed) this.objects.delete(`${key.kind}/${key.name}`);
    for (const object of state.objects) this.objects.set(`${object.kind}/${object.metadata.name}`, object);
  }

  openTunnel(request: TunnelRequest, accept: () => Promise<Tunnel>): void {
    if (this.refuse) this.link.refuseTunnel(request.tunnelId, 404, this.refuse);
    else void accept().then((tunnel) => this.tunnels.push(tunnel));
  }

  disconnected(): void {
    this.disconnects++;
  }

  get keys(): string[] {
    return [...this.objects.keys()].sort();
  }
}

const agents: Agent[] = [];
function agent(name: string): Agent {
  const made = new Agent(name);
  agents.push(made);
  return made;
}

function pod(name: string, nodeName: string, spec: Partial<Pod['spec']> = {}): Promise<Pod> {
  return client.create(Pod, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default' },
    spec: { containers: [{ name: 'app', image: 'app' }], nodeName, ...spec },
  });
}

beforeEach(async () => {
  clock = new ManualClock();
  client = new MemoryClient();
  hub = new SessionHub({ client, config: defaultConfig, feed: informerFeed({ client, ...ports() }), ...ports() });
  await hub.start();
});

afterEach(async () => {
  await Promise.all(agents.splice(0).map((made) => made.link.stop()));
  await hub.stop();
});

describe('desired state', () => {
  it('gives a node its pods and exactly what they refer to', async () => {
    for (const name of ['used', 'env', 'foreign']) {
      await client.create(ConfigMap, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'default' } });
      await client.create(Secret, { apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace: 'default' } });
    }
    await client.create(Service, { apiVersion: 'v1', kind: 'Service', metadata: { name: 'web', namespace: 'default' }, spec: {} });
    const claim = {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: 'data', namespace: 'default' },
      spec: { volumeName: 'pv-1' },
    };
    await client.create(PersistentVolumeClaim, claim);
    await client.create(PersistentVolume, { apiVersion: 'v1', kind: 'PersistentVolume', metadata: { name: 'pv-1' }, spec: {} });
    await pod('web', 'one', {
      imagePullSecrets: [{ name: 'env' }],
      containers: [{ name: 'app', image: 'app', envFrom: [{ configMapRef: { name: 'env' } }] }],
      volumes: [
        { name: 'a', projected: { sources: [{ secret: { name: 'used' } }, { configMap: { name: 'used' } }] } },
        { name: 'b', persistentVolumeClaim: { claimName: 'data' } },
      ],
    });
    await pod('other', 'two', { volumes: [{ name: 'a', secret: { secretName: 'foreign' } }] });
    const one = agent('one');
    await clock.advance(100);
    expect(one.keys).toEqual([
      'ConfigMap/env',
      'ConfigMap/used',
      'PersistentVolume/pv-1',
      'PersistentVolumeClaim/data',
      'Pod/web',
      'Secret/env',
      'Secret/used',
      'Service/web',
    ]);
    await client.create(ConfigMap, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'late', namespace: 'default' } });
    await pod('second', 'one', { volumes: [{ name: 'a', configMap: { name: 'late' } }] });
    await clock.advance(100);
    expect(one.states.at(-1)).toMatchObject({ full: false, removed: [] });
    expect(
      one.states
        .at(-1)
        ?.objects.map((object) => object.metadata.name)
        .sort(),
    ).toEqual(['late', 'second']);
  });

  it('tells a node of a volume to remove, and frees it once removed', async () => {
    const metadata = { name: 'pv-1', finalizers: ['berth.io/local-volume'] };
    const terms = [{ matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: ['one'] }] }];
    const spec = { nodeAffinity: { required: { nodeSelectorTerms: terms } } };
    const volume: PersistentVolume = { apiVersion: 'v1', kind: 'PersistentVolume', metadata, spec };
    const { metadata: created } = await client.create(PersistentVolume, volume);
    const [one, two] = [agent('one'), agent('two')];
    await clock.advance(100);
    expect(one.keys).toEqual([]);
    await client.delete(PersistentVolume, { name: 'pv-1' });
    await clock.advance(100);
    expect([one.keys, two.keys]).toEqual([['PersistentVolume/pv-1'], []]);
    two.link.reportVolumeRemoved('pv-1', created.uid ?? '');
    await clock.advance(100);
    await expect(client.get(PersistentVolume, { name: 'pv-1' })).resolves.toBeDefined();
    one.link.reportVolumeRemoved('pv-1', created.uid ?? '');
    await clock.advance(100);
    await expect(client.get(PersistentVolume, { name: 'pv-1' })).rejects.toThrow('not found');
    expect(one.keys).toEqual([]);
  });

  it('sends only what changed after a reconnect', async () => {
    await pod('a', 'one');
    await pod('b', 'one');
    const one = agent('one');
    await clock.advance(100);
    expect(one.states).toHaveLength(1);
    one.link.disconnect();
    await client.delete(Pod, { namespace: 'default', name: 'a' }, { gracePeriodSeconds: 0 });
    await pod('c', 'one');
    await clock.advance(5000);
    expect(one.disconnects).toBe(1);
    const last = one.states.at(-1);
    expect(last).toMatchObject({ full: false, removed: [{ kind: 'Pod', namespace: 'default', name: 'a' }] });
    expect(last?.objects.map((object) => object.metadata.name)).toEqual(['c']);
    expect(one.keys).toEqual(['Pod/b', 'Pod/c']);
  });

  it('sends everything when another gateway takes over', async () => {
    await pod('a', 'one');
    const one = agent('one');
    await clock.advance(100);
    await hub.stop();
    hub = new SessionHub({ client, config: defaultConfig, feed: informerFeed({ client, ...ports() }), ...ports() });
    await hub.start();
    await clock.advance(5000);
    expect(one.states.at(-1)).toMatchObject({ full: true });
    expect(one.keys).toEqual(['Pod/a']);
  });
});

describe('nodes', () => {
  it('registers nodes with networks of their own and keeps what users set', async () => {
    const [one, two] = [agent('one'), agent('two')];
    await clock.advance(100);
    expect(one.welcomed).toMatchObject({ podCidr: '10.244.0.0/24', clusterDns: '10.96.0.10' });
    expect(two.welcomed?.podCidr).toBe('10.244.1.0/24');
    const node = await client.get(Node, { name: 'one' });
    expect(node.metadata.labels).toEqual({ 'kubernetes.io/hostname': 'one', 'kubernetes.io/os': 'linux' });
    expect(node.status?.conditions).toMatchObject([{ type: 'Ready', status: 'True' }]);
    node.metadata.labels = { ...node.metadata.labels, zone: 'a' };
    node.spec.unschedulable = true;
    await client.update(Node, node);
    one.link.disconnect();
    await clock.advance(5000);
    const after = await client.get(Node, { name: 'one' });
    expect(after).toMatchObject({ metadata: { labels: { zone: 'a' } }, spec: { unschedulable: true, podCIDR: '10.244.0.0/24' } });
  });

  it('renews the lease by heartbeats, no more than once each', async () => {
    agent('one');
    await clock.advance(100_500);
    const lease = await client.get(Lease, { namespace: 'kube-node-lease', name: 'one' });
    expect(clock.now() - Date.parse(lease.spec.renewTime ?? '')).toBeLessThan(20_000);
    expect(client.calls.filter((call) => call === 'update leases one').length).toBeLessThanOrEqual(10);
  });

  it('lets the newest session of a node win', async () => {
    const first = agent('one');
    await clock.advance(100);
    const second = agent('one');
    await clock.advance(60);
    expect(first.disconnects).toBe(1);
    expect(second.disconnects).toBe(0);
    expect(hub.isConnected('one')).toBe(true);
  });

  it('notices a partition on both sides and recovers', async () => {
    await pod('a', 'one');
    const one = agent('one');
    await clock.advance(100);
    one.link.partition(true);
    await pod('b', 'one');
    await clock.advance(60_000);
    expect(hub.isConnected('one')).toBe(false);
    expect(one.disconnects).toBe(1);
    one.link.partition(false);
    await clock.advance(20_000);
    expect(one.keys).toEqual(['Pod/a', 'Pod/b']);
  });
});

describe('pod status', () => {
  const report = (of: Pod, phase: string, terminated = false) => ({
    namespace: 'default',
    name: of.metadata.name,
    uid: of.metadata.uid ?? '',
    status: { phase, conditions: [{ type: 'Ready', status: 'True' }] },
    terminated,
  });

  it('writes statuses once, keeps the scheduler’s condition, and finishes deletions', async () => {
    const web = await pod('web', 'one');
    await client.updateStatus(Pod, { ...web, status: { conditions: [{ type: 'PodScheduled', status: 'True' }], qosClass: 'BestEffort' } });
    const one = agent('one');
    await clock.advance(100);
    one.link.reportPod(report(web, 'Running'));
    await clock.advance(100);
    one.link.reportPod(report(web, 'Running'));
    await clock.advance(100);
    const running = await client.get(Pod, { namespace: 'default', name: 'web' });
    expect(running.status).toMatchObject({ phase: 'Running', qosClass: 'BestEffort' });
    expect(running.status?.conditions?.map((condition) => condition.type)).toEqual(['PodScheduled', 'Ready']);
    expect(client.calls.filter((call) => call === 'updateStatus pods web')).toHaveLength(2);
    await client.delete(Pod, { namespace: 'default', name: 'web' });
    await clock.advance(100);
    expect((one.objects.get('Pod/web') as Pod).metadata.deletionTimestamp).toBeDefined();
    one.link.reportPod(report(web, 'Succeeded', true));
    await clock.advance(100);
    await expect(client.get(Pod, { namespace: 'default', name: 'web' })).rejects.toThrow('not found');
    expect(one.keys).toEqual([]);
  });

  it('refuses statuses of pods on other nodes and of earlier pods of the name', async () => {
    const foreign = await pod('foreign', 'two');
    const own = await pod('own', 'one');
    const one = agent('one');
    await clock.advance(100);
    one.link.reportPod(report(foreign, 'Failed'));
    one.link.reportPod({ ...report(own, 'Failed'), uid: 'earlier' });
    await clock.advance(100);
    expect(client.calls.filter((call) => call.startsWith('updateStatus pods'))).toEqual([]);
  });

  it('delivers what was reported while the API or the session was away', async () => {
    const web = await pod('web', 'one');
    const one = agent('one');
    await clock.advance(100);
    client.failure = new Error('the store is away');
    one.link.reportPod(report(web, 'Running'));
    await clock.advance(2000);
    one.link.disconnect();
    one.link.reportPod(report(web, 'Failed'));
    await clock.advance(5000);
    client.failure = undefined;
    await clock.advance(30_000);
    expect((await client.get(Pod, { namespace: 'default', name: 'web' })).status?.phase).toBe('Failed');
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
    const one = agent('one');
    await expect(hub.openTunnel('one', request)).rejects.toThrow('node "one" is not connected');
    await clock.advance(100);
    const opening = hub.openTunnel('one', request);
    await clock.advance(100);
    const tunnel = await opening;
    const heard: string[] = [];
    one.tunnels[0]?.onData((channel, data) => void heard.push(`${channel} ${Buffer.from(data)}`));
    one.tunnels[0]?.onEnd((channel) => {
      heard.push(`end ${channel}`);
      one.tunnels[0]?.finish(7);
    });
    await tunnel.send('stdin', Buffer.from('hello'));
    tunnel.end('stdin');
    await clock.advance(100);
    expect(heard).toEqual(['stdin hello', 'end stdin']);
    await expect(tunnel.finished).resolves.toEqual({ exitCode: 7 });

    one.refuse = 'container app is not running';
    const refused = expect(hub.openTunnel('one', request)).rejects.toMatchObject({ code: 404, message: 'container app is not running' });
    await clock.advance(100);
    await refused;

    const lost = expect(hub.openTunnel('one', request)).rejects.toThrow('node "one" is not connected');
    one.link.disconnect();
    await clock.advance(10);
    await lost;
  });
});
