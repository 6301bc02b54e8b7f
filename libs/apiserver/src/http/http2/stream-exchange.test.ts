// The same handlers behind HTTP/1.1 and HTTP/2: what their clients get must be the same, whatever handlers read and call.
import { once } from 'node:events';
import { createServer as createHttp1, request as requestHttp1 } from 'node:http';
import { connect, createServer as createHttp2 } from 'node:http2';
import type { AddressInfo, Server } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ServedRequest, ServedResponse } from '../../core/served-message.ts';
import { streamExchange } from './stream-exchange.ts';

type Handler = (request: ServedRequest, response: ServedResponse) => unknown;
interface Answer {
  code: number;
  headers: Record<string, unknown>;
  body: string;
  continued: boolean;
}

let handler: Handler;
const http1 = createHttp1((request, response) => void handler(request, response));
http1.on('checkContinue', (request, response) => void handler(request, response));
const http2 = createHttp2();
http2.on('stream', (stream, headers, _flags, rawHeaders) => {
  const { request, response } = streamExchange(stream, { headers, rawHeaders }, stream.session?.socket as TLSSocket);
  handler(request, response);
});

beforeAll(() => Promise.all([http1, http2].map(async (server: Server) => void (await once(server.listen(0, '127.0.0.1'), 'listening')))));
afterAll(() => {
  http1.close();
  http2.close();
});

const portOf = (server: Server) => (server.address() as AddressInfo).port;
const asked = { 'x-asked': 'one', expect: '100-continue' };
const sent = 'what was sent';

function ofThis(headers: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => name.startsWith('x-')));
}

async function overHttp1(method: string): Promise<Answer> {
  const request = requestHttp1({ port: portOf(http1), host: '127.0.0.1', method, path: '/a?b=c', headers: asked, agent: false });
  let continued = false;
  request.on('continue', () => {
    continued = true;
    request.end(sent);
  });
  request.flushHeaders();
  const [message] = await once(request, 'response');
  const body = await textOf(message);
  if (!continued) request.destroy();
  return { code: message.statusCode, headers: ofThis(message.headers), body, continued };
}

async function overHttp2(method: string): Promise<Answer> {
  const session = connect(`http://127.0.0.1:${portOf(http2)}`);
  const stream = session.request({ ':method': method, ':path': '/a?b=c', ...asked }, { endStream: false });
  let continued = false;
  stream.on('continue', () => {
    continued = true;
    stream.end(sent);
  });
  const [headers] = await once(stream, 'response');
  const body = await textOf(stream);
  session.destroy();
  return { code: headers[':status'], headers: ofThis(headers), body, continued };
}

async function textOf(stream: AsyncIterable<Buffer>): Promise<string> {
  let text = '';
  for await (const chunk of stream) text += chunk;
  return text;
}

test.each<[string, Handler, Answer]>([
  [
    'headers that are set, added to and asked for, and a body in pieces',
    (_, response) => {
      response.setHeader('X-One', ['a', 'b']);
      response.setHeader('x-two', 2);
      response.appendHeader('X-Two', 'three');
      response.appendHeader('x-new', 'four');
      response.setHeader('x-has', `${response.hasHeader('X-NEW')} ${response.hasHeader('x-none')} ${response.headersSent}`);
      response.statusCode = 203;
      response.flushHeaders();
      response.write('half ');
      response.end('whole');
    },
    {
      code: 203,
      headers: { 'x-one': 'a, b', 'x-two': '2, three', 'x-new': 'four', 'x-has': 'true false false' },
      body: 'half whole',
      continued: false,
    },
  ],
  [
    'a head written at once, over what was set',
    (_, response) => {
      response.setHeader('x-one', 'before');
      response.writeHead(404, { 'x-one': 'after', 'x-two': ['a', 'b'] }).end('none');
    },
    { code: 404, headers: { 'x-one': 'after', 'x-two': 'a, b' }, body: 'none', continued: false },
  ],
  [
    'a body that is asked for, and what the request says of itself',
    async (request, response) => {
      response.writeContinue();
      const body = await textOf(request);
      const { method, url, complete, headers, headersDistinct, socket } = request;
      const said = { method, url, complete, asked: headers['x-asked'], distinct: headersDistinct['x-asked'], from: socket.remoteAddress };
      response.writeHead(200).end(JSON.stringify({ ...said, body }));
    },
    {
      code: 200,
      headers: {},
      body: JSON.stringify({
        method: 'POST',
        url: '/a?b=c',
        complete: true,
        asked: 'one',
        distinct: ['one'],
        from: '127.0.0.1',
        body: sent,
      }),
      continued: true,
    },
  ],
  ['an answer that has no body', (_, response) => response.writeHead(204).end(), { code: 204, headers: {}, body: '', continued: false }],
])(
  '%s',
  async (_, handle, expected) => {
    handler = handle;
    expect(await overHttp1('POST')).toEqual(expected);
    expect(await overHttp2('POST')).toEqual(expected);
  },
  30_000,
);
