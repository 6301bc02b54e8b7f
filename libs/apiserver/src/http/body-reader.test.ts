import type { IncomingMessage, ServerResponse } from 'node:http';
import { PassThrough } from 'node:stream';
import { SimulatedClock } from '@berth/telemetry/testing';
import { expect, test } from 'vitest';
import { BodyReader, bodyBytesMax, discarded } from './body-reader.ts';

/** A request whose body is written by the test. */
function exchange(headers: Record<string, string> = {}) {
  const body = new PassThrough({ highWaterMark: 16 * 1024 * 1024 });
  let continued = 0;
  const request = Object.assign(body, { headers, httpVersion: '1.1', complete: false }) as unknown as IncomingMessage;
  const response = { headersSent: false, writeContinue: () => void continued++ } as unknown as ServerResponse;
  return { body, request, response, continued: () => continued };
}

const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error) => error.code ?? error,
  );

test('a body is read as a whole, and held until it has its seat', async () => {
  const reader = new BodyReader(new SimulatedClock());
  const sent = exchange();
  const reading = reader.read(sent, 'ann');
  sent.body.write('one ');
  sent.body.end('two');
  const { bytes, release } = await reading;
  expect([bytes.toString(), reader.heldBytes, sent.continued()]).toEqual(['one two', 7, 0]);
  release();
  release();
  expect(reader.heldBytes).toBe(0);
});

test('one that trickles for too long is given up', async () => {
  const clock = new SimulatedClock();
  const reader = new BodyReader(clock);
  const sent = exchange();
  const failed = failure(reader.read(sent, 'ann'));
  for (let second = 0; second < 70; second++) {
    sent.body.write('x');
    await clock.advance(1_000);
  }
  expect([await failed, reader.heldBytes]).toEqual([504, 0]);
});

test('one that is too long is refused, before it comes when that is known', async () => {
  const reader = new BodyReader(new SimulatedClock());
  expect(await failure(reader.read(exchange({ 'content-length': String(bodyBytesMax + 1) }), 'ann'))).toBe(413);
  const sent = exchange();
  const failed = failure(reader.read(sent, 'ann'));
  sent.body.write(Buffer.alloc(bodyBytesMax));
  sent.body.write('x');
  expect([await failed, reader.heldBytes]).toEqual([413, 0]);
});

test('who leaves is noticed', async () => {
  const reader = new BodyReader(new SimulatedClock());
  const sent = exchange();
  const failed = failure(reader.read(sent, 'ann'));
  sent.body.write('x');
  sent.body.destroy(Object.assign(new Error('aborted'), { code: 'ECONNRESET' }));
  expect([await failed, reader.heldBytes]).toEqual([400, 0]);
  const gone = exchange();
  gone.body.destroy();
  expect(await failure(reader.read(gone, 'ann'))).toBe(400);
});

test('one user holds a quarter of what all may', async () => {
  const reader = new BodyReader(new SimulatedClock(), { heldBytesMax: 4_000 });
  const start = (user: string) => {
    const sent = exchange();
    const failed = failure(reader.read(sent, user));
    sent.body.write(Buffer.alloc(900));
    return { ...sent, failed };
  };
  const [first, second] = [start('greedy'), start('greedy')];
  expect(await second.failed).toBe(429);
  const others = ['a', 'b', 'c'].map(start);
  const last = start('d');
  expect(await last.failed).toBe(429);
  for (const { body } of [first, ...others]) body.end();
  expect(await Promise.all([first, ...others].map(({ failed }) => failed))).toEqual([undefined, undefined, undefined, undefined]);
});

test('a client that asks first is told to go on once its body is read, and not before', async () => {
  const sent = exchange({ expect: '100-Continue' });
  expect([discarded(sent.request, new SimulatedClock()), sent.continued()]).toEqual([undefined, 0]);
  const reading = new BodyReader(new SimulatedClock()).read(sent, 'ann');
  expect(sent.continued()).toBe(1);
  sent.body.end('x');
  await reading;
});

test('what nobody reads is taken up to its end, or for half a second', async () => {
  const clock = new SimulatedClock();
  const whole = exchange();
  const taken = discarded(whole.request, clock);
  whole.body.end(Buffer.alloc(100_000));
  await taken;
  const slow = exchange();
  let isOver = false;
  void discarded(slow.request, clock)?.then(() => {
    isOver = true;
  });
  await clock.advance(400);
  expect(isOver).toBe(false);
  await clock.advance(200);
  expect(isOver).toBe(true);
});
