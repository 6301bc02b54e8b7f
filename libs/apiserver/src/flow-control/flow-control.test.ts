import type { FlowSchema, PriorityLevelConfiguration } from '@berth/api';
import { SimulatedClock } from '@berth/telemetry/testing';
import { expect, test } from 'vitest';
import { defaultFlowSchemas, defaultPriorityLevels } from '../core/default-flows.ts';
import type { User } from '../core/types.ts';
import { deal } from './fair-queues.ts';
import { type Admitted, FlowControl } from './flow-control.ts';
import { schemaOf } from './flow-matching.ts';

const user = (name: string, ...groups: string[]): User => ({ name, groups: [...groups, 'system:authenticated'] });
const pods = { verb: 'list', group: '', resource: 'pods', namespace: 'default' };

function control(seats: number, schemas = defaultFlowSchemas, levels = defaultPriorityLevels) {
  const clock = new SimulatedClock();
  const counts = { dispatched: 0, executing: 0, queued: 0, rejected: [] as string[] };
  const metrics = {
    dispatched: () => void counts.dispatched++,
    executing: (_level: string, _schema: string, change: number) => {
      counts.executing += change;
    },
    queued: (_level: string, _schema: string, change: number) => {
      counts.queued += change;
    },
    rejected: (level: string, _schema: string, reason: string) => void counts.rejected.push(`${level} ${reason}`),
  };
  const flowControl = new FlowControl({ clock, seats, metrics });
  flowControl.configure(schemas, levels);
  /** Who was let in, in order; each stays until it is released. */
  const running: { name: string; seat: Admitted | undefined }[] = [];
  const refused: unknown[] = [];
  const never = new AbortController().signal;
  const ask = (who: User, attributes: Parameters<FlowControl['admit']>[1] = pods, signal = never) =>
    flowControl.admit(who, attributes, signal).then(
      (seat) => void running.push({ name: who.name, seat }),
      (error) => void refused.push(error),
    );
  return { flowControl, clock, counts, running, refused, ask };
}

function small(type: 'Queue' | 'Reject', more: object = {}): PriorityLevelConfiguration[] {
  const queuing = { queues: 8, handSize: 2, queueLengthLimit: 20 };
  const limitResponse = type === 'Queue' ? { type, queuing } : { type };
  const spec = { type: 'Limited', limited: { nominalConcurrencyShares: 10, limitResponse, ...more } };
  return [{ apiVersion: '', kind: '', metadata: { name: 'small', uid: 'u1' }, spec }];
}

const toSmall: FlowSchema[] = defaultFlowSchemas
  .filter((schema) => schema.metadata.name === 'catch-all')
  .map((schema) => ({ ...schema, spec: { ...schema.spec, priorityLevelConfiguration: { name: 'small' } } }));

test.each([
  ['admin', user('admin', 'system:masters'), pods, 'exempt'],
  ['a probe', { name: 'system:anonymous', groups: ['system:unauthenticated'] }, { verb: 'get', path: '/healthz' }, 'probes'],
  [
    'a node’s status',
    user('system:node:a', 'system:nodes'),
    { verb: 'patch', group: '', resource: 'nodes', subresource: 'status' },
    'system-node-high',
  ],
  ['a node’s pods', user('system:node:a', 'system:nodes'), pods, 'system-nodes'],
  ['kube-system', user('system:serviceaccount:kube-system:dns', 'system:serviceaccounts'), pods, 'kube-system-service-accounts'],
  ['a service account', user('system:serviceaccount:shop:web', 'system:serviceaccounts'), pods, 'service-accounts'],
  ['a person', user('bob'), pods, 'global-default'],
] as const)('%s belongs to its schema', (_, who, attributes, name) => {
  expect(schemaOf(defaultFlowSchemas, who as User, attributes)?.metadata.name).toBe(name);
});

test('a noisy flow does not keep a quiet one waiting', async () => {
  const { running, ask, clock } = control(4, toSmall, small('Queue'));
  for (let count = 0; count < 30; count++) void ask(user('noisy'));
  await clock.advance(1);
  expect(running.map(({ name }) => name)).toEqual(['noisy', 'noisy', 'noisy', 'noisy']);
  void ask(user('quiet'));
  await clock.advance(5);
  running[0]?.seat?.release();
  running[1]?.seat?.release();
  await clock.advance(1);
  expect(running.slice(4).map(({ name }) => name)).toContain('quiet');
});

test('what does not fit into the queues of a flow is told to come back; others still fit', async () => {
  const { running, refused, counts, ask, clock } = control(1, toSmall, small('Queue'));
  for (let count = 0; count < 60; count++) void ask(user('noisy'));
  void ask(user('somebody-else'));
  await clock.advance(1);
  expect(refused).toHaveLength(60 - 1 - 2 * 20);
  expect(refused[0]).toMatchObject({ code: 429, status: { details: { retryAfterSeconds: 1 } } });
  expect(new Set(counts.rejected)).toEqual(new Set(['small queue-full']));
  for (let count = 0; count < 42; count++) {
    running.at(-1)?.seat?.release();
    await clock.advance(1);
  }
  expect(running.map(({ name }) => name)).toContain('somebody-else');
  expect(running).toHaveLength(1 + 2 * 20 + 1);
});

test('a level that rejects does so at once', async () => {
  const { refused, running, ask, clock } = control(2, toSmall, small('Reject'));
  for (let count = 0; count < 3; count++) void ask(user('bob'));
  await clock.advance(1);
  expect([running.length, refused.length]).toEqual([2, 1]);
});

test('who has waited long enough is told to come back, who goes away is forgotten', async () => {
  const { flowControl, running, refused, counts, ask, clock } = control(1, toSmall, small('Queue'));
  const left = AbortSignal.abort(new Error('left before'));
  const leaving = new AbortController();
  void ask(user('first'));
  void ask(user('late'));
  void ask(user('gone'), pods, leaving.signal);
  await clock.advance(1000);
  expect([counts.executing, counts.queued]).toEqual([1, 2]);
  void ask(user('left'), pods, left);
  await clock.advance(1);
  expect(String(refused.shift())).toBe('Error: left before');
  leaving.abort(new Error('the client is gone'));
  await clock.advance(20_000);
  expect(refused.map(String)).toEqual(['Error: the client is gone', expect.stringContaining('too many requests')]);
  expect(counts.rejected).toEqual(['small time-out']);
  running[0]?.seat?.release();
  running[0]?.seat?.release();
  await clock.advance(1);
  expect([running.length, flowControl.levels[0]?.inUse, flowControl.levels[0]?.queues?.length]).toEqual([1, 0, 0]);
  expect([counts.executing, counts.queued]).toEqual([0, 0]);
});

test('levels borrow what others lend, and get their own back at once', async () => {
  const { running, ask, clock, flowControl } = control(100);
  const high = user('system:kube-scheduler');
  for (let count = 0; count < 200; count++) void ask(user('system:serviceaccount:shop:web', 'system:serviceaccounts'));
  await clock.advance(1);
  const low = flowControl.levels.find((level) => level.name === 'workload-low');
  expect(low?.inUse).toBeGreaterThan(low?.nominalSeats ?? 0);
  expect(low?.inUse).toBeLessThan(100);
  void ask(high);
  await clock.advance(1);
  expect(running.at(-1)?.name).toBe(high.name);
});

test('administrators never wait, and a seat is given back once', async () => {
  const { flowControl, running, ask, clock } = control(1);
  for (let count = 0; count < 50; count++) void ask(user('admin', 'system:masters'));
  await clock.advance(1);
  expect(running).toHaveLength(50);
  running[0]?.seat?.release();
  running[0]?.seat?.release();
  expect(flowControl.levels.find((level) => level.name === 'exempt')?.inUse).toBe(49);
});

test('a new configuration keeps the levels that did not change, and forgets no one who waits in one that did', async () => {
  const { flowControl, running, ask, clock } = control(1, toSmall, small('Queue'));
  for (let count = 0; count < 3; count++) void ask(user('bob'));
  await clock.advance(1);
  const [before] = flowControl.levels;
  flowControl.configure(toSmall, small('Queue'));
  expect(flowControl.levels[0]).toBe(before);
  flowControl.configure(toSmall, small('Queue', { nominalConcurrencyShares: 20 }));
  await clock.advance(1);
  expect(running).toHaveLength(3);
});

test('hands are dealt without repetition, always the same, and seldom alike', () => {
  const hands = Array.from({ length: 200 }, (_, flow) => deal(`flow ${flow}`, 64, 8));
  for (const hand of hands) expect(new Set(hand).size).toBe(8);
  expect(deal('flow 0', 64, 8)).toEqual(hands[0]);
  const same = hands.filter((hand) => hand.every((card) => hands[0]?.includes(card)));
  expect(same).toHaveLength(1);
});
