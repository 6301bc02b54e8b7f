import type { RuntimeEvent } from '@berth/runtime';
import { silentLogger } from '@berth/telemetry';
import { SimulatedClock } from '@berth/telemetry/testing';
import { expect, test } from 'vitest';
import { RuntimeWatch } from './runtime-watch.ts';

class Streams {
  readonly opened: PromiseWithResolvers<void>[] = [];

  async *events(signal: AbortSignal): AsyncGenerator<RuntimeEvent> {
    const stream = Promise.withResolvers<void>();
    this.opened.push(stream);
    signal.addEventListener('abort', () => stream.resolve());
    yield { type: 'stopped', containerId: `c${this.opened.length}`, sandboxId: 's' };
    await stream.promise;
  }
}

function watched() {
  const clock = new SimulatedClock(0);
  const runtime = new Streams();
  const woken: string[] = [];
  const stopping = new AbortController();
  const worker = (uid: string) => ({ wake: () => woken.push(`${uid}@${clock.monotonicMs()}`) });
  const workers = new Map(['a', 'b'].map((uid) => [uid, worker(uid)]));
  let relists = 0;
  const relist = async () => {
    if (++relists === 2) throw new Error('the runtime cannot be reached');
  };
  new RuntimeWatch({ runtime, inventory: { owner: () => 'a' }, relist, workers, clock, logger: silentLogger }).start(stopping.signal);
  return { clock, runtime, woken, stopping };
}

test('an event wakes its pod, and every pod looks once more when listening has begun, at each beginning', async () => {
  const { clock, runtime, woken } = watched();
  await clock.advance(0);
  expect(woken).toEqual(['a@0']);
  await clock.advance(5_000);
  expect(woken.splice(0)).toEqual(['a@0', 'a@1000', 'b@1000']);
  runtime.opened[0]?.reject(new Error('the connection broke'));
  await clock.advance(10_000);
  expect(woken.splice(0)).toEqual(['a@6000', 'a@7000', 'b@7000']);
  runtime.opened[1]?.resolve();
  await clock.advance(10_000);
  expect(woken).toEqual(['a@16000', 'a@17000', 'b@17000']);
});

test('what no event told is found by the minute, also after a listing that failed', async () => {
  const { clock, woken, stopping } = watched();
  await clock.advance(59_000);
  woken.length = 0;
  await clock.advance(121_000);
  expect(woken).toEqual(['a@60000', 'b@60000', 'a@120000', 'b@120000', 'a@180000', 'b@180000']);
  stopping.abort(new Error('the agent is stopping'));
  await clock.advance(600_000);
  expect(woken).toHaveLength(6);
});
