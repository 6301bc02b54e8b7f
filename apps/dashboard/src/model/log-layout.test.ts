import { expect, test } from 'vitest';
import { logEntry } from './log-entry.ts';
import { filtered, type LogLook, linesAt, matcher, nextMatch, prefixOf, rowsOf } from './log-layout.ts';

const look: LogLook = { columns: 10, hasTimes: false, hasSources: false, unfoldsJson: false };
const entries = ['short', 'x'.repeat(25), '', '日本語日本語', 'a\tb', '{"a":1}'].map((text) => logEntry(text, 'web-1'));
const heights = (change: Partial<LogLook>) => {
  const { starts } = rowsOf(entries, { ...look, ...change });
  return entries.map((_, index) => (starts[index + 1] ?? 0) - (starts[index] ?? 0));
};

test('a line takes as many rows as its letters need', () => {
  expect(heights({})).toEqual([1, 3, 1, 2, 1, 1]);
  expect(heights({ columns: undefined })).toEqual([1, 1, 1, 1, 1, 1]);
  expect(heights({ unfoldsJson: true })).toEqual([1, 3, 1, 2, 1, 3]);
  expect(heights({ columns: undefined, unfoldsJson: true })).toEqual([1, 1, 1, 1, 1, 3]);
  // The pod's name stands before each line.
  expect(heights({ hasSources: true })).toEqual([2, 4, 1, 2, 2, 2]);
});

test('the lines of any rows are found, also beyond the end', () => {
  const rows = rowsOf(entries, look);
  expect(linesAt(rows, 0, 1)).toEqual({ first: 0, end: 2 });
  expect(linesAt(rows, 3, 4)).toEqual({ first: 1, end: 3 });
  expect(linesAt(rows, 100, 200)).toEqual({ first: 6, end: 6 });
  expect(linesAt(rowsOf([], look), 0, 50)).toEqual({ first: 0, end: 0 });
});

test('a hundred thousand lines are laid out whole', () => {
  const many = Array.from({ length: 100_000 }, (_, index) => logEntry(`line ${index}`, ''));
  const rows = rowsOf(many, { ...look, columns: 80 });
  expect(rows.starts[100_000]).toBe(100_000);
  expect(linesAt(rows, 50_000, 50_040)).toEqual({ first: 50_000, end: 50_041 });
});

test('times and names stand before lines', () => {
  const entry = logEntry('2026-11-30T03:00:00.123456789Z hello', 'web-1');
  expect(prefixOf(entry, { ...look, hasTimes: true, hasSources: true })).toBe('2026-11-30T03:00:00.123Z web-1 ');
});

test('lines are filtered by level and by text in any case', () => {
  const all = ['ERROR one', 'WARN two', 'plain three', 'DEBUG four'].map((text) => logEntry(text, ''));
  const names = (least: 'error' | 'warn' | 'info' | 'debug' | '', text = '') =>
    filtered(all, least, matcher(text)).map((entry) => entry.text);
  expect(names('error')).toEqual(['ERROR one']);
  expect(names('warn')).toEqual(['ERROR one', 'WARN two']);
  expect(names('info')).toEqual(['ERROR one', 'WARN two', 'plain three']);
  expect(names('debug')).toHaveLength(4);
  expect(names('', 'T')).toEqual(['WARN two', 'plain three']);
  expect(filtered(all, '', undefined)).toBe(all);
});

test('matches are gone through in both directions, around the ends', () => {
  const all = ['a', 'x', 'b', 'x', 'c'].map((text) => logEntry(text, ''));
  const matches = matcher('x') ?? (() => false);
  const walk = (from: number, step: 1 | -1) => nextMatch(all, matches, from, step);
  expect([walk(-1, 1), walk(1, 1), walk(3, 1), walk(5, -1), walk(1, -1)]).toEqual([1, 3, 1, 3, 3]);
  expect(nextMatch(all, () => false, -1, 1)).toBeUndefined();
  expect(nextMatch([], matches, -1, 1)).toBeUndefined();
  // What is typed is no expression.
  expect(
    filtered(
      ['a.c', 'abc'].map((text) => logEntry(text, '')),
      '',
      matcher('a.c'),
    ).map(({ text }) => text),
  ).toEqual(['a.c']);
});
