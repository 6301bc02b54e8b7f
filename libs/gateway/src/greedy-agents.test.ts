// An agent that proves its node's identity may still be broken, or somebody else's by now: what it makes the gateway hold has a bound.
import { Event } from '@berth/api';
import type { AgentEvent, AgentToGateway } from '@berth/protocol';
import { seededRandom, silentLogger } from '@berth/telemetry';
import { SimulatedClock } from '@berth/telemetry/testing';
import { expect, test } from 'vitest';
import { AgentEventWriter } from './agent-events.ts';
import { HubFixture } from './hub-fixture.ts';
import { MemoryClient } from './memory-client.ts';

const hello: AgentToGateway = {
  type: 'hello',
  hello: {
    nodeName: 'one',
    bootId: 'boot',
    revision: 0,
    takesBack: true,
    node: { apiVersion: 'v1', kind: 'Node', metadata: { name: 'one' } },
  },
};

async function session(isRead: () => boolean) {
  const fixture = new HubFixture();
  await fixture.hub.start();
  const sent: string[] = [];
  const closed: string[] = [];
  const send = ({ type }: { type: string }) => {
    sent.push(type);
    return isRead();
  };
  const opened = fixture.hub.accept('one', { send, close: (reason) => closed.push(reason) });
  opened.receive(hello);
  await fixture.clock.advance(100);
  return { fixture, opened, sent, closed };
}

test('an agent that says much and reads nothing loses its session', async () => {
  const { fixture, opened, sent, closed } = await session(() => false);
  expect(sent).toEqual(['welcome', 'desired']);
  for (let count = 0; count < 10_000; count++) opened.receive({ type: 'heartbeat' });
  expect(closed).toEqual(['the agent does not read: 1000 messages wait for it']);
  expect(sent.length).toBeLessThan(1_010);
  await fixture.stop();
});

test('an agent that reads, if slowly, keeps its session', async () => {
  const { fixture, opened, closed } = await session(() => false);
  for (let count = 0; count < 10_000; count++) {
    opened.receive({ type: 'heartbeat' });
    if (count % 900 === 0) opened.drained();
  }
  expect(closed).toEqual([]);
  await fixture.stop();
});

function event(fields: Partial<AgentEvent>): AgentEvent {
  const about = { namespace: 'default', kind: 'Pod', name: 'web', uid: 'u', fieldPath: '', at: '2026-01-01T00:00:00Z', count: 1 };
  return { ...about, type: 'Warning', reason: 'Unhealthy', message: 'it failed', ...fields };
}

test('an event is cut to what may be kept of it, and one that is no event is dropped', async () => {
  const [client, clock] = [new MemoryClient(), new SimulatedClock()];
  const writer = new AgentEventWriter(client, { clock, random: seededRandom(1), logger: silentLogger });
  writer.add('one', event({ message: 'x'.repeat(1_000_000) }));
  writer.add('one', event({ reason: 'x'.repeat(1_000_000) }));
  writer.add('one', event({ name: 'x'.repeat(1_000_000) }));
  writer.add('one', event({ reason: 'Pulled', message: 'x'.repeat(10_240) }));
  await clock.advance(100);
  const { items } = await client.list(Event);
  expect(items.map(({ reason, message }) => `${reason} ${message?.length}`).sort()).toEqual(['Pulled 10240', 'Unhealthy 16384']);
});
