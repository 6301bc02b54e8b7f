// How long an agent waits before it dials again: ever longer, but never long where the control plane's machine answers.
import { seededRandom, silentLogger } from '@berth/telemetry';
import { SimulatedClock } from '@berth/telemetry/testing';
import { expect, test } from 'vitest';
import { ReconnectingAgentLink, type SessionEvents, type SessionWire } from './reconnecting-link.ts';

const wire: SessionWire = {
  send: () => undefined,
  openTunnel: () => Promise.reject(new Error('no tunnel')),
  accountToken: () => Promise.reject(new Error('no token')),
  close: () => undefined,
};

/** Pauses between so many tries, each of which ends in this way. */
async function pausesMs(tries: number, end: (events: SessionEvents) => void): Promise<number[]> {
  const clock = new SimulatedClock();
  const dialled: number[] = [];
  const dialer = {
    dial: async (events: SessionEvents) => {
      dialled.push(clock.monotonicMs());
      clock.after(0, () => end(events));
      return wire;
    },
    close: () => undefined,
  };
  const link = new ReconnectingAgentLink({ dialer, clock, random: seededRandom(1), logger: silentLogger });
  const node = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'one' } };
  const handler = { welcome: () => {}, desired: () => {}, openTunnel: () => {}, disconnected: () => {} };
  link.start(handler, () => ({ revision: 0, bootId: 'boot', node }));
  while (dialled.length <= tries) await clock.advance(100);
  await link.stop();
  return dialled.slice(1).map((at, index) => at - (dialled[index] ?? 0));
}

test('tries are ever further apart, up to 15 s', async () => {
  const pauses = await pausesMs(12, (events) => events.closed('the connection timed out'));
  expect(Math.max(...pauses.slice(0, 2))).toBeLessThanOrEqual(1_000);
  expect(Math.min(...pauses.slice(-3))).toBeGreaterThanOrEqual(7_500);
  expect(Math.max(...pauses)).toBeLessThanOrEqual(15_000);
});

test('a control plane that starts anew is found within 2 s, however long it was away', async () => {
  const pauses = await pausesMs(30, (events) => events.closed('connect ECONNREFUSED 192.0.2.1:6444', true));
  expect(Math.max(...pauses)).toBeLessThanOrEqual(2_000);
  expect(Math.min(...pauses.slice(-10))).toBeGreaterThanOrEqual(1_000);
});
