// Pods that a node runs by itself, and their mirrors in the API.
import { Event, Pod } from '@berth/api';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { HubFixture, type TestAgent } from './hub-fixture.ts';

let fixture: HubFixture;
let agent: TestAgent;

beforeEach(async () => {
  fixture = new HubFixture();
  await fixture.hub.start();
  agent = fixture.agent('one');
  await fixture.clock.advance(100);
});

afterEach(() => fixture.stop());

function staticPod(hash: string, spec: Partial<Pod['spec']> = {}): Pod {
  const annotations = { 'kubernetes.io/config.hash': hash, 'kubernetes.io/config.source': 'file' };
  return {
    ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web-one', namespace: 'default', uid: hash, annotations } },
    spec: { nodeName: 'one', containers: [{ name: 'main', image: 'web' }], ...spec },
  };
}

const key = { namespace: 'default', name: 'web-one' };
const mirror = () => fixture.client.get(Pod, key);
const said = async (pods: Pod[]) => {
  agent.link.setStaticPods(pods);
  await fixture.clock.advance(1_000);
};

it('shows each in the API, owned by its node, and brings its status there', async () => {
  await said([staticPod('a1')]);
  const { metadata } = await mirror();
  expect(metadata.annotations).toMatchObject({ 'kubernetes.io/config.mirror': 'a1', 'kubernetes.io/config.hash': 'a1' });
  expect(metadata.ownerReferences).toMatchObject([{ kind: 'Node', name: 'one', controller: true }]);
  const known = agent.objects.get('Pod/web-one');
  expect(known?.metadata.uid).toBe(metadata.uid);
  agent.link.reportPod({ ...key, uid: metadata.uid ?? '', status: { phase: 'Running' }, terminated: false });
  await fixture.clock.advance(100);
  expect((await mirror()).status?.phase).toBe('Running');
});

it('makes a mirror again when it was deleted, replaces it when the pod is another, and removes it with the pod', async () => {
  await said([staticPod('a1')]);
  const first = (await mirror()).metadata.uid;
  await fixture.client.delete(Pod, key);
  await fixture.clock.advance(1_000);
  const second = await mirror();
  expect(second.metadata.uid).not.toBe(first);
  expect(second.metadata.deletionTimestamp).toBeUndefined();
  await said([staticPod('b2')]);
  expect((await mirror()).metadata.annotations?.['kubernetes.io/config.mirror']).toBe('b2');
  await said([]);
  await expect(mirror()).rejects.toThrow('not found');
});

it('leaves pods that are no mirrors alone, and mirrors of an agent that says nothing of static pods', async () => {
  await fixture.pod('plain', 'one');
  await fixture.client.create(Pod, { ...staticPod('old'), metadata: { ...key, annotations: { 'kubernetes.io/config.mirror': 'old' } } });
  await fixture.clock.advance(30_000);
  expect((await mirror()).metadata.name).toBe('web-one');
  await said([]);
  await expect(mirror()).rejects.toThrow('not found');
  expect((await fixture.client.get(Pod, { namespace: 'default', name: 'plain' })).metadata.name).toBe('plain');
});

it('mirrors nothing that would give a node more than it has, and says so in an event', async () => {
  await said([staticPod('a1', { volumes: [{ name: 'v', secret: { secretName: 'crown-jewels' } }] })]);
  await expect(mirror()).rejects.toThrow('not found');
  await said([staticPod('a2', { nodeName: 'two' })]);
  await expect(mirror()).rejects.toThrow('not found');
  const { items } = await fixture.client.list(Event);
  const messages = items.map((event) => event.message ?? '');
  expect(messages.filter((message) => message.includes('can not create pods that reference secrets'))).toHaveLength(1);
});
