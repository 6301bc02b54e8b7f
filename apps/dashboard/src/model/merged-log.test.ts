import fc from 'fast-check';
import { expect, test } from 'vitest';
import { logEntry } from './log-entry.ts';
import { LogLines, MergedLog, Unseen } from './merged-log.ts';

const at = (second: number, text: string, source = '') => logEntry(`2026-11-30T03:00:${String(second).padStart(2, '0')}Z ${text}`, source);
const texts = (entries: { text: string }[]) => entries.map(({ text }) => text);

test('lines are joined wherever they are broken, and an unfinished one is kept for its end', () => {
  const lines = new LogLines('');
  expect(texts([...lines.push('one\ntw'), ...lines.push('o\nthree'), ...lines.end(), ...lines.end()])).toEqual(['one', 'two', 'three']);
});

test('a line without end does not grow without end', () => {
  const lines = new LogLines('');
  for (let i = 0; i < 1_000; i += 1) lines.push('x'.repeat(1_000));
  expect(lines.end()[0]?.text.length).toBeLessThan(20_000);
});

test('several logs are one by time, however they arrive; a line without time stays behind the one before it', () => {
  const log = new MergedLog(100);
  log.add([at(1, 'a1'), at(5, 'a5')]);
  log.add([at(2, 'b2'), logEntry('b2 goes on', ''), at(5, 'b5'), at(7, 'b7')]);
  log.add([at(3, 'c3')]);
  expect(texts(log.entries).filter((text) => !text.includes('goes'))).toEqual(['a1', 'b2', 'c3', 'a5', 'b5', 'b7']);
  const next = texts(log.entries).indexOf('b2') + 1;
  expect(texts(log.entries)[next]).toBe('b2 goes on');
});

test('only the newest lines are kept, and the rest is counted', () => {
  const log = new MergedLog(100);
  for (let i = 0; i < 1_000; i += 10) log.add(Array.from({ length: 10 }, (_, index) => logEntry(`${i + index}`, '')));
  expect(log.entries).toHaveLength(100);
  expect(log.entries[0]?.text).toBe('900');
  expect(log.dropped).toBe(900);
});

test('a log that is read again and again from the last second on has each line once', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 30 }), fc.array(fc.nat(30)), fc.nat(5), (steps, cuts, chunk) => {
      let second = 0;
      const written = steps.map((step, index) => {
        second += step === 3 ? 1 : 0;
        return at(second, `${index}`);
      });
      const unseen = new Unseen();
      const seen: string[] = [];
      for (const cut of [...cuts.sort((a, b) => a - b), written.length]) {
        const since = unseen.begin();
        const answer = written.slice(0, cut).filter(({ time }) => since === undefined || time >= since.replace('Z', '.'));
        for (let from = 0; from < answer.length; from += chunk + 1) {
          seen.push(...texts(unseen.filter(answer.slice(from, from + chunk + 1))));
        }
      }
      expect(seen).toEqual(texts(written));
    }),
  );
});
