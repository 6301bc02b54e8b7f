import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { systemClock } from '@berth/telemetry';
import { socketClosed } from '@berth/testing';
import { afterEach, expect, test } from 'vitest';
import { defaultTcpLimits, TcpConnections, type TcpLimits } from './tcp-connections.ts';

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

interface Fixture {
  /** From this address of the loopback network. */
  connectFrom(localAddress?: string): Promise<Socket>;
  /** Questions that have come, each with how to answer it. */
  asked: { question: string; answer: (reply: string) => void }[];
  /** Resolves with the next question. */
  next(): Promise<string>;
}

async function serve(limits: Partial<TcpLimits> = {}): Promise<Fixture> {
  const asked: Fixture['asked'] = [];
  let wake: (() => void) | undefined;
  let seen = 0;
  const connections = new TcpConnections(
    systemClock,
    (question) =>
      new Promise((resolve) => {
        asked.push({ question: question.toString(), answer: (reply) => resolve(Buffer.from(reply)) });
        wake?.();
      }),
    { ...defaultTcpLimits, ...limits },
  );
  const server: Server = createServer({ allowHalfOpen: true }, (socket) => connections.accept(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(() => {
    connections.closeAll();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return {
    asked,
    connectFrom: async (localAddress = '127.0.0.1') => {
      const socket = connect({ host: '127.0.0.1', port, localAddress });
      cleanups.push(() => socket.destroy());
      // Refused connections are reset.
      socket.on('error', () => socket.destroy());
      await once(socket, 'connect');
      return socket;
    },
    next: async () => {
      while (asked.length <= seen) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      return asked[seen++]?.question ?? '';
    },
  };
}

function framed(text: string): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(Buffer.byteLength(text));
  return Buffer.concat([length, Buffer.from(text)]);
}

test('questions that come in pieces or together are answered as answers come, also after the peer asks no more', async () => {
  const { connectFrom, next, asked } = await serve();
  const socket = await connectFrom();
  const [first, second] = [framed('first'), framed('second')];
  socket.write(first.subarray(0, 3));
  socket.end(Buffer.concat([first.subarray(3), second]));
  expect([await next(), await next()]).toEqual(['first', 'second']);
  asked[1]?.answer('two');
  asked[0]?.answer('one');
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk);
  expect(Buffer.concat(chunks)).toEqual(Buffer.concat([framed('two'), framed('one')]));
});

test('no more questions are taken while so many wait', async () => {
  const { connectFrom, next, asked } = await serve({ questionsInFlightMax: 2 });
  const socket = await connectFrom();
  socket.end(Buffer.concat(['a', 'b', 'c', 'd'].map(framed)));
  expect([await next(), await next()]).toEqual(['a', 'b']);
  expect(asked).toHaveLength(2);
  asked[0]?.answer('A');
  expect(await next()).toBe('c');
  expect(asked).toHaveLength(3);
  asked[1]?.answer('B');
  asked[2]?.answer('C');
  expect(await next()).toBe('d');
  asked[3]?.answer('D');
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk);
  expect(Buffer.concat(chunks)).toEqual(Buffer.concat(['A', 'B', 'C', 'D'].map(framed)));
});

test('a client has its share of connections, and others are served', async () => {
  const { connectFrom, next } = await serve({ connectionsPerClientMax: 2 });
  const [first] = [await connectFrom(), await connectFrom()];
  await socketClosed(await connectFrom());
  const other = await connectFrom('127.0.0.2');
  other.write(framed('other'));
  expect(await next()).toBe('other');
  first.write(framed('first'));
  expect(await next()).toBe('first');
});

test('where there are too many, the one that has been quiet the longest makes room', async () => {
  const { connectFrom, next, asked } = await serve({ connectionsMax: 2, connectionsPerClientMax: 1 });
  const [quiet, busy] = [await connectFrom('127.0.0.2'), await connectFrom('127.0.0.3')];
  quiet.write(framed('before'));
  expect(await next()).toBe('before');
  busy.write(framed('busy'));
  expect(await next()).toBe('busy');
  const late = await connectFrom('127.0.0.4');
  await socketClosed(quiet);
  late.write(framed('late'));
  expect(await next()).toBe('late');
  asked[1]?.answer('still here');
  const [reply] = await once(busy, 'data');
  expect(reply).toEqual(framed('still here'));
});

test('who neither asks nor reads is cut off, also who sends a byte now and then', async () => {
  const { connectFrom } = await serve({ idleMs: 300 });
  const [silent, dripping] = [await connectFrom(), await connectFrom()];
  const drip = setInterval(() => dripping.write('\0'), 20);
  cleanups.push(() => clearInterval(drip));
  // Its length says 4,000 bytes: it never becomes whole.
  dripping.write(Buffer.from([0x0f, 0xa0]));
  await Promise.all([socketClosed(silent), socketClosed(dripping)]);
});

test('a connection ends when it has had its share of answers, with all that it has asked till then', async () => {
  const { connectFrom, next, asked } = await serve({ answerBytesMax: 10, questionsInFlightMax: 2 });
  const socket = await connectFrom();
  socket.write(Buffer.concat(['a', 'b', 'c'].map(framed)));
  expect([await next(), await next()]).toEqual(['a', 'b']);
  asked[0]?.answer('more than ten bytes');
  asked[1]?.answer('B');
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk);
  expect(Buffer.concat(chunks)).toEqual(Buffer.concat(['more than ten bytes', 'B'].map(framed)));
  expect(asked).toHaveLength(2);
});

test('what is longer than any question ends the connection', async () => {
  const { connectFrom, asked } = await serve();
  const socket = await connectFrom();
  socket.write(Buffer.from([0xff, 0xff, 0]));
  await socketClosed(socket);
  expect(asked).toEqual([]);
});
