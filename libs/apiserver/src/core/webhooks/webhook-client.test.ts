import { createServer as createPlainServer } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { systemClock } from '@berth/telemetry';
import { SimulatedClock } from '@berth/telemetry/testing';
import { expect, onTestFinished, test } from 'vitest';
import type { WebhookAddress } from './webhook-address.ts';
import { WebhookCallError } from './webhook-call-error.ts';
import { WebhookClient } from './webhook-client.ts';
import { answer, type Handler, startWebhookServer } from './webhook-server.ts';

const never = { connect: () => Promise.reject(new Error('no service is meant to be called')) };
const options = { timeoutMs: 10_000 };

function clientWith(connections: ConstructorParameters<typeof WebhookClient>[0]['connections'] = never): WebhookClient {
  const client = new WebhookClient({ connections, clock: systemClock });
  onTestFinished(() => client.close());
  return client;
}

async function problem(client: WebhookClient, address: WebhookAddress, timeoutMs = 10_000): Promise<WebhookCallError> {
  const error = await client.call(address, {}, { timeoutMs }).then(
    (value) => new Error(`it answered ${JSON.stringify(value)}`),
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(WebhookCallError);
  return error as WebhookCallError;
}

test('JSON there and back, with the time-out in the query, over connections that are kept', async () => {
  const asked: (string | undefined)[] = [];
  const server = await startWebhookServer((body, response, request) => {
    asked.push(request.url, request.headers.host, request.headers['content-type']);
    answer(response, { got: body });
  });
  const client = clientWith();
  for (let i = 0; i < 3; i++) expect(await client.call(server.address, { i }, options)).toEqual({ got: { i } });
  expect(asked.slice(0, 3)).toEqual(['/hook?timeout=10s', `127.0.0.1:${server.port}`, 'application/json']);
  expect(server.connections()).toBe(1);
});

test('a service is called by its name, which its certificate must be for', async () => {
  const hosts: (string | undefined)[] = [];
  const server = await startWebhookServer((_, response, request) => {
    hosts.push(request.headers.host);
    answer(response, {});
  });
  const connected: unknown[] = [];
  const client = clientWith({
    connect: (...given) => {
      connected.push(given.slice(0, 3));
      return server.connect();
    },
  });
  const service = { namespace: 'default', name: 'hook', path: '/mutate' };
  await client.call({ service, caBundle: server.caBundle }, {}, options);
  expect([connected, hosts]).toEqual([[['default', 'hook', 443]], ['hook.default.svc:443']]);
  const other = await problem(client, { service: { ...service, name: 'other', port: 8443 }, caBundle: server.caBundle });
  expect(other.message).toBe(
    'Post "https://other.default.svc:8443/mutate?timeout=10s": tls: failed to verify certificate: ' +
      'x509: certificate is valid for hook.default.svc, not other.default.svc',
  );
});

test('who is not vouched for by the bundle, or by the system, is not spoken to', async () => {
  const server = await startWebhookServer((_, response) => answer(response, {}));
  const stranger = await startWebhookServer((_, response) => answer(response, {}));
  const unknown = 'tls: failed to verify certificate: x509: certificate signed by unknown authority';
  for (const caBundle of [undefined, stranger.caBundle]) {
    const { message } = await problem(clientWith(), { url: server.address.url, caBundle });
    expect(message).toBe(`Post "${server.address.url}?timeout=10s": ${unknown}`);
  }
});

test('a certificate without alternative names is for nobody', async () => {
  const server = await startWebhookServer((_, response) => answer(response, {}), ['elsewhere.example.com']);
  const { message } = await problem(clientWith(), server.address);
  expect(message).toContain("x509: cannot validate certificate for 127.0.0.1 because it doesn't contain any IP SANs");
});

test.each<[string, Handler, string, number | undefined]>([
  [
    'an error of the server',
    (_, response) => void response.writeHead(500, { 'content-type': 'text/plain' }).end('out of ink\n'),
    'an error on the server ("out of ink") has prevented the request from succeeding',
    500,
  ],
  ['a path that is not there', (_, response) => answer(response, {}, 404), 'the server could not find the requested resource', 404],
  ['overload', (_, response) => answer(response, {}, 503), 'the server is currently unable to handle the request', 503],
  [
    'a redirect to itself',
    (_, response, request) => void response.writeHead(307, { location: request.url }).end(),
    'the server responded with the status code 307 but did not return more information',
    307,
  ],
  [
    'garbage',
    (_, response) => void response.end('garbage'),
    "couldn't get version/kind; json parse error: invalid character 'g' looking for beginning of value",
    undefined,
  ],
  ['nothing', (_, response) => void response.end(), '0-length response with status code: 200 and content type: ', undefined],
  [
    '10 MB',
    (_, response) => void response.end(JSON.stringify('x'.repeat(10_000_000))),
    'unexpected error when reading response body. Please retry. Original error: http: response body too large',
    undefined,
  ],
  [
    'half an answer',
    (_, response) => {
      response.writeHead(200, { 'content-length': 100 });
      response.write('{', () => response.destroy());
    },
    'unexpected error when reading response body. Please retry. Original error: unexpected EOF',
    undefined,
  ],
])('%s is an error that says so', async (_, handler, message, code) => {
  const server = await startWebhookServer(handler);
  expect(await problem(clientWith(), server.address)).toMatchObject({ message, code, canceled: false });
});

test('connections are kept a while, and of a few webhooks', async () => {
  const clock = new SimulatedClock();
  const server = await startWebhookServer((_, response) => answer(response, {}));
  const client = new WebhookClient({ connections: never, clock });
  onTestFinished(() => client.close());
  await client.call(server.address, {}, options);
  await clock.advance(59_000);
  await client.call(server.address, {}, options);
  expect(server.connections()).toBe(1);
  await clock.advance(2_000);
  // Old by now, it serves a last time.
  for (let i = 0; i < 2; i++) await client.call(server.address, {}, options);
  expect(server.connections()).toBe(2);
});

test('a connection that ends without an answer, or is refused, is an error of the request', async () => {
  const server = await startWebhookServer((_, response) => void response.destroy());
  const url = `${server.address.url}?timeout=10s`;
  expect((await problem(clientWith(), server.address)).message).toBe(`Post "${url}": EOF`);
  await server.stop();
  expect((await problem(clientWith(), server.address)).message).toBe(
    `Post "${url}": dial tcp 127.0.0.1:${server.port}: connect: connection refused`,
  );
});

test('the time-out covers handshake, answer and body', async () => {
  const silent = createTcpServer(() => {});
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void silent.close());
  const { port } = silent.address() as AddressInfo;
  const late = 'context deadline exceeded';
  expect((await problem(clientWith(), { url: `https://127.0.0.1:${port}` }, 50)).message).toBe(
    `Post "https://127.0.0.1:${port}/?timeout=1s": ${late}`,
  );
  const slow = await startWebhookServer(() => {});
  expect((await problem(clientWith(), slow.address, 200)).message).toBe(`Post "${slow.address.url}?timeout=1s": ${late}`);
  const trickling = await startWebhookServer((_, response) => void response.write('{'));
  expect((await problem(clientWith(), trickling.address, 200)).message).toContain(late);
});

test('who asks for the call may give it up', async () => {
  const asking = new AbortController();
  const server = await startWebhookServer(() => asking.abort(new Error('the client went away')));
  const call = clientWith().call(server.address, {}, { ...options, signal: asking.signal });
  await expect(call).rejects.toMatchObject({ message: expect.stringMatching(/: context canceled$/), canceled: true });
});

test('what a kept connection missed is asked once more over a new one', async () => {
  let calls = 0;
  const server = await startWebhookServer((_, response, request) => {
    calls += 1;
    if (calls === 2) request.socket.destroy();
    else answer(response, { calls });
  });
  const client = clientWith();
  await client.call(server.address, {}, options);
  expect(await client.call(server.address, {}, options)).toEqual({ calls: 3 });
  expect(server.connections()).toBe(2);
});

test('a server without TLS is told from one with it', async () => {
  const plain = createPlainServer((_, response) => void response.end('{}'));
  await new Promise<void>((resolve) => plain.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void plain.close());
  const { port } = plain.address() as AddressInfo;
  const { message } = await problem(clientWith(), { url: `https://127.0.0.1:${port}/` });
  expect(message).toContain('tls: first record does not look like a TLS handshake');
});
