import { expect, test } from 'vitest';
import { levelOf, logEntry, segments, unfolded } from './log-entry.ts';

test('times of any length and zone are ordered as texts', () => {
  const times = ['2026-11-30T03:00:00.1Z', '2026-11-30T03:00:00.12Z', '2026-11-30T03:00:00Z', '2026-11-30T05:00:00.5+02:00'];
  expect(times.map((time) => logEntry(`${time} x`, '').time)).toEqual([
    '2026-11-30T03:00:00.100000000Z',
    '2026-11-30T03:00:00.120000000Z',
    '2026-11-30T03:00:00.000000000Z',
    '2026-11-30T03:00:00.500000000Z',
  ]);
  expect(logEntry('2026-11-30T03:00:00Z  two spaces', '')).toMatchObject({ text: ' two spaces' });
  expect(logEntry('no time', 'web-1')).toMatchObject({ time: '', text: 'no time', source: 'web-1' });
  expect(logEntry('2026-11-30T03:00:00Z', '')).toMatchObject({ text: '' });
});

test('a line is shortened, and loses what ends it on Windows', () => {
  expect(logEntry('x'.repeat(20_000), '').text.length).toBe(10_001);
  expect(logEntry('hello\r', '').text).toBe('hello');
});

test.each([
  ['{"level":"error","msg":"x"}', 'error'],
  ['{"level":30,"msg":"x"}', 'info'],
  ['{"severity":"WARNING"}', 'warn'],
  ['{"msg":"no level, but ERROR in it"}', 'error'],
  ['E1130 03:00:00.1 1 main.go:1] x', 'error'],
  ['I1130 03:00:00.1 1 main.go:1] x', 'info'],
  ['time=x level=warn msg="y"', 'warn'],
  ['2026-11-30 03:00:00 [DEBUG] x', 'debug'],
  ['error: something', 'error'],
  ['[error] something', 'error'],
  ['10.0.0.1 - - "GET /error HTTP/1.1" 200', undefined],
  ['an information of no errors', undefined],
  ['{broken json', undefined],
  ['', undefined],
])('%s is of level %s', (text, level) => {
  expect(levelOf(text)).toBe(level);
});

test('colours become classes, and every other escape goes', () => {
  const raw =
    '\u001b[1;31mred\u001b[0m plain \u001b[92mgreen\u001b[39m\u001b[2K\u001b]0;title\u0007 \u001b[38;5;200mother\u001b[38;2;1;2;3mtrue';
  expect(segments(raw)).toEqual([
    { text: 'red', style: 'ansi-1 ansi-bold' },
    { text: ' plain ', style: '' },
    { text: 'green', style: 'ansi-10' },
    { text: ' ', style: '' },
    { text: 'other', style: '' },
    { text: 'true', style: '' },
  ]);
  expect(logEntry(raw, '').text).toBe('red plain green othertrue');
  expect(segments('plain')).toEqual([{ text: 'plain', style: '' }]);
});

test('lines of JSON are unfolded, others are not', () => {
  expect(unfolded(logEntry('{"a":{"b":1}}', ''))).toEqual(['{', '  "a": {', '    "b": 1', '  }', '}']);
  expect(unfolded(logEntry('{not json}', ''))).toBeUndefined();
});
