import type { Secret } from '@berth/api';
import { HollowRuntime, ImagePullError, type RegistryAuth } from '@berth/runtime';
import { type Clock, seededRandom, systemClock } from '@berth/telemetry';
import { SimulatedClock } from '@berth/telemetry/testing';
import { expect, test } from 'vitest';
import { ImagePuller, type ImageRequest } from './image-puller.ts';
import { durationText, type PullReport } from './image-pulls.ts';
import { SimulatedPullRecords } from './pull-records.ts';
import { simulatedPulls } from './testing.ts';

const image = 'registry.local/web:1';

function puller(
  pull: (auth: RegistryAuth | undefined) => Promise<unknown>,
  { clock = systemClock as Clock, records = new SimulatedPullRecords() } = {},
) {
  const runtime = new HollowRuntime({ clock, random: seededRandom(1) });
  const real = runtime.pullImage.bind(runtime);
  const pulls: (RegistryAuth | undefined)[] = [];
  // As CRI has it, which tells who pulls.
  runtime.pullImage = async (name: string, auth?: RegistryAuth) => {
    pulls.push(auth);
    await pull(auth);
    return real(name);
  };
  const images = () => new ImagePuller({ ...simulatedPulls(runtime, clock, records), runtime, clock });
  return { images: images(), restarted: images, pulls, runtime };
}

const silent: PullReport = () => undefined;

function request(uid: string, more: Partial<ImageRequest> = {}): ImageRequest {
  return { container: { image }, uid, start: 'main/0', secrets: [], report: silent, changed: () => undefined, ...more };
}

/** Asks as one container start; resolves with the events once something has changed. */
function ask(images: ImagePuller, uid: string, more: Partial<ImageRequest> = {}): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const events: string[] = [];
    const report: PullReport = (_type, reason, message) => events.push(`${reason}: ${message}`);
    images.ensure(request(uid, { report, changed: () => resolve(events), ...more })).catch(reject);
  });
}

function secretOf(name: string, password: string, uid = `uid-${name}`): Secret {
  const content = JSON.stringify({ auths: { 'registry.local': { username: name, password } } });
  const data = { '.dockerconfigjson': Buffer.from(content).toString('base64') };
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace: 'n', uid }, type: 'kubernetes.io/dockerconfigjson', data };
}

test('starts that wait for the same pull are one pull, and each hears of its end', async () => {
  const { images, pulls } = puller(async () => '');
  const [first, second] = await Promise.all([ask(images, 'a'), ask(images, 'b')]);
  expect(pulls).toHaveLength(1);
  for (const events of [first, second]) {
    expect(events[0]).toBe('Pulling: Pulling image "registry.local/web:1"');
    expect(events[1]).toMatch(
      /^Pulled: Successfully pulled image "registry.local\/web:1" in \d+m?s \(\d+m?s including waiting\)\. Image size: \d+ bytes\.$/,
    );
  }
  expect(await images.ensure(request('a'))).toMatchObject({ state: 'present' });
});

test('a failed pull is reported to everyone, and is not tried again at once, but for a new pod', async () => {
  const { images, pulls } = puller(async () => {
    throw new ImagePullError(image, 'not found');
  });
  const [first] = await Promise.all([ask(images, 'a'), ask(images, 'b')]);
  expect(first.slice(1)).toEqual([expect.stringContaining('Failed to pull image "registry.local/web:1"'), 'Failed: Error: ErrImagePull']);
  expect(await images.ensure(request('a'))).toMatchObject({ state: 'failed', reason: 'ErrImagePull' });
  expect(pulls).toHaveLength(1);
  await ask(images, 'c');
  expect(pulls).toHaveLength(2);
});

test("a pod's waiting grows from 10 s to 5 min, and begins anew once it is released", async () => {
  const clock = new SimulatedClock();
  const { images } = puller(
    async () => {
      throw new Error('no route');
    },
    { clock },
  );
  const waits: number[] = [];
  for (let round = 0; round < 7; round++) {
    await ask(images, 'a');
    await clock.advance(1_000);
    const state = await images.ensure(request('a'));
    if (state.state !== 'failed' || state.retryAtMs === undefined) throw new Error(`it is ${state.state}`);
    expect(state.message).toMatch(/^Back-off pulling image "registry.local\/web:1": ErrImagePull: .*no route/);
    waits.push((state.retryAtMs - clock.now()) / 1000 + 1);
    await clock.advance(state.retryAtMs - clock.now());
  }
  expect(waits).toEqual([10, 20, 40, 80, 160, 300, 300]);
  images.releasePod('a');
  expect(await images.ensure(request('a'))).toEqual({ state: 'pulling' });
});

test('an image that is there is pulled again by each start that always wants it, and by no other', async () => {
  const { images, pulls } = puller(async () => '');
  const always = { container: { image, imagePullPolicy: 'Always' } };
  await ask(images, 'a');
  expect(await images.ensure(request('b'))).toMatchObject({ state: 'present' });
  await ask(images, 'c', always);
  expect(pulls).toHaveLength(2);
  expect(await images.ensure(request('c', always))).toMatchObject({ state: 'present' });
  images.release('c', 'main/0');
  await ask(images, 'c', { ...always, start: 'main/1' });
  expect(pulls).toHaveLength(3);
});

test('five images are pulled at a time, and the others after them', async () => {
  const gates: PromiseWithResolvers<string>[] = [];
  const { images } = puller(() => {
    const gate = Promise.withResolvers<string>();
    gates.push(gate);
    return gate.promise;
  });
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  const ended = Array.from({ length: 7 }, (_, index) => ask(images, `i${index}`, { container: { image: `registry.local/web:${index}` } }));
  await turn();
  expect(gates).toHaveLength(5);
  for (const gate of gates.slice(0, 5)) gate.resolve('');
  await Promise.all(ended.slice(0, 5));
  await turn();
  expect(gates).toHaveLength(7);
  for (const gate of gates) gate.resolve('');
  await Promise.all(ended);
});

test('all credentials that fit are tried in turn, and what went wrong with each is said', async () => {
  const { images, pulls } = puller(async (auth) => {
    if (auth?.username !== 'right') throw new Error(`${auth?.username} may not`);
  });
  const events = await ask(images, 'a', { secrets: [secretOf('wrong', 'x'), secretOf('right', 'y')] });
  expect(events[1]).toMatch(/^Pulled/);
  expect(pulls.map((auth) => auth?.username)).toEqual(['wrong', 'right']);
  const failed = await ask(images, 'b', {
    container: { image: 'registry.local/b' },
    secrets: [secretOf('one', 'x'), secretOf('two', 'y')],
  });
  expect(failed[1]).toContain('[one may not, two may not]');
});

test("an image that one pod's secret pulled is given to no pod without it, also after a restart", async () => {
  const { images, restarted, pulls } = puller(async (auth) => {
    if (!auth) throw new Error('pull access denied');
  });
  const secret = secretOf('team', 'password');
  await ask(images, 'a', { secrets: [secret] });
  for (const now of [images, restarted()]) {
    const before = pulls.length;
    for (const [uid, held] of [
      ['same', secret],
      ['equal', secretOf('team', 'password', 'another')],
      ['changed', secretOf('team', 'another password')],
    ] as const)
      expect(await now.ensure(request(uid, { secrets: [held] }))).toMatchObject({ state: 'present' });
    expect(pulls).toHaveLength(before);
    const refused = await ask(now, 'none');
    expect(refused[1]).toContain('pull access denied');
    const never = { container: { image, imagePullPolicy: 'Never' } };
    expect(await now.ensure(request('never', never))).toMatchObject({ state: 'failed', reason: 'ErrImageNeverPull' });
  }
});

test('what was brought to the node by hand is for everyone, and so is what was pulled without credentials', async () => {
  const { images, pulls, runtime } = puller(async () => '');
  const events: string[] = [];
  await runtime.pullImage('registry.local/by-hand:1');
  const report: PullReport = (_type, reason, message) => events.push(`${reason}: ${message}`);
  expect(await images.ensure(request('a', { container: { image: 'registry.local/by-hand:1' }, report }))).toMatchObject({
    state: 'present',
  });
  expect(events).toEqual(['Pulled: Container image "registry.local/by-hand:1" already present on machine and can be accessed by the pod']);
  await ask(images, 'a', { start: 'b/0' });
  expect(await images.ensure(request('b', { secrets: [secretOf('team', 'x')] }))).toMatchObject({ state: 'present' });
  expect(pulls).toHaveLength(2);
});

test("times are written as Go's", () => {
  expect([0, 103, 1000, 2500, 61_250, 3_600_000].map(durationText)).toEqual(['0s', '103ms', '1s', '2.5s', '1m1.25s', '1h0m0s']);
});
