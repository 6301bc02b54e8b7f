// A pod that asks over TCP and reads nothing must not grow the agent: measured from outside, on a name server in a process of its own.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import dnsPacket from 'dns-packet';
import { expect, test, vi } from 'vitest';

const address = '127.0.0.1';
const port = 20_060;
const megabyte = 1024 * 1024;
const connectionsCount = 40;
const question = dnsPacket.streamEncode({ type: 'query', id: 1, questions: [{ type: 'A', name: 'many.ns.svc.cluster.local' }] });
/** For each connection; unread answers would be ninety times as much. */
const questions = Buffer.concat(Array.from({ length: 320_000 }, () => question));

/** @param field VmRSS, or VmHWM: the most there ever was */
async function memoryBytes(pid: number, field: string): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]) * 1024;
}

async function openFiles(pid: number): Promise<number> {
  return (await readdir(`/proc/${pid}/fd`)).length;
}

/** What happened to it does not matter. */
const closed = (socket: Socket) => new Promise<void>((resolve) => (socket.destroyed ? resolve() : socket.once('close', () => resolve())));

/** Asks, reads all answers, and ends: what a process needs for its work is not what a client costs. @returns bytes of answers */
async function readAll(count: number): Promise<number> {
  const socket = connect(port, address);
  socket.end(questions.subarray(0, question.length * count));
  let bytes = 0;
  for await (const chunk of socket) bytes += chunk.length;
  return bytes;
}

async function neverRead(): Promise<Socket> {
  const socket = connect(port, address);
  socket.on('error', () => socket.destroy());
  await Promise.race([once(socket, 'connect').catch(() => undefined), closed(socket)]);
  socket.pause();
  socket.write(questions);
  return socket;
}

test('a client that asks and does not read costs under 20 MB, and is cut off', async () => {
  const program = join(import.meta.dirname, 'network-lab', 'name-server.ts');
  const server = spawn(process.execPath, [program, address, String(port)], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  try {
    await once(server, 'message');
    const pid = server.pid ?? 0;
    for (let round = 0; round < 100; round++) await readAll(100);
    const before = await memoryBytes(pid, 'VmHWM');
    const openBefore = await openFiles(pid);
    const clients = await Promise.all(Array.from({ length: connectionsCount }, neverRead));
    expect(await openFiles(pid)).toBeGreaterThan(openBefore);
    // Who does not read is not notified, either: only the server knows.
    await vi.waitFor(async () => expect(await openFiles(pid)).toBe(openBefore), { timeout: 60_000, interval: 200 });
    for (const client of clients) client.destroy();
    expect((await memoryBytes(pid, 'VmHWM')) - before).toBeLessThan(20 * megabyte);
    expect(await readAll(10)).toBeGreaterThan(10_000);
  } finally {
    server.kill('SIGKILL');
  }
});
