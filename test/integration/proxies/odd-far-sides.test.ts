// Nothing that a far side answers, and no moment at which either side leaves, ends the control plane or the agent, or leaves a socket open.
import { Agent, request as httpsRequest } from 'node:https';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { seededRandom } from '@berth/telemetry';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type OddAnswer, oddAnswers } from './odd-answers.ts';
import { type ProxiedCluster, startProxiedCluster } from './proxied-cluster.ts';

const count = 2_000;
const atOnce = 24;
/** A client leaves a far side that holds so long after it has said all it says. */
const patienceMs = 5;
/** And one with which it cannot come to speak. */
const handshakeMs = 300;
/** Longer than any answer takes that comes to an end. */
const leaveMs = 60_000;

let cluster: ProxiedCluster;
let farSide: Server;
let agent: Agent;
const answers: OddAnswer[] = oddAnswers(seededRandom(11), count);
/** What to do once the far side has played the answer. */
const played = new Map<number, () => void>();
let hello = 0;
const farSockets = new Set<Socket>();
const unowned: unknown[] = [];
const note = (error: unknown) => void unowned.push(error);

beforeAll(async () => {
  process.on('uncaughtException', note);
  process.on('unhandledRejection', note);
  farSide = createServer({ allowHalfOpen: true }, (socket) => {
    farSockets.add(socket);
    socket.on('close', () => farSockets.delete(socket));
    socket.on('error', () => socket.destroy());
    socket.on('end', () => socket.end());
    let head = '';
    const read = (chunk: Buffer) => {
      head += chunk.toString('latin1');
      const isTls = head.startsWith('\x16');
      const path = /^\w+ \/(\d+) /.exec(head)?.[1];
      if (!isTls && (path === undefined || !head.includes('\r\n\r\n'))) return;
      socket.off('data', read);
      socket.resume();
      const index = isTls ? hello++ % count : Number(path);
      answers[index]?.play(socket);
      if (!isTls) setTimeout(() => played.get(index)?.(), patienceMs);
    };
    socket.on('data', read);
  });
  await new Promise<void>((resolve) => farSide.listen(0, '127.0.0.1', resolve));
  cluster = await startProxiedCluster(() => (farSide.address() as AddressInfo).port);
  agent = new Agent({ ...cluster.tls, keepAlive: true, maxSockets: atOnce });
});

afterAll(async () => {
  agent?.destroy();
  await cluster?.stop();
  for (const socket of farSockets) socket.destroy();
  farSide?.close();
  process.off('uncaughtException', note);
  process.off('unhandledRejection', note);
});

const places = [
  'namespaces/default/pods/web:8080',
  'namespaces/default/services/web:http',
  'nodes/node-1:8080',
  'namespaces/default/pods/https:web:8443',
];

/** Resolves with the answer's code; 0 when it broke off before there was one, or the client left. */
function ask(index: number, { isHeld }: OddAnswer): Promise<number> {
  const random = seededRandom(index);
  const place = places[random.int(places.length)] as string;
  const method = ['GET', 'GET', 'POST', 'HEAD', 'DELETE'][random.int(5)] as string;
  const upgrade = random.int(2) === 0 ? { connection: 'Upgrade', upgrade: 'websocket' } : {};
  const { host, port } = cluster.kubectl.controlPlane.address ?? { host: '', port: 0 };
  return new Promise((resolve) => {
    const path = `/api/v1/${place}/proxy/${index}`;
    const request = httpsRequest({
      host,
      port,
      path,
      method,
      agent: Object.keys(upgrade).length > 0 ? false : agent,
      ...cluster.tls,
      headers: upgrade,
    });
    let code = 0;
    const done = () => {
      clearTimeout(timer);
      played.delete(index);
      request.destroy();
      resolve(code);
    };
    if (isHeld) played.set(index, done);
    const timer = setTimeout(done, place.includes('https') ? handshakeMs : leaveMs);
    request.on('error', done);
    request.on('close', done);
    request.on('response', (response) => {
      code = response.statusCode ?? 0;
      response.on('error', done).on('close', done).resume();
    });
    request.on('upgrade', (response, socket) => {
      code = response.statusCode ?? 0;
      socket.on('error', done).on('close', done).on('end', done).resume();
    });
    request.end(method === 'POST' ? 'x'.repeat(random.int(place.includes('https') ? 10_000 : 200_000)) : undefined);
  });
}

test(`${count} odd answers end no process and leave no socket`, async () => {
  const codes = new Map<number, number>();
  const left = answers.map((answer, index) => [index, answer] as const);
  const worker = async () => {
    for (let next = left.shift(); next; next = left.shift()) {
      const code = await ask(...next);
      codes.set(code, (codes.get(code) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  expect(unowned).toEqual([]);
  // A fault of the far side is never one of this server's own.
  expect(codes.get(500) ?? 0).toBe(0);
  expect(codes.get(503)).toBeGreaterThan(100);
  expect(codes.get(200)).toBeGreaterThan(100);
  await expect.poll(() => [cluster.open.size, farSockets.size], { timeout: 30_000 }).toEqual([0, 0]);
  expect((await cluster.kubectl.run(['get', '--raw', '/readyz'])).stdout).toBe('ok');
  expect(unowned).toEqual([]);
}, 400_000);
