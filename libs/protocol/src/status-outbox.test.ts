// Statuses arrive at least once and the newest of a pod wins, whatever happens to the sessions that carry them.
import { expect, it } from 'vitest';
import { StatusOutbox } from './status-outbox.ts';

const report = (uid: string, phase: string, terminated = false) => ({ namespace: 'n', name: uid, uid, status: { phase }, terminated });
const sent = (outbox: StatusOutbox, nowMs = 0) =>
  outbox
    .take(nowMs)
    .flatMap((message) => (message.type === 'podStatuses' ? [{ sequence: message.sequence, statuses: message.statuses }] : []));

it('merges per pod while batches are on their way', () => {
  const outbox = new StatusOutbox();
  outbox.addPod(report('a', '1'));
  expect(sent(outbox)).toHaveLength(1);
  outbox.addPod(report('a', '2'));
  expect(sent(outbox)).toHaveLength(1);
  outbox.addPod(report('a', '3'));
  outbox.addPod(report('a', '4'));
  expect(sent(outbox)).toEqual([]);
  outbox.acknowledge(2, [], 0);
  expect(sent(outbox)).toEqual([{ sequence: 3, statuses: [report('a', '4')] }]);
});

it('sends again what no one confirmed, without overwriting what is newer', () => {
  const outbox = new StatusOutbox();
  outbox.addPod(report('a', 'old', true));
  outbox.addPod(report('b', 'old'));
  sent(outbox);
  outbox.addPod(report('a', 'new'));
  outbox.sessionLost();
  expect(sent(outbox)).toEqual([{ sequence: 2, statuses: [report('a', 'new', true), report('b', 'old')] }]);
  outbox.acknowledge(2, [], 0);
  outbox.sessionLost();
  expect(sent(outbox)).toEqual([]);
});

it('reports a removed volume on every session until it is confirmed, and drops the oldest of too many events', () => {
  const outbox = new StatusOutbox();
  outbox.addVolume({ type: 'volumeRemoved', report: { persistentVolume: 'pv', uid: 'u' } });
  expect(outbox.take(0)).toEqual([{ type: 'volumeRemoved', report: { persistentVolume: 'pv', uid: 'u' } }]);
  expect(outbox.take(0)).toEqual([]);
  outbox.sessionLost();
  expect(outbox.take(0)).toHaveLength(1);
  outbox.confirmVolume('pv');
  outbox.sessionLost();
  const event = {
    namespace: '',
    kind: 'Pod',
    name: 'p',
    uid: '',
    fieldPath: '',
    type: 'Normal' as const,
    reason: '',
    message: '',
    at: '',
    count: 1,
  };
  for (let i = 0; i < 1100; i++) outbox.addEvent({ ...event, reason: `${i}` });
  const [message] = outbox.take(0);
  expect(message).toMatchObject({ type: 'events' });
  if (message?.type === 'events') expect([message.events.length, message.events[0]?.reason]).toEqual([1000, '100']);
});

it('sends what could not be written again, ever later, and the others meanwhile', () => {
  const outbox = new StatusOutbox();
  outbox.addPod(report('a', '1'));
  outbox.addPod(report('b', '1'));
  sent(outbox);
  outbox.addPod(report('a', '2', true));
  outbox.addPod(report('a', '3'));
  outbox.acknowledge(1, ['a'], 0);
  outbox.addPod(report('b', '2'));
  expect(sent(outbox, 50)).toEqual([{ sequence: 2, statuses: [report('b', '2')] }]);
  expect(outbox.dueMs).toBe(100);
  expect(sent(outbox, 100)).toEqual([{ sequence: 3, statuses: [report('a', '3', true)] }]);
  expect(outbox.dueMs).toBeUndefined();
  outbox.acknowledge(3, ['a'], 100);
  expect(outbox.dueMs).toBe(300);
  for (let tries = 0; tries < 20; tries++) {
    const nowMs = outbox.dueMs ?? 0;
    const [batch] = sent(outbox, nowMs);
    outbox.acknowledge(batch?.sequence ?? 0, ['a'], nowMs);
    expect((outbox.dueMs ?? 0) - nowMs).toBeLessThanOrEqual(5_000);
  }
  const [batch] = sent(outbox, outbox.dueMs);
  outbox.acknowledge(batch?.sequence ?? 0, [], 0);
  expect([sent(outbox, 1e9), outbox.dueMs]).toEqual([[], undefined]);
});

it('waits for no pause in a new session, nor after what was written at last', () => {
  const outbox = new StatusOutbox();
  outbox.addPod(report('a', '1'));
  sent(outbox);
  outbox.acknowledge(1, ['a'], 0);
  outbox.sessionLost();
  expect(sent(outbox, 1)).toEqual([{ sequence: 2, statuses: [report('a', '1')] }]);
  outbox.acknowledge(2, [], 1);
  outbox.addPod(report('a', '2'));
  expect(sent(outbox, 2)).toHaveLength(1);
});

it('is due at no time while it may send nothing: whoever asked would ask again at once', () => {
  const outbox = new StatusOutbox();
  outbox.addPod(report('a', '1'));
  sent(outbox);
  outbox.acknowledge(1, ['a'], 0);
  outbox.addPod(report('b', '1'));
  sent(outbox);
  outbox.addPod(report('c', '1'));
  sent(outbox);
  expect([sent(outbox, 200), outbox.dueMs]).toEqual([[], undefined]);
  outbox.acknowledge(2, [], 200);
  expect(outbox.dueMs).toBe(100);
  expect(sent(outbox, 200)).toEqual([{ sequence: 4, statuses: [report('a', '1')] }]);
});
