import { expect, test } from 'vitest';
import { LogBuffer } from './log-buffer.ts';

test('lines are joined across chunks, and the unfinished one is shown', () => {
  const buffer = new LogBuffer();
  buffer.append('one\ntw');
  buffer.append('o\nthree');
  expect(buffer.lines).toEqual(['one', 'two', 'three']);
});

test('only the newest lines are kept, and the rest is counted', () => {
  const buffer = new LogBuffer(100);
  for (let i = 0; i < 1_000; i += 1) buffer.append(`${i}\n`);
  expect(buffer.lines).toHaveLength(100);
  expect(buffer.lines.at(0)).toBe('900');
  expect(buffer.dropped).toBe(900);
});

test('a line without end does not grow without end', () => {
  const buffer = new LogBuffer(10);
  for (let i = 0; i < 1_000; i += 1) buffer.append('x'.repeat(1_000));
  expect(buffer.lines.join('').length).toBeLessThan(20_000);
});
