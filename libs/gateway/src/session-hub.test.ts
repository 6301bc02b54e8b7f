// What a node is told to run: its own pods, what they refer to, and only changes after a broken session.
import { ConfigMap, Node, PersistentVolume, PersistentVolumeClaim, Pod, RuntimeClass, Secret, Service } from '@berth/api';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HubFixture } from './hub-fixture.ts';

let fixture: HubFixture;

beforeEach(async () => {
  fixture = new HubFixture();
  await fixture.hub.start();
});

afterEach(() => fixture.stop());

describe('desired state', () => {
  it('gives a node its pods and exactly what they refer to', async () => {
    for (const name of ['used', 'env', 'foreign']) {
      await fixture.client.create(ConfigMap, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'default' } });
      await fixture.client.create(Secret, { apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace: 'default' } });
    }
    await fixture.client.create(Service, { apiVersion: 'v1', kind: 'Service', metadata: { name: 'web', namespace: 'default' }, spec: {} });
    const claim = {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: 'data', namespace: 'default' },
      spec: { volumeName: 'pv-1' },
    };
    await fixture.client.create(PersistentVolumeClaim, claim);
    await fixture.client.create(PersistentVolume, { apiVersion: 'v1', kind: 'PersistentVolume', metadata: { name: 'pv-1' }, spec: {} });
    for (const name of ['sandboxed', 'unused']) {
      await fixture.client.create(RuntimeClass, {
        apiVersion: 'node.k8s.io/v1',
        kind: 'RuntimeClass',
        metadata: { name },
        handler: 'runsc',
      });
    }
    await fixture.pod('web', 'one', {
      runtimeClassName: 'sandboxed',
      imagePullSecrets: [{ name: 'env' }],
      containers: [{ name: 'app', image: 'app', envFrom: [{ configMapRef: { name: 'env' } }] }],
      volumes: [
        { name: 'a', projected: { sources: [{ secret: { name: 'used' } }, { configMap: { name: 'used' } }] } },
        { name: 'b', persistentVolumeClaim: { claimName: 'data' } },
      ],
    });
    await fixture.pod('other', 'two', { volumes: [{ name: 'a', secret: { secretName: 'foreign' } }] });
    const one = fixture.agent('one');
    await fixture.clock.advance(100);
    expect(one.keys).toEqual([
      'ConfigMap/env',
      'ConfigMap/used',
      'PersistentVolume/pv-1',
      'PersistentVolumeClaim/data',
      'Pod/web',
      'RuntimeClass/sandboxed',
      'Secret/env',
      'Secret/used',
      'Service/web',
    ]);
    await fixture.client.create(ConfigMap, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'late', namespace: 'default' } });
    await fixture.pod('second', 'one', { volumes: [{ name: 'a', configMap: { name: 'late' } }] });
    await fixture.clock.advance(100);
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
    const { metadata: created } = await fixture.client.create(PersistentVolume, volume);
    const [one, two] = [fixture.agent('one'), fixture.agent('two')];
    await fixture.clock.advance(100);
    expect(one.keys).toEqual([]);
    await fixture.client.delete(PersistentVolume, { name: 'pv-1' });
    await fixture.clock.advance(100);
    expect([one.keys, two.keys]).toEqual([['PersistentVolume/pv-1'], []]);
    two.link.reportVolumeRemoved('pv-1', created.uid ?? '');
    await fixture.clock.advance(100);
    await expect(fixture.client.get(PersistentVolume, { name: 'pv-1' })).resolves.toBeDefined();
    one.link.reportVolumeRemoved('pv-1', created.uid ?? '');
    await fixture.clock.advance(100);
    await expect(fixture.client.get(PersistentVolume, { name: 'pv-1' })).rejects.toThrow('not found');
    expect(one.keys).toEqual([]);
  });

  it('asks a node for a volume that is wanted there, and writes what that node says of it', async () => {
    const terms = [{ matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: ['one'] }] }];
    const annotations = { 'pv.kubernetes.io/provisioned-by': 'berth.io/local', 'berth.io/disk': 'wanted' };
    const spec = { local: { path: '/v/a.img', fsType: 'ext4' }, nodeAffinity: { required: { nodeSelectorTerms: terms } } };
    const wanted = (name: string): PersistentVolume => ({
      apiVersion: 'v1',
      kind: 'PersistentVolume',
      metadata: { name, annotations },
      spec,
    });
    const [one, two] = [fixture.agent('one'), fixture.agent('two')];
    await fixture.clock.advance(100);
    const uids: Record<string, string> = {};
    for (const name of ['a', 'b']) uids[name] = (await fixture.client.create(PersistentVolume, wanted(name))).metadata.uid ?? '';
    await fixture.clock.advance(100);
    expect([one.keys, two.keys]).toEqual([['PersistentVolume/a', 'PersistentVolume/b'], []]);
    const state = async (name: string) => (await fixture.client.get(PersistentVolume, { name })).metadata.annotations;
    two.link.reportVolumeMade('a', uids.a ?? '');
    one.link.reportVolumeMade('a', 'another');
    await fixture.clock.advance(100);
    expect(await state('a')).toMatchObject({ 'berth.io/disk': 'wanted' });
    one.link.reportVolumeMade('a', uids.a ?? '');
    one.link.reportVolumeMade('b', uids.b ?? '', 'the disk is full');
    await fixture.clock.advance(100);
    expect(await state('a')).toMatchObject({ 'berth.io/disk': 'made' });
    expect(await state('b')).toMatchObject({ 'berth.io/disk': 'refused', 'berth.io/disk-refusal': 'the disk is full' });
    expect(one.keys).toEqual([]);
    // What was made is not refused any more.
    one.link.reportVolumeMade('a', uids.a ?? '', 'too late');
    await fixture.clock.advance(100);
    expect(await state('a')).toMatchObject({ 'berth.io/disk': 'made' });
  });

  it('asks a node to make a volume larger, and writes its size once it is, or why it is not', async () => {
    const terms = [{ matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: ['one'] }] }];
    const annotations = { 'pv.kubernetes.io/provisioned-by': 'berth.io/local', 'berth.io/disk': 'made', 'berth.io/disk-size': '2Gi' };
    const local = { path: '/v/a.img', fsType: 'ext4' };
    const spec = { capacity: { storage: '1Gi' }, local, nodeAffinity: { required: { nodeSelectorTerms: terms } } };
    const one = fixture.agent('one');
    await fixture.clock.advance(100);
    const uids: string[] = [];
    for (const name of ['a', 'b']) {
      const volume: PersistentVolume = { apiVersion: 'v1', kind: 'PersistentVolume', metadata: { name, annotations }, spec };
      uids.push((await fixture.client.create(PersistentVolume, volume)).metadata.uid ?? '');
    }
    await fixture.clock.advance(100);
    expect(one.keys).toEqual(['PersistentVolume/a', 'PersistentVolume/b']);
    one.link.reportVolumeMade('a', uids[0] ?? '');
    one.link.reportVolumeMade('b', uids[1] ?? '', 'the disk is full');
    await fixture.clock.advance(100);
    const [a, b] = await Promise.all(['a', 'b'].map((name) => fixture.client.get(PersistentVolume, { name })));
    expect([a?.spec.capacity, a?.metadata.annotations]).toEqual([{ storage: '2Gi' }, { ...annotations, 'berth.io/disk-size': undefined }]);
    expect([b?.spec.capacity, b?.metadata.annotations]).toEqual([
      { storage: '1Gi' },
      { ...annotations, 'berth.io/disk-refusal': 'the disk is full' },
    ]);
    expect(one.keys).toEqual([]);
  });

  it('writes how much a node has for volumes, and only again when that has changed by much', async () => {
    const one = fixture.agent('one');
    await fixture.clock.advance(100);
    const report = async (volumesCapacityBytes: number) => {
      const usage = { at: '2026-01-01T00:00:00Z', windowSeconds: 15, node: { cpuNanoCores: 1, memoryBytes: 1 }, pods: [] };
      one.link.reportUsage({ ...usage, volumesCapacityBytes });
      await fixture.clock.advance(100);
      return (await fixture.client.get(Node, { name: 'one' })).metadata.annotations?.['berth.io/volumes-capacity'];
    };
    expect(await report(10 * 2 ** 30 + 12345)).toBe('10Gi');
    expect(await report(10.1 * 2 ** 30)).toBe('10Gi');
    expect(await report(9 * 2 ** 30)).toBe('9Gi');
    expect(await report(-1)).toBe('9Gi');
  });

  it('sends only what changed after a reconnect', async () => {
    await fixture.pod('a', 'one');
    await fixture.pod('b', 'one');
    const one = fixture.agent('one');
    await fixture.clock.advance(100);
    expect(one.states).toHaveLength(1);
    one.link.disconnect();
    await fixture.client.delete(Pod, { namespace: 'default', name: 'a' }, { gracePeriodSeconds: 0 });
    await fixture.pod('c', 'one');
    await fixture.clock.advance(5000);
    expect(one.disconnects).toBe(1);
    const last = one.states.at(-1);
    expect(last).toMatchObject({ full: false, removed: [{ kind: 'Pod', namespace: 'default', name: 'a' }] });
    expect(last?.objects.map((object) => object.metadata.name)).toEqual(['c']);
    expect(one.keys).toEqual(['Pod/b', 'Pod/c']);
  });

  it('sends everything when another gateway takes over', async () => {
    await fixture.pod('a', 'one');
    const one = fixture.agent('one');
    await fixture.clock.advance(100);
    await fixture.replaceHub();
    await fixture.clock.advance(5000);
    expect(one.states.at(-1)).toMatchObject({ full: true });
    expect(one.keys).toEqual(['Pod/a']);
  });

  it('is told to nobody before it is complete: an empty one would end every pod of the node', async () => {
    const early = new HubFixture();
    await early.pod('web', 'one');
    const one = early.agent('one');
    await early.clock.advance(5_000);
    expect(one.states).toEqual([]);
    await early.hub.start();
    await early.clock.advance(60_000);
    expect(one.states[0]?.full).toBe(true);
    expect([...one.objects.keys()]).toEqual(['Node/one', 'Pod/web']);
    await early.stop();
  });
});
