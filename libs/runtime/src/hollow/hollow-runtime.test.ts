import { type Clock, seededRandom, sleepWith } from '@berth/telemetry';
import { describe, expect, it } from 'vitest';
import { ImagePullError, RuntimeUnavailableError } from '../runtime.ts';
import { containerConfig, sandboxConfig } from '../testing.ts';
import { HollowRuntime } from './hollow-runtime.ts';

/** A clock that moves only when told to. */
function manualClock() {
  let nowMs = 1000;
  const timers = new Set<{ atMs: number; callback: () => void }>();
  const clock: Clock & { advance(ms: number): Promise<void> } = {
    now: () => nowMs,
    monotonicMs: () => nowMs,
    after(delayMs, callback) {
      const timer = { atMs: nowMs + delayMs, callback };
      timers.add(timer);
      return { cancel: () => timers.delete(timer) };
    },
    sleep: (delayMs, signal) => sleepWith(clock, delayMs, signal),
    async advance(ms) {
      nowMs += ms;
      for (const timer of [...timers].filter(({ atMs }) => atMs <= nowMs)) {
        timers.delete(timer);
        timer.callback();
      }
      for (let turn = 0; turn < 10; turn++) await Promise.resolve();
    },
  };
  return clock;
}

async function started(runtime: HollowRuntime, image: string) {
  const sandbox = sandboxConfig('a');
  const sandboxId = await runtime.runSandbox(sandbox);
  const imageRef = await runtime.pullImage(image);
  const id = await runtime.createContainer(sandboxId, containerConfig('main', image, imageRef), sandbox);
  await runtime.startContainer(id);
  return { sandboxId, id };
}

describe('HollowRuntime', () => {
  it('ends containers when and how their image says', async () => {
    const clock = manualClock();
    const runtime = new HollowRuntime({ clock, random: seededRandom(1) });
    const { id } = await started(runtime, 'hollow/exit:3-after-500');
    await clock.advance(499);
    expect((await runtime.containerStatus(id))?.state).toBe('running');
    await clock.advance(1);
    expect(await runtime.containerStatus(id)).toMatchObject({ state: 'exited', exitCode: 3, reason: 'Error', finishedAtMs: 1500 });
  });

  it('reports an OOM kill as one', async () => {
    const clock = manualClock();
    const runtime = new HollowRuntime({ clock, random: seededRandom(1) });
    const events = runtime.events(new AbortController().signal)[Symbol.asyncIterator]();
    const { id } = await started(runtime, 'hollow/oom:10');
    await clock.advance(10);
    expect(await runtime.containerStatus(id)).toMatchObject({ exitCode: 137, reason: 'OOMKilled' });
    const types = [];
    for (let count = 0; count < 5; count++) types.push((await events.next()).value?.type);
    expect(types).toEqual(['started', 'created', 'started', 'oom', 'stopped']);
  });

  it('kills what ignores the stop signal after its grace', async () => {
    const clock = manualClock();
    const runtime = new HollowRuntime({ clock, random: seededRandom(1) });
    const { id } = await started(runtime, 'hollow/stubborn');
    const stopped = runtime.stopContainer(id, 30);
    await clock.advance(29_999);
    expect((await runtime.containerStatus(id))?.state).toBe('running');
    await clock.advance(1);
    await stopped;
    expect(await runtime.containerStatus(id)).toMatchObject({ exitCode: 137 });
  });

  it('fails as told: missing images, start errors, an unreachable runtime', async () => {
    const runtime = new HollowRuntime({ clock: manualClock(), random: seededRandom(1) });
    await expect(runtime.pullImage('hollow/missing')).rejects.toThrow(ImagePullError);
    await expect(started(runtime, 'hollow/start-error')).rejects.toThrow('no such file');
    runtime.setAvailable(false);
    await expect(runtime.listSandboxes()).rejects.toThrow(RuntimeUnavailableError);
    runtime.setAvailable(true);
    expect(await runtime.listSandboxes()).toHaveLength(1);
  });

  it('repeats itself from a seed', async () => {
    const ids = () => started(new HollowRuntime({ clock: manualClock(), random: seededRandom(7) }), 'hollow/crash:1000');
    expect(await ids()).toEqual(await ids());
  });
});
