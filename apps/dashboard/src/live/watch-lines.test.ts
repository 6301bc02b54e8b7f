import { expect, test } from 'vitest';
import { WatchLines } from './watch-lines.ts';

const line = (name: string) => `${JSON.stringify({ type: 'ADDED', object: { metadata: { name } } })}\n`;

test('events come out whole however the bytes are cut', () => {
  const text = line('a') + line('b') + line('c');
  for (let size = 1; size < text.length; size += 7) {
    const lines = new WatchLines();
    const names: unknown[] = [];
    for (let at = 0; at < text.length; at += size) {
      for (const event of lines.push(text.slice(at, at + size))) if (event.type === 'ADDED') names.push(event.object.metadata.name);
    }
    expect(names).toEqual(['a', 'b', 'c']);
  }
});

test('a line that is no event is refused', () => {
  expect(() => new WatchLines().push('"hello"\n')).toThrow(SyntaxError);
  expect(() => new WatchLines().push('{"type":1}\n')).toThrow(SyntaxError);
});
