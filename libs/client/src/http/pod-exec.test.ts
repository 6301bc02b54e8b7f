// Commands over a WebSocket: what goes each way, and that no end is made up for a connection that broke.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import { HttpClient } from './http-client.ts';

let server: Server | undefined;
afterEach(() => server?.close());

async function clientOf(serve: (socket: WebSocket, url: string) => void): Promise<HttpClient> {
  const sockets = new WebSocketServer({ noServer: true });
  server = createServer((_request, response) => {
    response.writeHead(403, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ kind: 'Status', status: 'Failure', code: 403, reason: 'Forbidden', message: 'you may not' }));
  });
  server.on('upgrade', (request, socket, head) => {
    if (request.headers.authorization !== 'Bearer t') server?.emit('request', request, refusal(socket));
    else sockets.handleUpgrade(request, socket, head, (webSocket) => serve(webSocket, request.url ?? ''));
  });
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return new HttpClient({ server: `http://127.0.0.1:${port}/base`, token: 't' });
}

/** Answers on the bare connection. */
function refusal(socket: import('node:stream').Duplex) {
  return {
    writeHead: () => socket.write('HTTP/1.1 403 Forbidden\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n'),
    end: (body: string) => socket.end(body),
  };
}

const call = { namespace: 'ns', pod: 'p', container: 'c', command: ['echo', 'a b&c'] };
const end = (status: object) => Buffer.concat([Buffer.of(3), Buffer.from(JSON.stringify(status))]);

test('input goes out in pieces, output comes by stream, and the exit code last', async () => {
  let url = '';
  const input: Buffer[] = [];
  const client = await clientOf((socket, asked) => {
    url = asked;
    socket.on('message', (message: Buffer) => {
      input.push(message);
      if (message.length > 256 * 1024) return;
      for (const [channel, text] of [
        [1, 'out'],
        [2, 'err'],
      ] as const)
        socket.send(Buffer.concat([Buffer.of(channel), Buffer.from(text)]));
      const details = { causes: [{ reason: 'ExitCode', message: '75' }] };
      socket.send(end({ status: 'Failure', reason: 'NonZeroExitCode', message: 'm', details }));
    });
  });
  const said: string[] = [];
  const session = await client.exec({ ...call, output: (stream, data) => said.push(`${stream} ${data}`) });
  await session.write(Buffer.alloc(256 * 1024 + 5, 'x'));
  expect(await session.exit).toBe(75);
  expect(said).toEqual(['stdout out', 'stderr err']);
  expect(input.map((message) => [message[0], message.length])).toEqual([
    [0, 256 * 1024 + 1],
    [0, 6],
  ]);
  const query = 'container=c&stdin=true&stdout=true&stderr=true&command=echo&command=a+b%26c';
  expect(url).toBe(`/base/api/v1/namespaces/ns/pods/p/exec?${query}`);
});

test('success is 0, what could not run is its Status, and a broken connection an error', async () => {
  const ends: ((socket: WebSocket) => void)[] = [
    (socket) => socket.send(end({ status: 'Success' })),
    (socket) => socket.send(end({ kind: 'Status', status: 'Failure', code: 500, reason: 'InternalError', message: 'no such file' })),
    (socket) => socket.close(1011, 'the node is gone'),
    (socket) => socket.terminate(),
  ];
  const client = await clientOf((socket) => ends.shift()?.(socket));
  const exit = async () => (await client.exec({ ...call, output: () => undefined })).exit;
  expect(await exit()).toBe(0);
  await expect(exit()).rejects.toThrow('no such file');
  await expect(exit()).rejects.toThrow('broke off (1011: the node is gone)');
  await expect(exit()).rejects.toThrow('broke off (1006)');
});

test('what may not be is refused as anywhere else; an abort ends the connection', async () => {
  const client = await clientOf(() => undefined);
  const aborted = new AbortController();
  const { exit } = await client.exec({ ...call, output: () => undefined, signal: aborted.signal });
  aborted.abort();
  await expect(exit).rejects.toThrow('broke off');
  const { port } = (server as Server).address() as AddressInfo;
  const other = new HttpClient({ server: `http://127.0.0.1:${port}` });
  await expect(other.exec({ ...call, output: () => undefined })).rejects.toThrow('you may not');
});
