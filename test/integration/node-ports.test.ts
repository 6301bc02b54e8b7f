// A node's other ports, through its agent: what listens on the node's address, and what is told when nothing does.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';
import { nodeConnection } from '@berth/apiserver/core';
import { type Tunnel, type TunnelRequest, tunnelStream } from '@berth/protocol';
import { HollowRuntime } from '@berth/runtime';
import { seededRandom, silentLogger, systemClock } from '@berth/telemetry';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { dialNetwork } from '../../apps/node-agent/src/tunnels/dial.ts';
import { TunnelServer } from '../../apps/node-agent/src/tunnels/tunnel-server.ts';
import { linkedTunnels } from './linked-tunnels.ts';

let listening: Server;
let port: number;
const refused: [number, string][] = [];

beforeAll(async () => {
  listening = createServer((_request, response) => response.end('from the node'));
  await new Promise<void>((resolve) => listening.listen(0, address, resolve));
  ({ port } = listening.address() as AddressInfo);
});
afterAll(() => listening?.close());

/** This machine's own, as nodes have one. */
const address = Object.values(networkInterfaces())
  .flatMap((own) => own ?? [])
  .find(({ family, internal }) => family === 'IPv4' && !internal)?.address;

const tunnels = (nodeIp: string) =>
  new TunnelServer({
    runtime: new HollowRuntime({ clock: systemClock, random: seededRandom(1) }),
    logs: { open: () => Promise.reject(new Error('nobody asked for a log')) },
    nodeHttp: () => Promise.reject(new Error('nobody asked for the agent')),
    nodeIp,
    containers: async () => undefined,
    refuse: (_id, code, message) => void refused.push([code, message]),
    dial: dialNetwork(systemClock),
    logger: silentLogger,
  });
const request = (to: number): TunnelRequest => ({ ...nodeConnection(to), tunnelId: 't' });

test('what listens on the node answers', async () => {
  const [near, far] = linkedTunnels();
  const served = tunnels(address ?? '').serve(request(port), async (): Promise<Tunnel> => far);
  const stream = tunnelStream(near);
  stream.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
  let answer = '';
  for await (const chunk of stream) answer += chunk;
  expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n[\s\S]*from the node/);
  await served;
});

test('where nothing listens, and on what is for the node alone, the tunnel is refused', async () => {
  const never = () => Promise.reject(new Error('refused before it is opened'));
  await tunnels(address ?? '').serve(request(1), never);
  await tunnels('127.0.0.1').serve(request(port), never);
  expect(refused).toEqual([
    [503, `error trying to reach service: connect ECONNREFUSED ${address}:1`],
    [400, 'address not allowed'],
  ]);
});
