// Events under load and repetition: nothing waits, nothing is written twice where a count will do, and order holds per object.
import { Event } from '@berth/api';
import { StatusError } from '@berth/machinery';
import { seededRandom, silentLogger } from '@berth/telemetry';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Client } from './client.ts';
import { EventRecorder } from './event-recorder.ts';

interface Call {
  verb: 'create' | 'patch';
  event: Partial<Event>;
  name: string;
  settle: (error?: Error) => void;
}

let calls: Call[];
let warnings: string[];
let now: number;
let recorder: EventRecorder;

/** Lets what is ready run. */
const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

beforeEach(() => {
  [calls, warnings, now] = [[], [], 1_700_000_000_000];
  const call = (verb: Call['verb'], event: Partial<Event>, name: string) =>
    new Promise<unknown>((resolve, reject) => {
      calls.push({ verb, event, name, settle: (error) => (error ? reject(error) : resolve(event)) });
    });
  const client = {
    create: (_: unknown, event: Event) => call('create', event, event.metadata.name),
    patch: (_: unknown, key: { name: string }, __: string, patch: Partial<Event>) => call('patch', patch, key.name),
  } as unknown as Client;
  const logger = { ...silentLogger, warn: (message: string) => void warnings.push(message) };
  const clock = { now: () => now } as never;
  recorder = new EventRecorder({ client, clock, random: seededRandom(1), logger }, { component: 'kubelet', host: 'n1' });
});

const pod = (name: string, uid = `uid-${name}`) => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'default', uid } });

describe('EventRecorder', () => {
  it('writes an event as kubectl describe reads it', async () => {
    recorder.record(pod('web'), 'Normal', 'Pulled', 'Container image pulled', 'spec.containers{app}');
    await settled();
    expect(calls[0]?.event).toMatchObject({
      metadata: { namespace: 'default', name: expect.stringMatching(/^web\.[0-9a-f]{16}$/) },
      involvedObject: { kind: 'Pod', name: 'web', namespace: 'default', uid: 'uid-web', fieldPath: 'spec.containers{app}' },
      type: 'Normal',
      reason: 'Pulled',
      source: { component: 'kubelet', host: 'n1' },
      firstTimestamp: '2023-11-14T22:13:20Z',
      count: 1,
    });
  });

  it('counts what repeats, while it waits and after it was written', async () => {
    recorder.record(pod('web'), 'Warning', 'BackOff', 'again');
    for (let i = 0; i < 3; i++) recorder.record(pod('web'), 'Warning', 'BackOff', 'again');
    expect(calls).toHaveLength(1);
    calls[0]?.settle();
    await settled();
    expect(calls).toHaveLength(2);
    expect(calls[1]).toMatchObject({ verb: 'patch', name: calls[0]?.name, event: { count: 4 } });
    calls[1]?.settle();
    await settled();
    now += 60_000;
    recorder.record(pod('web'), 'Warning', 'BackOff', 'again');
    expect(calls[2]).toMatchObject({ verb: 'patch', event: { count: 5, lastTimestamp: '2023-11-14T22:14:20Z' } });
    // The event itself has gone: it begins anew.
    calls[2]?.settle(StatusError.notFound(Event, 'web'));
    await settled();
    expect(calls[3]).toMatchObject({ verb: 'create', event: { count: 1 } });
  });

  it('writes sixteen objects at once, and each object’s events in their order', async () => {
    for (const reason of ['First', 'Second', 'Third']) for (let i = 0; i < 40; i++) recorder.record(pod(`p${i}`), 'Normal', reason, 'x');
    let settledCalls = 0;
    let running = 0;
    while (settledCalls < calls.length) {
      running = Math.max(running, calls.length - settledCalls);
      calls[settledCalls++]?.settle();
      await settled();
    }
    expect(running).toBe(16);
    expect(calls).toHaveLength(120);
    for (let i = 0; i < 40; i++) {
      const reasons = calls.filter(({ event }) => event.involvedObject?.name === `p${i}`).map(({ event }) => event.reason);
      expect(reasons).toEqual(['First', 'Second', 'Third']);
    }
    expect(warnings).toEqual([]);
  });

  it('drops and tells what is beyond its limit, and goes on after failures', async () => {
    for (let i = 0; i < 16 + 1000 + 5; i++) recorder.record(pod(`p${i}`), 'Normal', 'Scheduled', 'x');
    expect(warnings).toHaveLength(5);
    calls[0]?.settle(StatusError.forbidden(Event, 'x', 'the namespace is being terminated'));
    calls[1]?.settle(new Error('the store is away'));
    await settled();
    expect(calls).toHaveLength(18);
    expect(warnings.slice(5)).toEqual(['an event could not be written']);
  });

  it('tells objects apart that share a name', async () => {
    const other = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web', namespace: 'other' } };
    recorder.record({ ...other, metadata: { ...other.metadata, namespace: 'default' } }, 'Normal', 'Killing', 'x');
    recorder.record(other, 'Normal', 'Killing', 'x');
    expect(calls.map(({ event }) => event.metadata?.namespace)).toEqual(['default', 'other']);
  });

  /** Writes whatever is asked for. */
  async function settleAll(): Promise<void> {
    for (let done = 0; done < calls.length; done++) {
      calls[done]?.settle();
      await settled();
    }
  }

  it('counts events that differ in their message alone as one, from the tenth on', async () => {
    for (let attempt = 1; attempt <= 14; attempt++) {
      recorder.record(pod('web'), 'Warning', 'FailedCreate', `attempt ${attempt}`);
      await settleAll();
    }
    const created = calls.filter(({ verb }) => verb === 'create').map(({ event }) => event.message);
    expect(created).toHaveLength(10);
    expect(created.at(-1)).toBe('(combined from similar events): attempt 10');
    expect(calls.at(-1)).toMatchObject({
      verb: 'patch',
      event: { count: 5, message: '(combined from similar events): attempt 14' },
    });
    // Another reason, and another object, are by themselves.
    recorder.record(pod('web'), 'Warning', 'Other', 'attempt 15');
    recorder.record(pod('db'), 'Warning', 'FailedCreate', 'attempt 15');
    await settleAll();
    expect(calls.slice(-2).map(({ event }) => event.message)).toEqual(['attempt 15', 'attempt 15']);
    // After ten quiet minutes each message is news again.
    now += 601_000;
    recorder.record(pod('web'), 'Warning', 'FailedCreate', 'attempt 16');
    await settleAll();
    expect(calls.at(-1)).toMatchObject({ verb: 'create', event: { message: 'attempt 16' } });
  });

  it('writes 25 of a type about an object and one more every five minutes, with the count of all', async () => {
    for (let second = 0; second < 600; second++) {
      recorder.record(pod('web'), 'Warning', 'BackOff', 'again');
      await settleAll();
      now += 1_000;
    }
    expect(calls).toHaveLength(26);
    expect(calls.at(-1)).toMatchObject({ verb: 'patch', event: { count: 301 } });
    recorder.record(pod('web'), 'Normal', 'Pulled', 'x');
    recorder.record(pod('db'), 'Warning', 'BackOff', 'again');
    await settleAll();
    expect(calls).toHaveLength(28);
  });
});
