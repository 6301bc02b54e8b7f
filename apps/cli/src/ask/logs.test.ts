// Lines of logs: how they are cut, searched, put in the order of time and gone on with, and which runs of which containers they are of.
import type { Pod } from '@berth/api';
import { UsageError } from '@berth/telemetry/command-line';
import { SimulatedClock } from '@berth/telemetry/testing';
import { expect, test } from 'vitest';
import { plain } from '../terminal.ts';
import { afterMark, type Mark, nextMark } from './log-follower.ts';
import { type LogLine, levelOf, lineFilter, logLine, textLines } from './log-lines.ts';
import { lastOf, mergedByTime, Reordering } from './log-merge.ts';
import { selectorIn } from './log-pods.ts';
import { logPath, logRuns, sourceOf } from './log-runs.ts';
import { runLogs } from './logs.ts';

async function* from<T>(...items: T[]): AsyncGenerator<T> {
  yield* items;
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

test('lines however the bytes are cut, the last one without an end, and no more than so much of a long one', async () => {
  const bytes = Buffer.from('é one\r\n\nlast');
  expect(await all(textLines(from(...[...bytes].map((byte) => Uint8Array.of(byte)))))).toEqual(['é one', '', 'last']);
  expect(await all(textLines(from(Buffer.from('abcdef\nxy\n')), 4))).toEqual(['abcd… (2 more bytes)', 'xy']);
  expect(await all(textLines(from(Buffer.from('ab'), Buffer.from('cdef'), Buffer.from('gh\n')), 4))).toEqual(['abcd… (4 more bytes)']);
});

test('times sort as time does, whatever their digits and zones', () => {
  const keys = ['2026-01-01T00:00:00.4Z', '2026-01-01T00:00:00.45Z', '2026-01-01T00:00:01Z', '2026-01-01T02:00:01.000000001+02:00'].map(
    (time) => logLine('p/c', `${time} x`).key,
  );
  expect(keys.toSorted()).toEqual(keys);
  expect(new Set(keys).size).toBe(4);
  expect(logLine('p/c', '2026-01-01T00:00:00.4Z a  b')).toMatchObject({ time: '2026-01-01T00:00:00.4Z', text: 'a  b' });
  expect(logLine('p/c', '2026-01-01T00:00:00Z ')).toMatchObject({ time: '2026-01-01T00:00:00Z', text: '' });
  expect(logLine('p/c', 'no time', 'k')).toMatchObject({ time: '', key: 'k', text: 'no time' });
});

test.each([
  ['{"ts":1,"level":"error","msg":"x"}', 'error'],
  ['{"level":30,"msg":"x"}', 'info'],
  ['time=x level=warning msg="no ERROR"', 'warn'],
  ['E0102 03:04:05.6 main.go] x', 'error'],
  ['2026-01-01 [notice] 1#1: start', 'info'],
  ['12:00:01 WARN  slow', 'warn'],
  ['PANIC: no', 'fatal'],
  ['an error in a sentence', undefined],
  ['ERRORS are counted', undefined],
])('the level of %s', (line, level) => expect(levelOf(line)).toBe(level));

test('a stack belongs to its error; text is found in whatever case', () => {
  const lines = ['INFO start', 'ERROR it broke', '  at a.ts:1', 'DEBUG more', '  at b.ts:1', 'FATAL out'];
  expect(lines.filter(lineFilter({ level: 'error', text: undefined }))).toEqual(['ERROR it broke', '  at a.ts:1', 'FATAL out']);
  expect(lines.filter(lineFilter({ level: 'error', text: 'A.TS' }))).toEqual(['  at a.ts:1']);
  expect(lines.filter(lineFilter({ level: undefined, text: undefined }))).toEqual(lines);
});

const line = (source: string, second: number): LogLine => logLine(source, `2026-01-01T00:00:${String(second).padStart(2, '0')}Z ${second}`);

test('several logs as one, by time, one line of each in memory; given up, their connections end', async () => {
  let pulled = 0;
  let ended = 0;
  const source = (name: string, ...seconds: number[]) =>
    (async function* () {
      try {
        for (const second of seconds) {
          pulled++;
          yield line(name, second);
        }
      } finally {
        ended++;
      }
    })();
  const merged = mergedByTime([source('a', 1, 4, 5), source('b', 2, 3, 9), source('c')]);
  const first = await merged.next();
  expect([first.value?.text, pulled]).toEqual(['1', 2]);
  expect((await all(merged)).map(({ text }) => text)).toEqual(['2', '3', '4', '5', '9']);
  const given = mergedByTime([source('a', 1, 2), source('b', 1, 2)]);
  await given.next();
  ended = 0;
  await given.return(undefined);
  expect(ended).toBe(2);
  expect(await all(lastOf(from(1, 2, 3, 4, 5), 2))).toEqual([4, 5]);
  expect([await all(lastOf(from(1), 3)), await all(lastOf(from(1), 0))]).toEqual([[1], []]);
});

test('what arrives together is put in order; who brings more than there is room for waits until it is written', async () => {
  const clock = new SimulatedClock();
  const written: string[] = [];
  const reordering = new Reordering({ clock, windowMs: 200, linesMax: 2, write: async ({ text }) => void written.push(text) });
  await reordering.push(line('a', 2));
  await reordering.push(line('b', 1));
  let isIn = false;
  const third = reordering.push(line('a', 3)).then(() => {
    isIn = true;
  });
  await clock.advance(100);
  expect([written, isIn]).toEqual([[], false]);
  await clock.advance(200);
  await third;
  expect(written.slice(0, 2)).toEqual(['1', '2']);
  await clock.advance(300);
  await reordering.settled();
  expect(written).toEqual(['1', '2', '3']);
});

test('a reader that is gone ends who writes', async () => {
  const clock = new SimulatedClock();
  const reordering = new Reordering({ clock, windowMs: 1, linesMax: 1, write: () => Promise.reject(new Error('EPIPE')) });
  await reordering.push(line('a', 1));
  await clock.advance(10);
  await expect(reordering.settled()).rejects.toThrow('EPIPE');
  await expect(reordering.push(line('a', 2))).rejects.toThrow('EPIPE');
});

test('a stream that begins where the last ended repeats nothing and leaves nothing out, also of lines of one moment', () => {
  const read = [line('a', 1), line('a', 2), line('a', 2)];
  const mark = read.reduce<Mark | undefined>((before, one) => nextMark(before, one), undefined);
  const again = [line('a', 1), line('a', 2), line('a', 2), line('a', 2), line('a', 3)];
  expect(again.filter(afterMark(mark)).map(({ text }) => text)).toEqual(['2', '3']);
  expect(again.filter(afterMark(undefined))).toHaveLength(5);
});

const now = Date.parse('2026-01-01T01:00:00Z');
const ended = (exitCode: number) => ({ terminated: { exitCode, containerID: 'c://old' } });
const running = (startedAt: string) => ({ running: { startedAt } });
const podWith = (statuses: object[], init: object[] = []) =>
  ({
    metadata: { name: 'web', namespace: 'shop', uid: 'u' },
    spec: {
      initContainers: init.map((_, index) => ({ name: `i${index}` })),
      containers: statuses.map((_, index) => ({ name: `c${index}` })),
    },
    status: {
      initContainerStatuses: init.map((status, index) => ({ name: `i${index}`, ...status })),
      containerStatuses: statuses.map((status, index) => ({ name: `c${index}`, containerID: 'c://now', ...status })),
    },
  }) as unknown as Pod;

test.each([
  ['of one that runs', [{ state: running('2026-01-01T00:00:00Z') }], ['web/c0']],
  [
    'of one that waits to begin again, the run before',
    [{ state: { waiting: { reason: 'CrashLoopBackOff' } }, lastState: ended(1) }],
    ['web/c0 (previous)'],
  ],
  [
    'of one that has just begun again, both',
    [{ state: running('2026-01-01T00:59:30Z'), lastState: ended(1) }],
    ['web/c0 (previous)', 'web/c0'],
  ],
  ['of one that stays up since, the one that goes on', [{ state: running('2026-01-01T00:50:00Z'), lastState: ended(1) }], ['web/c0']],
  ['of one that has not begun, none', [{ state: { waiting: { reason: 'ContainerCreating' } } }], []],
])('logs %s', (_, statuses, sources) => {
  expect(logRuns(podWith(statuses), { container: undefined, isPrevious: false }, now).runs.map(sourceOf)).toEqual(sources);
});

test('the run before is asked for by that name only while another goes on: of one that waits, it is the newest', () => {
  const asks = (state: object, isPrevious = false) =>
    logRuns(podWith([{ state, lastState: ended(1) }]), { container: undefined, isPrevious }, now).runs.map(
      ({ asksPrevious }) => asksPrevious,
    );
  const waiting = { waiting: { reason: 'CrashLoopBackOff' } };
  expect([asks(waiting), asks(waiting, true), asks(running('2026-01-01T00:00:00Z'), true), asks(ended(1), true)]).toEqual([
    [false],
    [false],
    [true],
    [true],
  ]);
});

test('init containers once they matter or are asked for, and why there is nothing of one', () => {
  const waiting = { state: { waiting: { reason: 'PodInitializing' } } };
  const sources = (init: object, container?: string) =>
    logRuns(podWith([waiting], [init]), { container, isPrevious: false }, now).runs.map(sourceOf);
  expect([sources({ state: ended(0) }), sources({ state: ended(1) }), sources({ state: ended(0) }, 'i0')]).toEqual([
    [],
    ['web/i0'],
    ['web/i0'],
  ]);
  expect(logRuns(podWith([waiting]), { container: undefined, isPrevious: false }, now).notes).toEqual([
    'web/c0: it has not run yet (PodInitializing)',
  ]);
  const first = podWith([{ state: running('2026-01-01T00:00:00Z') }]);
  expect(logRuns(first, { container: undefined, isPrevious: true }, now)).toEqual({ runs: [], notes: ['web/c0: it has not run before'] });
});

test('what the server is asked: its times always, and from a time on instead of a tail', () => {
  const run = { namespace: 'shop', pod: 'web', uid: 'u', container: 'c', isPrevious: false, asksPrevious: false, containerId: 'x' };
  expect(logPath({ ...run, isPrevious: true, asksPrevious: true }, { isFollowed: false, tail: 5, sinceMs: 1500 })).toBe(
    '/api/v1/namespaces/shop/pods/web/log?container=c&timestamps=true&previous=true&tailLines=5&sinceSeconds=2',
  );
  const path = logPath(run, { isFollowed: true, tail: 5, sinceMs: 1500, sinceTime: '2026-01-01T00:00:00Z' });
  expect(path.split('?')[1]).toBe('container=c&timestamps=true&follow=true&sinceTime=2026-01-01T00%3A00%3A00Z');
});

test('selectors of workloads and of services', () => {
  expect(selectorIn({ spec: { selector: { matchLabels: { app: 'web' } } } })).toBe('app=web');
  expect(selectorIn({ spec: { selector: { app: 'web', tier: 'front' } } })).toBe('app=web,tier=front');
  expect([selectorIn({ spec: {} }), selectorIn({})]).toEqual(['', '']);
});

test('bad command lines are refused before a cluster is asked', async () => {
  const output = { write: () => Promise.reject(new Error('nothing is to be written')), note: () => undefined, paint: plain };
  const wrong = [
    [],
    ['web', '-l', 'a=b'],
    ['web', '--tail', 'x'],
    ['web', '--level', 'loud'],
    ['web', '-p', '-f'],
    ['web', '--since', '-1h'],
  ];
  for (const argv of [...wrong, ['nonsense/x'], ['a/b/c'], ['web', '-o', 'yaml']])
    await expect(runLogs(argv, output)).rejects.toThrow(UsageError);
});
