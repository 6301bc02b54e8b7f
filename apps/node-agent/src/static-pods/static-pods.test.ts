import type { Pod } from '@berth/api';
import { expect, test } from 'vitest';
import { podOf, TestNode } from '../pods/testing.ts';
import { podFromManifest } from './manifest.ts';

function staticPod(image = 'web:1'): Pod {
  const spec = { containers: [{ name: 'main', image }], terminationGracePeriodSeconds: 5 };
  const text = JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web' }, spec });
  return podFromManifest({ path: '/m/web', nodeName: 'n1', seen: '2026-01-01T00:00:00Z', text });
}

const mirrorOf = (pod: Pod): Pod => ({
  ...pod,
  metadata: { ...pod.metadata, uid: 'mirror', annotations: { 'kubernetes.io/config.mirror': pod.metadata.uid ?? '' } },
});

/** Containers that run, by their images. */
async function images(node: TestNode): Promise<string[]> {
  const containers = await node.runtime.listContainers();
  return containers.filter(({ state }) => state === 'running').map(({ image }) => image);
}

async function started(): Promise<TestNode> {
  const node = new TestNode({ images: ['web:1', 'web:2', 'hollow/stubborn'] });
  await node.manager.start();
  return node;
}

test('a static pod runs before the control plane has said a word, and whatever it says', async () => {
  const node = await started();
  node.manager.setStatic([staticPod()]);
  await node.clock.advance(1_000);
  expect([await images(node), node.reports]).toEqual([['web:1'], []]);
  node.want([podOf('web:2', {}, 'other')]);
  await node.clock.advance(1_000);
  expect((await images(node)).sort()).toEqual(['web:1', 'web:2']);
  node.want([]);
  await node.clock.advance(60_000);
  expect(await images(node)).toEqual(['web:1']);
});

test('its status is that of its mirror, once there is one; a mirror that goes takes nothing with it', async () => {
  const node = await started();
  const pod = staticPod();
  node.manager.setStatic([pod]);
  await node.clock.advance(1_000);
  node.want([mirrorOf(pod)]);
  await node.clock.advance(1_000);
  expect(node.reports.at(-1)).toMatchObject({ name: 'web-n1', uid: 'mirror', status: { phase: 'Running' }, terminated: false });
  expect(await node.manager.container('default', 'web-n1', 'main')).toMatchObject({ pod: { metadata: { uid: pod.metadata.uid } } });
  node.want([]);
  await node.clock.advance(10_000);
  expect(await images(node)).toEqual(['web:1']);
  // Somebody else's pod that says it is a mirror is not run.
  node.want([{ ...mirrorOf(pod), spec: { nodeName: 'n1', containers: [{ name: 'main', image: 'web:2' }] } }]);
  await node.clock.advance(10_000);
  expect(await images(node)).toEqual(['web:1']);
});

test('a changed file replaces its pod, which ends first; a file that goes ends it', async () => {
  const node = await started();
  node.manager.setStatic([staticPod('hollow/stubborn')]);
  await node.clock.advance(1_000);
  expect(await images(node)).toEqual(['hollow/stubborn']);
  node.manager.setStatic([staticPod('web:2')]);
  await node.clock.advance(500);
  expect(await images(node)).toEqual(['hollow/stubborn']);
  await node.clock.advance(10_000);
  expect(await images(node)).toEqual(['web:2']);
  node.manager.setStatic([]);
  await node.clock.advance(10_000);
  expect(await images(node)).toEqual([]);
});

test('another agent adopts what runs from the same file, and replaces what runs from an older one once that has ended', async () => {
  const node = await started();
  node.manager.setStatic([staticPod('hollow/stubborn')]);
  await node.clock.advance(1_000);
  const before = await node.runtime.listContainers();
  await node.restartAgent([], [staticPod('hollow/stubborn')]);
  await node.clock.advance(10_000);
  expect(await node.runtime.listContainers()).toEqual(before);
  await node.restartAgent([], [staticPod('web:2')]);
  expect(await images(node)).toEqual(['hollow/stubborn']);
  await node.clock.advance(10_000);
  expect(await images(node)).toEqual(['web:2']);
});
