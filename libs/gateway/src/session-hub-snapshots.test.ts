// Snapshots through the session hub: a node is asked for those that it has to take or remove, and what it says is written.
import {
  CustomResourceDefinition,
  establishedKinds,
  snapshotApiVersion,
  snapshotDefinitions,
  type VolumeSnapshotContent,
} from '@berth/api';
import type { KindDefinition } from '@berth/machinery';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { HubFixture } from './hub-fixture.ts';

let fixture: HubFixture;
let kind: KindDefinition;
beforeEach(async () => {
  fixture = new HubFixture();
  await fixture.hub.start();
  for (const definition of snapshotDefinitions()) {
    const status = { acceptedNames: definition.spec.names, conditions: [{ type: 'Established', status: 'True' }], storedVersions: ['v1'] };
    const made = await fixture.client.create(CustomResourceDefinition, { ...definition, status } as CustomResourceDefinition);
    if (definition.spec.names.kind === 'VolumeSnapshotContent') kind = establishedKinds(made)?.stored as KindDefinition;
  }
  await fixture.clock.advance(100);
});
afterEach(() => fixture.stop());

const content = (name: string, source: VolumeSnapshotContent['spec']['source'], annotations = {}): VolumeSnapshotContent => ({
  apiVersion: snapshotApiVersion,
  kind: 'VolumeSnapshotContent',
  metadata: { name, annotations, finalizers: ['snapshot.storage.kubernetes.io/volumesnapshotcontent-bound-protection'] },
  spec: { deletionPolicy: 'Delete', driver: 'berth.io/local', source, volumeSnapshotRef: { namespace: 'ns', name: 's', uid: 'u' } },
});
const ofVolume = { 'berth.io/snapshot-node': 'one', 'berth.io/snapshot-volume': 'ext4:/v/pv.img' };
const current = async (name: string) => (await fixture.client.get(kind, { name })) as VolumeSnapshotContent;

test('a node takes what is asked of it, is asked again when it failed, and removes what is to go', async () => {
  const [one, two] = [fixture.agent('one'), fixture.agent('two')];
  await fixture.clock.advance(100);
  const { metadata } = await fixture.client.create(kind, content('c', { volumeHandle: 'pv' }, ofVolume));
  const uid = metadata.uid ?? '';
  await fixture.clock.advance(100);
  expect([one.keys, two.keys]).toEqual([['DiskSnapshot/c'], []]);
  const file = `snapshot-${uid}.ext4`;
  expect(one.objects.get('DiskSnapshot/c')).toMatchObject({ metadata: { uid }, spec: { file, isRemoved: false, volume: '/v/pv.img' } });
  two.link.reportSnapshot('snapshotTaken', { content: 'c', uid, bytes: 1, takenAtMs: 1 });
  one.link.reportSnapshot('snapshotTaken', { content: 'c', uid: 'another', bytes: 1, takenAtMs: 1 });
  one.link.reportSnapshot('snapshotRemoved', { content: 'c', uid });
  await fixture.clock.advance(100);
  expect((await current('c')).status).toBeUndefined();
  one.link.reportSnapshot('snapshotTaken', { content: 'c', uid, error: 'no room' });
  await fixture.clock.advance(100);
  expect((await current('c')).status).toMatchObject({ readyToUse: false, error: { message: 'no room', time: expect.any(String) } });
  const sent = one.states.length;
  const failed = await current('c');
  const annotations = { ...ofVolume, 'berth.io/snapshot-attempt': '1 after a while' };
  await fixture.client.update(kind, { ...failed, metadata: { ...failed.metadata, annotations } });
  await fixture.clock.advance(100);
  expect([one.states.length, one.keys]).toEqual([sent + 1, ['DiskSnapshot/c']]);
  one.link.reportSnapshot('snapshotTaken', { content: 'c', uid, bytes: 2 ** 30, takenAtMs: 1_764_500_000_123 });
  await fixture.clock.advance(100);
  expect((await current('c')).status).toEqual({
    ...{ readyToUse: true, restoreSize: 2 ** 30, creationTime: 1_764_500_000_123_000_000n, snapshotHandle: `one/${file}` },
  });
  expect(one.keys).toEqual([]);
  const ready = await current('c');
  const deleted = { ...annotations, 'snapshot.storage.kubernetes.io/volumesnapshot-being-deleted': 'yes' };
  await fixture.client.update(kind, { ...ready, metadata: { ...ready.metadata, annotations: deleted } });
  await fixture.client.delete(kind, { name: 'c' });
  await fixture.clock.advance(100);
  expect(one.objects.get('DiskSnapshot/c')).toMatchObject({ spec: { file, isRemoved: true } });
  one.link.reportSnapshot('snapshotRemoved', { content: 'c', uid });
  await fixture.clock.advance(100);
  await expect(current('c')).rejects.toThrow('not found');
});

test('a node is asked for a snapshot that was there before, and for none of another driver or by a name that leads elsewhere', async () => {
  const one = fixture.agent('one');
  await fixture.clock.advance(100);
  await fixture.client.create(kind, content('old', { snapshotHandle: 'one/snapshot-old.ext4' }));
  await fixture.client.create(kind, content('elsewhere', { snapshotHandle: 'one/../../etc/passwd' }));
  const foreign = content('foreign', { snapshotHandle: 'one/snapshot-old.ext4' });
  await fixture.client.create(kind, { ...foreign, spec: { ...foreign.spec, driver: 'other' } } as VolumeSnapshotContent);
  await fixture.clock.advance(100);
  expect(one.keys).toEqual(['DiskSnapshot/old']);
  expect(one.objects.get('DiskSnapshot/old')).toMatchObject({ spec: { file: 'snapshot-old.ext4', isRemoved: false } });
});
