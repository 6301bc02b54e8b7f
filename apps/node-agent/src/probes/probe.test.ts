// Attempts against real servers on the loopback interface.
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createServer as createTcpServer } from 'node:net';
import type { Container, Pod, Probe } from '@berth/api';
import { ExecTimeoutError, HollowRuntime } from '@berth/runtime';
import { seededRandom, systemClock } from '@berth/telemetry';
import * as grpc from '@grpc/grpc-js';
import { afterEach, expect, test } from 'vitest';
import { NetworkProbeRunner } from './probe.ts';

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

async function serve(listener: RequestListener): Promise<number> {
  const server: Server = createServer(listener).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

const runtime = new HollowRuntime({ clock: systemClock, random: seededRandom(1) });

function run(probe: Probe, port?: number) {
  const container: Container = { name: 'main', image: 'x', ports: [{ name: 'http', containerPort: port ?? 80 }] };
  const pod: Pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web' }, spec: { containers: [container] } };
  // Longer than the default of a second, in which a busy machine may not come to it.
  return new NetworkProbeRunner(runtime).run({ timeoutSeconds: 15, ...probe }, { pod, container, containerId: 'c', podIp: '127.0.0.1' });
}

test('http: asks a named port of the pod with the given headers', async () => {
  let seen: Record<string, unknown> = {};
  const port = await serve((request, response) => {
    seen = { url: request.url, host: request.headers.host, agent: request.headers['user-agent'], token: request.headers['x-token'] };
    response.end('ok');
  });
  const httpHeaders = [
    { name: 'Host', value: 'shop.example' },
    { name: 'X-Token', value: 't' },
  ];
  expect(await run({ httpGet: { path: '/health?deep=1', port: 'http', httpHeaders } }, port)).toMatchObject({ success: true });
  expect(seen).toEqual({ url: '/health?deep=1', host: 'shop.example', agent: 'kube-probe/1.35', token: 't' });
});

test.each([
  [200, true],
  [204, true],
  [399, true],
  [400, false],
  [503, false],
])('http: %i is success: %s', async (code, success) => {
  const port = await serve((_request, response) => response.writeHead(code).end());
  const result = await run({ httpGet: { port } });
  expect(result.success).toBe(success);
  if (!success) expect(result.message).toBe(`HTTP probe failed with statuscode: ${code}`);
});

test('http: redirects count by where they lead on the same host, and as success to another', async () => {
  const port = await serve((request, response) => {
    if (request.url === '/bad') response.writeHead(500).end();
    else if (request.url === '/away') response.writeHead(302, { location: 'http://elsewhere.example/' }).end('gone');
    else if (request.url === '/round') response.writeHead(302, { location: '/round' }).end();
    else response.writeHead(302, { location: '/bad' }).end();
  });
  expect(await run({ httpGet: { path: '/', port } })).toEqual({ success: false, message: 'HTTP probe failed with statuscode: 500' });
  expect(await run({ httpGet: { path: '/away', port } })).toEqual({
    ...{ success: true, isWarning: true, message: 'Probe terminated redirects, Response body: gone' },
  });
  expect((await run({ httpGet: { path: '/round', port } })).message).toContain('stopped after 10 redirects');
});

test.each([
  ['HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\nmore', 'HTTP probe failed with statuscode: 101'],
  ['HTTP/1.1 999 Odd\r\n\r\n', 'HTTP probe failed with statuscode: 999'],
  ['no HTTP\r\n\r\n', 'Parse Error'],
  ['', 'socket hang up'],
])('http: what answers %j and holds the connection fails at once', async (answer, message) => {
  const server = createTcpServer((socket) => {
    socket.on('error', () => socket.destroy());
    closers.push(() => socket.destroy());
    if (answer === '') socket.destroy();
    else socket.write(answer);
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  closers.push(() => server.close());
  const result = await run({ httpGet: { port: (server.address() as AddressInfo).port } });
  expect(result).toMatchObject({ success: false, message: expect.stringContaining(message) });
});

test('http: a header given twice is sent twice, and an empty Accept not at all', async () => {
  let seen: string[] = [];
  const port = await serve((request, response) => {
    seen = request.rawHeaders;
    response.end();
  });
  const httpHeaders = [
    { name: 'X-Tag', value: 'a' },
    { name: 'X-Tag', value: 'b' },
    { name: 'Accept', value: '' },
  ];
  expect((await run({ httpGet: { port, httpHeaders } })).success).toBe(true);
  expect(seen.filter((_, index) => seen[index - 1]?.toLowerCase() === 'x-tag')).toEqual(['a', 'b']);
  expect(seen.map((name) => name.toLowerCase())).not.toContain('accept');
});

test('exec: variables with a value of their own are expanded, as in the command of the container', async () => {
  const container: Container = { name: 'main', image: 'x', env: [{ name: 'CODE', value: '7' }] };
  const pod: Pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web' }, spec: { containers: [container] } };
  const commands: string[][] = [];
  const recording = Object.assign(Object.create(runtime) as HollowRuntime, {
    execSync: async (_id: string, command: string[]) => {
      commands.push(command);
      return { exitCode: 0, stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) };
    },
  });
  const probe: Probe = { exec: { command: ['check', '$(CODE)', '$(OTHER)', '$$(CODE)'] } };
  await new NetworkProbeRunner(recording).run(probe, { pod, container, containerId: 'c', podIp: '127.0.0.1' });
  expect(commands).toEqual([['check', '7', '$(OTHER)', '$(CODE)']]);
});

test('http: what does not answer in time, or at all', async () => {
  const port = await serve(() => undefined);
  const late = await run({ httpGet: { path: '/slow', port }, timeoutSeconds: 1 });
  expect(late).toEqual({
    ...{
      success: false,
      message: `Get "http://127.0.0.1:${port}/slow": context deadline exceeded (Client.Timeout exceeded while awaiting headers)`,
    },
  });
  const refused = await run({ httpGet: { path: '/', port: 1 } });
  expect(refused.message).toBe('Get "http://127.0.0.1:1/": dial tcp 127.0.0.1:1: connect: connection refused');
});

test('a port name that the container does not have is no result', async () => {
  await expect(run({ tcpSocket: { port: 'other' } })).rejects.toThrow("couldn't find port: other in container main");
});

test('tcp: open or refused', async () => {
  const server = createTcpServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  closers.push(() => void server.close());
  expect((await run({ tcpSocket: { port: (server.address() as AddressInfo).port } })).success).toBe(true);
  expect(await run({ tcpSocket: { port: 1 } })).toEqual({ success: false, message: 'dial tcp 127.0.0.1:1: connect: connection refused' });
});

test('exec: by exit code; a command that takes too long has failed', async () => {
  const exec = (exitCode: number) => {
    runtime.execSync = async () => ({ exitCode, stdout: Buffer.from('out '), stderr: Buffer.from('err\n') });
    return run({ exec: { command: ['check', 'it'] } });
  };
  expect(await exec(0)).toMatchObject({ success: true });
  expect(await exec(1)).toEqual({ success: false, message: 'out err' });
  runtime.execSync = async () => Promise.reject(new ExecTimeoutError(1));
  expect(await run({ exec: { command: ['check', 'it'] } })).toEqual({ success: false, message: 'command "check it" timed out' });
  runtime.execSync = async () => Promise.reject(new Error('no such container'));
  await expect(run({ exec: { command: ['check'] } })).rejects.toThrow('no such container');
});

test('grpc: by the health service of the server', async () => {
  const server = new grpc.Server();
  const asked: string[] = [];
  const bytes = (value: Buffer) => value;
  const check = {
    ...{ path: '/grpc.health.v1.Health/Check', requestStream: false, responseStream: false },
    ...{ requestSerialize: bytes, requestDeserialize: bytes, responseSerialize: bytes, responseDeserialize: bytes },
  };
  server.addService(
    { check },
    {
      check: ({ request }: { request: Buffer }, answer: (error: null, response: Buffer) => void) => {
        const service = request.subarray(2).toString();
        asked.push(service);
        answer(null, Buffer.from([0x08, service === 'sick' ? 2 : 1]));
      },
    },
  );
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, bound) => (error ? reject(error) : resolve(bound)));
  });
  closers.push(() => server.forceShutdown());
  expect(await run({ grpc: { port } })).toEqual({ success: true, message: 'service healthy' });
  expect(await run({ grpc: { port, service: 'sick' } })).toEqual({
    success: false,
    message: 'service unhealthy (responded with "NOT_SERVING")',
  });
  const long = 's'.repeat(200);
  expect((await run({ grpc: { port, service: long } })).success).toBe(true);
  expect(asked).toEqual(['', 'sick', expect.stringContaining(long)]);
  expect((await run({ grpc: { port: 1 } })).message).toMatch(/^(error: failed to connect service "127\.0\.0\.1:1"|timeout: )/);
});
