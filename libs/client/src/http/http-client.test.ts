// The client against a real server on the loopback interface: paths and bodies as Kubernetes expects them, failures as
// StatusErrors, and watches that end, break and are given up.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Deployment, Node, Pod } from '@berth/api';
import { StatusError } from '@berth/machinery';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { WatchEvent } from '../client.ts';
import { HttpClient } from './http-client.ts';

type Handler = (request: IncomingMessage, response: ServerResponse, body: string) => void;

let server: Server;
let client: HttpClient;
let requests: { method?: string; url?: string; headers: IncomingMessage['headers']; body: string }[];
let handler: Handler;

const answer =
  (value: unknown, code = 200): Handler =>
  (_, response) => {
    response.writeHead(code, { 'content-type': 'application/json' });
    response.end(typeof value === 'string' ? value : JSON.stringify(value));
  };
const pod: Pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web', namespace: 'default', resourceVersion: '7' },
  spec: { containers: [] },
};
const podKey = { namespace: 'default', name: 'web' };

beforeEach(async () => {
  [requests, handler] = [[], answer(pod)];
  server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    requests.push({ method: request.method, url: request.url, headers: request.headers, body });
    handler(request, response, body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  client = new HttpClient({ server: `http://127.0.0.1:${(server.address() as AddressInfo).port}/proxy/`, token: 'secret' });
});

afterEach(async () => {
  client.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

describe('requests', () => {
  it('go where Kubernetes serves the kind, behind the path of the server, with the token', async () => {
    await client.get(Pod, podKey);
    await client.create(Pod, pod, { dryRun: true, fieldManager: 'me' });
    await client.update(Deployment, { ...pod, apiVersion: 'apps/v1', kind: 'Deployment' } as never, { subresource: 'scale' });
    await client.updateStatus(Node, { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n1' }, spec: {} });
    await client.patch(Pod, podKey, 'strategic', { a: 1 });
    await client.delete(Pod, podKey, { gracePeriodSeconds: 0, propagationPolicy: 'Orphan' });
    await client.createSubresource(Pod, podKey, 'binding', {});
    expect(requests.map(({ method, url }) => `${method} ${url}`)).toEqual([
      'GET /proxy/api/v1/namespaces/default/pods/web',
      'POST /proxy/api/v1/namespaces/default/pods?dryRun=All&fieldManager=me',
      'PUT /proxy/apis/apps/v1/namespaces/default/deployments/web/scale',
      'PUT /proxy/api/v1/nodes/n1/status',
      'PATCH /proxy/api/v1/namespaces/default/pods/web',
      'DELETE /proxy/api/v1/namespaces/default/pods/web',
      'POST /proxy/api/v1/namespaces/default/pods/web/binding',
    ]);
    expect(requests[0]?.headers.authorization).toBe('Bearer secret');
    expect(requests[4]?.headers['content-type']).toBe('application/strategic-merge-patch+json');
    expect(JSON.parse(requests[5]?.body ?? '')).toEqual({
      kind: 'DeleteOptions',
      apiVersion: 'v1',
      gracePeriodSeconds: 0,
      propagationPolicy: 'Orphan',
    });
  });

  it('list with selectors and pages, and give each item its kind', async () => {
    handler = answer({ items: [{ metadata: { name: 'a' } }], metadata: { resourceVersion: '9', continue: 'more' } });
    const list = await client.list(Pod, { namespace: 'default', labelSelector: 'app=web', limit: 1 });
    expect(list).toEqual({ items: [{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a' } }], resourceVersion: '9', continue: 'more' });
    expect(requests[0]?.url).toBe('/proxy/api/v1/namespaces/default/pods?labelSelector=app%3Dweb&limit=1');
  });

  it.each<[string, Handler, object]>([
    ['a Status', answer(StatusError.notFound(Pod, 'web').status, 404), { code: 404, reason: 'NotFound', message: 'pods "web" not found' }],
    ['text', answer('bad gateway', 502), { code: 502, message: 'HTTP 502: bad gateway' }],
    ['braces that are no JSON', answer('{oops', 503), { code: 503, message: 'HTTP 503: {oops' }],
  ])('fail with the StatusError that %s says', async (_, says, expected) => {
    handler = says;
    await expect(client.get(Pod, podKey)).rejects.toMatchObject(expected);
  });

  it('fail when nobody listens', async () => {
    const away = new HttpClient({ server: 'http://127.0.0.1:1' });
    await expect(away.get(Pod, podKey)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    away.close();
  });
});

describe('watches', () => {
  const line = (type: string, object: object) => `${JSON.stringify({ type, object })}\n`;
  async function collect(into: WatchEvent<Pod>[], options: Parameters<HttpClient['watch']>[1] = {}): Promise<void> {
    for await (const event of client.watch(Pod, options)) into.push(event);
  }

  it('yield events as they come, however the bytes are cut, and end with the server', async () => {
    handler = (_, response) => {
      const text =
        line('ADDED', { ...pod, metadata: { ...pod.metadata, name: 'é' } }) + line('BOOKMARK', { metadata: { resourceVersion: '9' } });
      for (const byte of Buffer.from(text)) response.write(Buffer.from([byte]));
      response.end();
    };
    const events: WatchEvent<Pod>[] = [];
    await collect(events, { namespace: 'default', resourceVersion: '5' });
    expect(events).toMatchObject([
      { type: 'ADDED', object: { metadata: { name: 'é' } } },
      { type: 'BOOKMARK', resourceVersion: '9' },
    ]);
    expect(requests[0]?.url).toBe('/proxy/api/v1/namespaces/default/pods?resourceVersion=5&watch=true&allowWatchBookmarks=true');
  });

  it.each([
    ['between lines', ''],
    ['within a line', '{"type":"AD'],
  ])('fail when the connection breaks %s, after what came before', async (_, half) => {
    handler = (request, response) => {
      response.write(line('ADDED', pod) + half, () => request.socket.destroy());
    };
    const events: WatchEvent<Pod>[] = [];
    await expect(collect(events, { resourceVersion: '5' })).rejects.toThrow();
    expect(events).toHaveLength(1);
  });

  it('throw what the server says when a version is gone', async () => {
    handler = answer(line('ERROR', StatusError.expired('too old resource version: 1 (9)').status));
    await expect(collect([], { resourceVersion: '1' })).rejects.toMatchObject({ code: 410, reason: 'Expired' });
  });

  it('end in peace when given up, before the answer and in it', async () => {
    const before = new AbortController();
    handler = () => before.abort();
    await collect([], { resourceVersion: '5', signal: before.signal });
    const within = new AbortController();
    handler = (_, response) => void response.write(line('ADDED', pod));
    for await (const event of client.watch(Pod, { resourceVersion: '5', signal: within.signal })) {
      expect(event.type).toBe('ADDED');
      within.abort();
    }
  });
});
