import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type Duplex, duplexPair } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { deflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { spdyDictionary } from './dictionary.ts';
import { resetCodes, SpdyClosedError, SpdyProtocolError, SpdyResetError } from './errors.ts';
import { SpdySession } from './spdy-session.ts';
import type { SpdyStream } from './spdy-stream.ts';

function wire(): { near: Duplex; far: Duplex } {
  const [near, far]: Duplex[] = duplexPair();
  if (!near || !far) throw new Error('duplexPair gives two ends');
  return { near, far };
}

function pair(peerGrantsWindows: boolean, onStream: (stream: SpdyStream) => void) {
  const { near, far } = wire();
  const client = new SpdySession(near, { role: 'client', peerGrantsWindows });
  const server = new SpdySession(far, { role: 'server', peerGrantsWindows, onStream });
  return { client, server };
}

const echo = (stream: SpdyStream) => stream.pipe(stream);
const digest = (data: Buffer) => createHash('sha256').update(data).digest('hex');
const turns = async (count: number) => {
  for (let turn = 0; turn < count; turn++) await new Promise(setImmediate);
};

describe.each([true, false])('a session with peerGrantsWindows %s', (windows) => {
  it('echoes 5 MB, with half-close, and forgets the stream', async () => {
    const { client, server } = pair(windows, echo);
    const data = randomBytes(5_000_000);
    const stream = client.openStream({ streamtype: 'data' });
    stream.end(data);
    expect(digest(await buffer(stream))).toBe(digest(data));
    await client.ping();
    expect([client.streamCount, server.streamCount]).toEqual([0, 0]);
    client.close();
    expect(await client.closed).toBeUndefined();
    expect(await server.closed).toBeInstanceOf(SpdyClosedError);
  });

  it('holds the writer back while nobody reads, and goes on afterwards', async () => {
    let open: (stream: SpdyStream) => void = () => undefined;
    const opened = new Promise<SpdyStream>((resolve) => {
      open = resolve;
    });
    const { client } = pair(windows, (stream) => open(stream));
    const data = randomBytes(1_000_000);
    let written = false;
    client.openStream({}).end(data, () => {
      written = true;
    });
    const far = await opened;
    await once(far, 'readable');
    await turns(100);
    expect(written).toBe(false);
    expect(far.readableLength).toBeGreaterThan(0);
    expect(far.readableLength).toBeLessThanOrEqual(128 * 2 ** 10);
    expect(digest(await buffer(far.end()))).toBe(digest(data));
    expect(written).toBe(true);
    client.close();
  });

  it('carries headers, lower-case, on many streams at once', async () => {
    const seen: unknown[] = [];
    const { client } = pair(windows, (stream) => {
      seen.push(stream.headers);
      stream.end(`you are ${stream.headers.streamtype}`).resume();
    });
    const names = ['error', 'data', randomBytes(4_000).toString('hex')];
    const answers = await Promise.all(names.map((type) => text(client.openStream({ streamType: type, port: '80' }).end())));
    expect(answers).toEqual(names.map((name) => `you are ${name}`));
    expect(seen[0]).toEqual({ streamtype: 'error', port: '80' });
    client.close();
  });

  it('delivers what came before a reset, then the error', async () => {
    const { client } = pair(windows, (stream) => {
      stream.write('last words', () => stream.reset(resetCodes.internalError));
    });
    const stream = client.openStream({});
    await once(stream, 'readable');
    await turns(20);
    expect(String(stream.read())).toBe('last words');
    const [error] = await once(stream, 'error');
    expect(error).toBeInstanceOf(SpdyResetError);
    expect(error.code).toBe(resetCodes.internalError);
    const tolerant = client.openStream({});
    tolerant.resetEnds = true;
    expect(await text(tolerant)).toBe('last words');
    client.close();
  });
});

describe('a session', () => {
  it('tells the peer when a stream is destroyed, and the other streams go on', async () => {
    const opened: SpdyStream[] = [];
    const { client } = pair(true, (stream) => {
      opened.push(stream);
      stream.on('error', () => undefined);
    });
    const [first, second] = [client.openStream({}), client.openStream({})];
    await client.ping();
    const gone = new Promise((resolve) => opened[0]?.once('close', resolve));
    first.destroy();
    await gone;
    opened[1]?.end('still here');
    expect(await text(second)).toBe('still here');
    client.close();
  });

  it('refuses streams that nobody expects', async () => {
    const { near, far } = wire();
    const client = new SpdySession(near, { role: 'client', peerGrantsWindows: true });
    new SpdySession(far, { role: 'server', peerGrantsWindows: true });
    await expect(text(client.openStream({}))).rejects.toMatchObject({ code: resetCodes.refusedStream });
    client.close();
  });

  it.each([
    ['HTTP', Buffer.from('HTTP/1.1 200 OK\r\n\r\n')],
    ['a version of its own', Buffer.from([0x80, 2, 0, 1, 0, 0, 0, 10, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0])],
    ['a huge control frame', Buffer.from([0x80, 3, 0, 1, 0, 0xff, 0xff, 0xff])],
    ['headers that are not zlib', Buffer.from([0x80, 3, 0, 1, 0, 0, 0, 14, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4])],
    ['headers of 10 MB in few bytes', synStream(2, Buffer.alloc(10_000_000))],
    ['a stream number of the other side', synStream(3, Buffer.alloc(4))],
    ['settings that lie about their count', Buffer.from([0x80, 3, 0, 4, 0, 0, 0, 4, 0, 0xff, 0, 0])],
  ])('ends on %s with a typed error', async (_name, bytes) => {
    const { near, far } = wire();
    const client = new SpdySession(near, { role: 'client', peerGrantsWindows: true, onStream: echo });
    const stream = client.openStream({});
    const failed = expect(buffer(stream)).rejects.toThrow();
    far.resume();
    far.write(bytes);
    // Plain text can look like the start of a data frame; then the connection's end is the end.
    if (bytes[0] === 0x48) far.end();
    const reason = await client.closed;
    expect(reason).toBeInstanceOf(bytes[0] === 0x48 ? SpdyClosedError : SpdyProtocolError);
    await failed;
    expect(() => client.openStream({})).toThrow(SpdyClosedError);
  });
});

function synStream(id: number, block: Buffer): Buffer {
  const packed = deflateSync(block, { dictionary: spdyDictionary });
  const head = Buffer.from([0x80, 3, 0, 1, 0, 0, 0, 0, 0, 0, 0, id, 0, 0, 0, 0, 0, 0]);
  head.writeUIntBE(10 + packed.length, 5, 3);
  return Buffer.concat([head, packed]);
}
