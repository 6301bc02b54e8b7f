import { expect, test, vi } from 'vitest';
import type { WantedLog } from '../model/log-sources.ts';
import { type ApiClient, ApiError } from './api-client.ts';
import { LogFollower } from './log-follower.ts';

const source = (pod: string, more: Partial<WantedLog> = {}): WantedLog => ({
  namespace: 'd',
  pod,
  container: 'main',
  run: 'c1',
  label: pod,
  isPrevious: false,
  ...more,
});
const line = (second: number, text: string) => `2026-11-30T03:00:0${second}Z ${text}\n`;

/** Answers each request for a pod's log with the next of its texts, which are errors where they are no text. */
function following(answers: Record<string, (string | ApiError)[]>) {
  const asked: string[] = [];
  const api = {
    async *stream(path: string, query: Record<string, string>) {
      const pod = path.split('/')[6] ?? '';
      asked.push(`${pod} ${query.follow ? 'follow' : query.previous ? 'previous' : (query.sinceTime ?? 'whole')}`);
      const answer = answers[pod]?.shift() ?? '';
      yield '';
      if (answer instanceof ApiError) throw answer;
      yield answer;
    },
  };
  const follower = new LogFollower(api as unknown as ApiClient, 100, { tailLines: 50, sinceSeconds: undefined }, () => undefined);
  return { asked, follower, texts: () => follower.log.entries.map(({ text }) => text) };
}

test('the first log is followed, others are asked for what is new, and all are one by time', async () => {
  vi.useFakeTimers();
  try {
    const { asked, follower, texts } = following({
      a: [line(1, 'a1') + line(4, 'a4')],
      b: [line(2, 'b2'), line(2, 'b2') + line(3, 'b3')],
    });
    follower.follow([source('a'), source('b')]);
    await vi.waitFor(() => expect(texts()).toEqual(['a1', 'b2', 'a4']));
    await vi.advanceTimersByTimeAsync(2_000);
    expect(texts()).toEqual(['a1', 'b2', 'b3', 'a4']);
    expect(asked.slice(0, 3)).toEqual(['a follow', 'b whole', 'b 2026-11-30T03:00:02Z']);
    follower.stop();
    const before = asked.length;
    await vi.advanceTimersByTimeAsync(10_000);
    expect(asked.length).toBe(before);
  } finally {
    vi.useRealTimers();
  }
});

test('the log of a new run goes on behind a line that says so; the run before is read once', async () => {
  const { asked, follower, texts } = following({ a: [line(1, 'of before'), line(2, 'first'), line(5, 'second')] });
  const previous = source('a', { isPrevious: true });
  follower.follow([previous, source('a')]);
  await vi.waitFor(() => expect(texts()).toHaveLength(2));
  follower.follow([previous, source('a', { run: 'c2' })]);
  await vi.waitFor(() => expect(texts()).toHaveLength(4));
  expect(texts()[2]).toContain('started again');
  expect(asked.filter((one) => one.includes('previous'))).toHaveLength(1);
  follower.stop();
});

test('a log that cannot be read says why, and keeps no other from being read', async () => {
  const { follower, texts } = following({ a: [new ApiError(400, 'container "main" in pod "a" is waiting to start')], b: [line(1, 'b1')] });
  follower.follow([source('a'), source('b')]);
  await vi.waitFor(() => expect(texts()).toEqual(['b1']));
  expect(follower.states[0]).toMatchObject({ state: 'failed', error: 'container "main" in pod "a" is waiting to start' });
  follower.stop();
});
