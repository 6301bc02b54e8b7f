// Statuses arrive at least once and the newest of a pod wins, whatever happens to the sessions that carry them.
import { expect, it } from 'vitest';
import { StatusOutbox } from './status-outbox.ts';

const report = (uid: string, phase: string, terminated = false) => ({ namespace: 'n', name: uid, uid, status: { phase }, terminated });
const sent = (outbox: StatusOutbox) =>
  outbox.take().flatMap((message) => (message.type === 'podStatuses' ? [{ sequence: message.sequence, statuses: message.statuses }] : []));

it('merges per pod while batches are on their way', () => {
  const outbox = new StatusOutbox();
  outbox.addPod(report('a', '1'));
  expect(sent(outbox)).toHaveLength(1);
  outbox.addPod(report('a', '2'));
  expect(sent(outbox)).toHaveLength(1);
  outbox.addPod(report('a', '3'));
  outbox.addPod(report('a', '4'));
  expect(sent(outbox)).toEqual([]);
  outbox.acknowledge(2);
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
  outbox.acknowledge(2);
  outbox.sessionLost();
  expect(sent(outbox)).toEqual([]);
});

it('reports a removed volume on every session until it is confirmed, and drops the oldest of too many events', () => {
  const outbox = new StatusOutbox();
  outbox.addVolume({ type: 'volumeRemoved', report: { persistentVolume: 'pv', uid: 'u' } });
  expect(outbox.take()).toEqual([{ type: 'volumeRemoved', report: { persistentVolume: 'pv', uid: 'u' } }]);
  expect(outbox.take()).toEqual([]);
  outbox.sessionLost();
  expect(outbox.take()).toHaveLength(1);
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
  const [message] = outbox.take();
  expect(message).toMatchObject({ type: 'events' });
  if (message?.type === 'events') expect([message.events.length, message.events[0]?.reason]).toEqual([1000, '100']);
});
