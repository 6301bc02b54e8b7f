import type { AgentEvent } from '@berth/protocol';
import { expect, test } from 'vitest';
import { SimilarEvents } from './similar-events.ts';

const event = (message: string, name = 'web'): AgentEvent => ({
  namespace: 'default',
  kind: 'Pod',
  name,
  uid: name,
  fieldPath: '',
  type: 'Warning',
  reason: 'FailedCreatePodSandBox',
  message,
  at: '',
  count: 1,
});

test('ten different messages stand alone, later ones are one that is counted', () => {
  let nowMs = 0;
  const similar = new SimilarEvents({ now: () => nowMs });
  const first = Array.from({ length: 10 }, (_, attempt) => similar.correlate('node', event(`attempt ${attempt}`)));
  expect(new Set(first.map(({ key }) => key)).size).toBe(10);
  expect(first[9]?.message).toBe('attempt 9');
  const [a, b] = [similar.correlate('node', event('attempt 10')), similar.correlate('node', event('attempt 11'))];
  expect(a.key).toBe(b.key);
  expect(b.message).toBe('(combined from similar events): attempt 11');
  expect(similar.correlate('node', event('attempt 3')).key).toBe(first[3]?.key);
  expect(similar.correlate('node', event('attempt 12', 'other')).message).toBe('attempt 12');
  nowMs = 11 * 60_000;
  expect(similar.correlate('node', event('attempt 13')).message).toBe('attempt 13');
});
