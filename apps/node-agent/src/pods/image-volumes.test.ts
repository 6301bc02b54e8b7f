import type { Pod } from '@berth/api';
import { HollowRuntime } from '@berth/runtime';
import { seededRandom, systemClock } from '@berth/telemetry';
import { expect, test } from 'vitest';
import { ImagePuller } from '../images/image-puller.ts';
import { simulatedPulls } from '../images/testing.ts';
import { type ImageVolumesEnvironment, pullImageVolumes, releaseImageVolumes } from './image-volumes.ts';
import { podOf } from './testing.ts';

function podWith(...references: string[]): Pod {
  const volumes = references.map((reference, index) => ({ name: `v${index}`, image: { reference } }));
  const [main] = podOf('registry.local/web:1').spec.containers;
  const volumeMounts = volumes.map(({ name }) => ({ name, mountPath: `/${name}` }));
  const containers = [
    { ...main, name: 'main', volumeMounts },
    { ...main, name: 'other', volumeMounts: [] },
  ];
  return podOf('registry.local/web:1', { volumes, containers });
}

function node() {
  const runtime = new HollowRuntime({ clock: systemClock, random: seededRandom(1) });
  const images = new ImagePuller({ ...simulatedPulls(runtime, systemClock), runtime, clock: systemClock });
  const events: string[] = [];
  const env: ImageVolumesEnvironment = {
    node: { images },
    sources: { pullSecrets: () => [] },
    reports: { event: (_pod, _type, reason, message, fieldPath) => void events.push(`${reason}/${fieldPath}: ${message}`) },
  };
  const look = async (pod: Pod, name = 'main', attempt = 0) => {
    const container = pod.spec.containers.find((one) => one.name === name);
    if (!container) throw new Error(`there is no ${name}`);
    const { promise: changed, resolve: woken } = Promise.withResolvers<void>();
    return { changed, mounted: await pullImageVolumes(env, pod, { container, attempt }, woken), container };
  };
  return { env, events, runtime, look };
}

test('the images of what a container mounts are pulled before it starts, and said on the pod; another container does not wait', async () => {
  const { look, events, runtime } = node();
  const pod = podWith('registry.local/data:1');
  expect((await look(pod, 'other')).mounted).toEqual(new Map());
  const first = await look(pod);
  expect(first.mounted).toEqual({ state: 'pulling' });
  await first.changed;
  const image = await runtime.imageStatus('registry.local/data:1');
  expect((await look(pod)).mounted).toEqual(new Map([['v0', image?.id]]));
  expect(events.map((event) => event.replace(/ in .*/, ''))).toEqual([
    'Pulling/undefined: Pulling image "registry.local/data:1"',
    'Pulled/undefined: Successfully pulled image "registry.local/data:1"',
  ]);
});

test('one that cannot be pulled keeps the container waiting, whichever of them it is', async () => {
  const { look } = node();
  const pod = podWith('hollow/missing', 'registry.local/data:1');
  const first = await look(pod);
  await first.changed;
  expect((await look(pod)).mounted).toMatchObject({ state: 'failed', reason: 'ErrImagePull' });
});

test('a start that is over is forgotten: the next one asks the registry again, if the policy says so', async () => {
  const { look, env, events } = node();
  const pod = podWith('registry.local/data:1');
  for (const { image } of pod.spec.volumes ?? []) if (image) image.pullPolicy = 'Always';
  for (const attempt of [0, 1]) {
    const { changed, container } = await look(pod, 'main', attempt);
    await changed;
    expect((await look(pod, 'main', attempt)).mounted).toBeInstanceOf(Map);
    releaseImageVolumes(env.node, pod, { container, attempt });
  }
  expect(events.filter((event) => event.startsWith('Pulling'))).toHaveLength(2);
});
