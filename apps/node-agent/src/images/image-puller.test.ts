import type { Container } from '@berth/api';
import { HollowRuntime, ImagePullError } from '@berth/runtime';
import { seededRandom, systemClock } from '@berth/telemetry';
import { expect, test } from 'vitest';
import { ImagePuller } from './image-puller.ts';

const container: Container = { name: 'main', image: 'registry.local/web:1' };

function puller(pull: () => Promise<string>) {
  const runtime = new HollowRuntime({ clock: systemClock, random: seededRandom(1) });
  const real = runtime.pullImage.bind(runtime);
  let pulls = 0;
  runtime.pullImage = async (...args) => {
    pulls++;
    await pull();
    return real(...args);
  };
  return { images: new ImagePuller(runtime, systemClock), pulls: () => pulls };
}

/** Asks as one container start; resolves with the events once it is told that something changed. */
function ask(images: ImagePuller, instance: string): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const events: string[] = [];
    const report = (_type: string, reason: string, message: string) => events.push(`${reason}: ${message}`);
    images.ensure({ container, instance, secrets: [], report, changed: () => resolve(events) }).catch(reject);
  });
}

test('starts that wait for the same pull are one pull, and each is told of its end', async () => {
  const { images, pulls } = puller(async () => '');
  const [first, second] = await Promise.all([ask(images, 'a'), ask(images, 'b')]);
  expect(pulls()).toBe(1);
  for (const events of [first, second]) {
    expect(events[0]).toBe('Pulling: Pulling image "registry.local/web:1"');
    expect(events[1]).toMatch(
      /^Pulled: Successfully pulled image "registry.local\/web:1" in \d+ms \(\d+ms including waiting\)\. Image size: \d+ bytes\.$/,
    );
  }
  expect(await images.ensure({ container, instance: 'a', secrets: [], report: () => {}, changed: () => {} })).toMatchObject({
    state: 'present',
  });
});

test('a failed pull is told to everyone, and is not tried again at once', async () => {
  const { images } = puller(async () => {
    throw new ImagePullError('registry.local/web:1', 'not found');
  });
  const [first] = await Promise.all([ask(images, 'a'), ask(images, 'b')]);
  expect(first.slice(1)).toEqual([expect.stringContaining('Failed to pull image "registry.local/web:1"'), 'Failed: Error: ErrImagePull']);
  expect(await images.ensure({ container, instance: 'a', secrets: [], report: () => {}, changed: () => {} })).toMatchObject({
    state: 'failed',
    reason: 'ErrImagePull',
  });
});

test('an image that is there is pulled again by each start that always wants it, and by no other', async () => {
  const { images, pulls } = puller(async () => '');
  await ask(images, 'a');
  const request = (instance: string, imagePullPolicy: string, changed = () => {}) =>
    images.ensure({ container: { ...container, imagePullPolicy }, instance, secrets: [], report: () => {}, changed });
  expect(await request('b', 'IfNotPresent')).toMatchObject({ state: 'present' });
  await new Promise<void>((resolve, reject) => request('c', 'Always', resolve).catch(reject));
  expect(pulls()).toBe(2);
  expect(await request('c', 'Always')).toMatchObject({ state: 'present' });
  expect(pulls()).toBe(2);
});

test('five images are pulled at a time, and the others after them', async () => {
  const gates: PromiseWithResolvers<string>[] = [];
  const { images } = puller(() => {
    const gate = Promise.withResolvers<string>();
    gates.push(gate);
    return gate.promise;
  });
  const ended = Array.from({ length: 7 }, (_, index) => {
    const named: Container = { name: 'main', image: `registry.local/web:${index}` };
    return new Promise<void>((resolve, reject) =>
      images.ensure({ container: named, instance: `i${index}`, secrets: [], report: () => {}, changed: resolve }).catch(reject),
    );
  });
  await new Promise((resolve) => setImmediate(resolve));
  expect(gates).toHaveLength(5);
  for (const gate of gates.slice(0, 5)) gate.resolve('');
  await Promise.all(ended.slice(0, 5));
  await new Promise((resolve) => setImmediate(resolve));
  expect(gates).toHaveLength(7);
  for (const gate of gates) gate.resolve('');
  await Promise.all(ended);
});
