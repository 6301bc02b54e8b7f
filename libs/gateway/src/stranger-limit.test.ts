import { once } from 'node:events';
import { type ClientHttp2Session, type ClientHttp2Stream, connect } from 'node:http2';
import { agentGatewayClient, agentGatewayService, type agentV1 } from '@berth/protocol';
import { SimulatedClock } from '@berth/telemetry/testing';
import * as grpc from '@grpc/grpc-js';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { strangerLimit } from './stranger-limit.ts';

const method = '/berth.agent.v1.AgentGateway/Join';
const clock = new SimulatedClock();
let server: grpc.Server;
let address: string;
let session: ClientHttp2Session;
let isNode: boolean;

beforeEach(async () => {
  isNode = false;
  server = new grpc.Server({ 'grpc.max_receive_message_length': 16 * 1024 * 1024, interceptors: [strangerLimit(() => isNode, clock)] });
  const join: agentV1.AgentGatewayHandlers['join'] = (_call, done) => done(null, { certificate: Buffer.from('c'), ca: Buffer.from('a') });
  server.addService(agentGatewayService(), { join } as unknown as grpc.UntypedServiceImplementation);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, bound) => (error ? reject(error) : resolve(bound)));
  });
  address = `127.0.0.1:${port}`;
  session = connect(`http://${address}`);
});
afterEach(() => {
  session.destroy();
  server.forceShutdown();
});

/** A request that begins and never ends. */
function slowRequest(): { stream: ClientHttp2Stream; status: Promise<string> } {
  const headers = { ':method': 'POST', ':path': method, 'content-type': 'application/grpc', te: 'trailers' };
  const stream = session.request(headers, { endStream: false });
  // A message of 16 MB, of which a part has come.
  stream.write(Buffer.concat([Buffer.from([0, 0, 0xff, 0xff, 0xff]), Buffer.alloc(1_000)]));
  stream.resume();
  const status = Promise.withResolvers<string>();
  stream.on('response', (answer) => answer['grpc-status'] !== undefined && status.resolve(String(answer['grpc-status'])));
  stream.on('trailers', (answer) => status.resolve(String(answer['grpc-status'])));
  stream.on('error', () => undefined);
  return { stream, status: status.promise };
}

/** Once the server has read what was sent before. */
const isRead = () => new Promise<void>((resolve, reject) => void session.ping((error) => (error ? reject(error) : resolve())));

async function joined(): Promise<string> {
  const client = agentGatewayClient(address, grpc.credentials.createInsecure());
  try {
    const request = { token: 't', nodeName: 'n', certificateRequest: Buffer.from('r') };
    return (await client.join(request, { timeoutMs: 60_000 })).certificate.toString();
  } finally {
    client.close();
  }
}

test('of requests that never end, the oldest go for the newest, and a node joins beside them', async () => {
  await once(session, 'connect');
  const slow = Array.from({ length: 20 }, slowRequest);
  const first = await Promise.all(slow.slice(0, 12).map(({ status }) => status));
  expect(first).toEqual(Array(12).fill(String(grpc.status.RESOURCE_EXHAUSTED)));
  expect(await joined()).toBe('c');
  expect(await slow[12]?.status).toBe(String(grpc.status.RESOURCE_EXHAUSTED));
  await clock.advance(14_999);
  await isRead();
  expect(slow.slice(13).filter(({ stream }) => stream.closed)).toEqual([]);
  await clock.advance(1);
  const last = await Promise.all(slow.slice(13).map(({ status }) => status));
  expect(last).toEqual(Array(7).fill(String(grpc.status.DEADLINE_EXCEEDED)));
});

test('nodes are not counted', async () => {
  isNode = true;
  await once(session, 'connect');
  const slow = Array.from({ length: 20 }, slowRequest);
  expect(await joined()).toBe('c');
  expect(slow.filter(({ stream }) => stream.closed)).toEqual([]);
});
