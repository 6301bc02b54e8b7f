// What a name server that keeps answers asks of others: once for all clients, until an answer's time is up.
import { silentLogger, systemClock } from '@berth/telemetry';
import { SimulatedClock } from '@berth/telemetry/testing';
import dnsPacket from 'dns-packet';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { DnsServer } from './dns-server.ts';
import { Upstream } from './upstream.ts';
import { buildZone } from './zone.ts';

const address = '127.0.0.1';
const port = 20_059;
const clock = new SimulatedClock();
const asked: string[] = [];
const world = {
  ask: async (query: Buffer) => {
    const { id, questions = [] } = dnsPacket.decode(query);
    const [question] = questions;
    asked.push(question?.name ?? '');
    if (!question || question.name === 'silent.example') return undefined;
    const answers = [{ type: 'A' as const, name: question.name, ttl: 10, data: '198.51.100.7' }];
    return dnsPacket.encode({ type: 'response', id: id ?? 0, questions, answers });
  },
};
const server = new DnsServer({
  address,
  port,
  zone: () => buildZone('cluster.local', [], []),
  upstream: world,
  clock,
  logger: silentLogger,
});

beforeAll(() => server.start());
afterAll(() => server.stop());

async function ask(name: string, id: number) {
  const query = dnsPacket.encode({ type: 'query', id, flags: dnsPacket.RECURSION_DESIRED, questions: [{ type: 'A', name }] });
  const reply = await new Upstream([address], systemClock, port).ask(query, 'tcp');
  return reply && dnsPacket.decode(reply);
}

test('asks others once for what many want, and again when the time is up', async () => {
  for (const id of [1, 2, 3]) expect(await ask('far.example', id)).toMatchObject({ id, answers: [{ data: '198.51.100.7' }] });
  expect(asked).toEqual(['far.example']);
  await clock.advance(10_000);
  await ask('far.example', 4);
  expect(asked).toEqual(['far.example', 'far.example']);
});

test('keeps nothing of who does not answer', async () => {
  asked.length = 0;
  for (const id of [1, 2]) expect(await ask('silent.example', id)).toMatchObject({ rcode: 'SERVFAIL' });
  expect(asked).toEqual(['silent.example', 'silent.example']);
});
