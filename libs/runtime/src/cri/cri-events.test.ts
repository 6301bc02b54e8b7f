import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { criPackage } from '@berth/protocol';
import { SpdySession } from '@berth/protocol/spdy';
import * as grpc from '@grpc/grpc-js';
import protobuf from 'protobufjs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CriRuntime } from './cri-runtime.ts';

const schema = protobuf.parse(`
  syntax = "proto3";
  message Any { string type_url = 1; bytes value = 2; }
  message Envelope { string namespace = 2; string topic = 3; Any event = 4; }
  message Exit { string container_id = 1; string process_id = 2; uint32 pid = 3; uint32 exit_status = 4; }
`).root;

/** What CRI says of a container, look by look; the last one stays. `gone` is NOT_FOUND. */
type Script = ('CONTAINER_CREATED' | 'CONTAINER_RUNNING' | 'CONTAINER_EXITED' | 'busy' | 'gone')[];

const scripts = new Map<string, Script>();
const ends = new Map<string, number>();
let directory: string;
let server: grpc.Server;
let subscribed: PromiseWithResolvers<grpc.ServerWritableStream<object, Buffer>>;
let runtime: CriRuntime;
/** Where sessions are to be had. */
let streamingUrl = '';

function containerStatus(call: grpc.ServerUnaryCall<{ containerId: string }, object>, answer: grpc.sendUnaryData<object>): void {
  const id = call.request.containerId;
  const script = scripts.get(id) ?? ['gone'];
  const state = script.length > 1 ? script.shift() : script[0];
  if (state === 'gone' || state === 'CONTAINER_EXITED') ends.set(id, (ends.get(id) ?? 0) + 1);
  if (state === 'busy') answer({ code: grpc.status.DEADLINE_EXCEEDED, details: 'the runtime is busy' });
  else if (state === 'gone') answer({ code: grpc.status.NOT_FOUND, details: 'not found' });
  else answer(null, { status: { id, state, metadata: { name: 'main', attempt: 0 } } });
}

beforeAll(async () => {
  directory = await mkdtemp('/tmp/bce-');
  server = new grpc.Server();
  const { service } = runtimeService();
  server.addService(service, {
    containerStatus,
    podSandboxStatus: (_call: unknown, answer: grpc.sendUnaryData<object>) => answer({ code: grpc.status.NOT_FOUND, details: 'not found' }),
    exec: (_call: unknown, answer: grpc.sendUnaryData<object>) => answer(null, { url: streamingUrl }),
    listContainers: (_call: unknown, answer: grpc.sendUnaryData<object>) => answer(null, { containers: [] }),
  });
  server.addService(
    {
      Subscribe: {
        path: '/containerd.services.events.v1.Events/Subscribe',
        requestStream: false,
        responseStream: true,
        requestSerialize: (bytes: Buffer) => bytes,
        requestDeserialize: (bytes: Buffer) => bytes,
        responseSerialize: (bytes: Buffer) => bytes,
        responseDeserialize: (bytes: Buffer) => bytes,
      },
    },
    { Subscribe: (call: grpc.ServerWritableStream<object, Buffer>) => subscribed.resolve(call) },
  );
  const socket = join(directory, 'cri.sock');
  await new Promise<void>((resolve, reject) =>
    server.bindAsync(`unix://${socket}`, grpc.ServerCredentials.createInsecure(), (error) => (error ? reject(error) : resolve())),
  );
  runtime = new CriRuntime(socket);
});

afterAll(async () => {
  runtime.close();
  server.forceShutdown();
  await rm(directory, { recursive: true, force: true });
});

function runtimeService(): grpc.ServiceClientConstructor {
  const found = ['runtime', 'v1', 'RuntimeService'].reduce<unknown>(
    (within, name) => (within as Record<string, unknown>)[name],
    criPackage(),
  );
  return found as grpc.ServiceClientConstructor;
}

function exitEvent(containerId: string, processId = containerId, exitStatus = 0): Buffer {
  const encode = (type: string, message: object) => Buffer.from(schema.lookupType(type).encode(message).finish());
  const value = encode('Exit', { containerId, processId, pid: 1, exitStatus });
  return encode('Envelope', { namespace: 'k8s.io', topic: '/tasks/exit', event: { typeUrl: 'TaskExit', value } });
}

test('an exit is published at once and again when its end shows, in whatever order statuses come before', async () => {
  subscribed = Promise.withResolvers();
  const before = ['CONTAINER_CREATED', 'CONTAINER_RUNNING', 'busy'] as const;
  const orders = before.flatMap((a) => before.flatMap((b) => before.map((c): Script => [a, b, c])));
  for (const [index, order] of orders.entries()) {
    scripts.set(`exits-${index}`, [...order, 'CONTAINER_EXITED']);
    scripts.set(`goes-${index}`, [...order, 'gone']);
  }
  const listening = new AbortController();
  const seen = new Map<string, number[]>();
  const wanted = scripts.size;
  const everySecond = Promise.withResolvers<void>();
  const listened = (async () => {
    for await (const { containerId, type } of runtime.events(listening.signal)) {
      expect(type).toBe('stopped');
      seen.set(containerId, [...(seen.get(containerId) ?? []), ends.get(containerId) ?? 0]);
      if (seen.size === wanted && [...seen.values()].every((times) => times.length === 2)) everySecond.resolve();
    }
  })();
  const stream = await subscribed.promise;
  for (const id of scripts.keys()) stream.write(exitEvent(id));
  await everySecond.promise;
  // By the second time the end had been shown; who read slowly saw it at the first already.
  for (const times of seen.values()) expect(times[1]).toBe(1);
  listening.abort(new Error('enough'));
  await listened;
});

test.each([true, false])(
  'a command whose connection ends without a word has the exit code that containerd told of; with input: %s',
  async (stdin) => {
    subscribed = Promise.withResolvers();
    const listening = new AbortController();
    const listened = (async () => {
      // An exec's end is nothing of its container's.
      for await (const event of runtime.events(listening.signal)) expect(event).toBeUndefined();
    })();
    const events = await subscribed.promise;
    const server = createServer().on('upgrade', (_request, socket) => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n\r\n');
      const onStream = () => {
        events.write(exitEvent('short', 'exec-1', 7));
        socket.destroy();
      };
      new SpdySession(socket, { role: 'server', peerGrantsWindows: false, onStream });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    streamingUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const session = await runtime.exec('short', { command: ['true'], stdin, stdout: true, stderr: false, tty: false });
    expect(await session.exit).toBe(7);
    server.close();
    listening.abort(new Error('enough'));
    await listened;
  },
);
