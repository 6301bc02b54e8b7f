import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { drained, writeDrained } from './back-pressure.ts';

const isSettled = async (promise: Promise<void> | undefined) => {
  let settled = false;
  void promise?.then(() => {
    settled = true;
  });
  await new Promise(setImmediate);
  return settled;
};

test('whoever writes more than is read waits until it is, and nobody waits for a stream with room', async () => {
  const stream = new PassThrough({ highWaterMark: 4 });
  expect(writeDrained(stream, Buffer.from('ab'))).toBeUndefined();
  const waiting = writeDrained(stream, Buffer.from('cdefgh'));
  expect(waiting).toBeInstanceOf(Promise);
  expect(await isSettled(waiting)).toBe(false);
  stream.resume();
  await waiting;
  expect(drained(stream)).toBeUndefined();
  expect(stream.listenerCount('drain') + stream.listenerCount('close')).toBe(0);
});

test('a reader that goes away is waited for no longer, and what is written to it is let go', async () => {
  const stream = new PassThrough({ highWaterMark: 1 });
  const waiting = writeDrained(stream, Buffer.from('abc'));
  stream.destroy();
  await waiting;
  expect(writeDrained(stream, Buffer.from('d'))).toBeUndefined();
  expect(drained(stream)).toBeUndefined();
});
