import { describe, expect, it } from 'vitest';
import { OwnWrites } from './own-writes.ts';

const bytes = (text: string) => new TextEncoder().encode(text);

function remembering(...writes: { key: string; value: Uint8Array }[]): OwnWrites {
  const own = new OwnWrites();
  for (const { key, value } of writes) own.remember({ compare: [], writes: [{ type: 'put', key, value }] });
  return own;
}

describe('own writes', () => {
  it('gives the very array that was written, once', () => {
    const value = bytes('value');
    const own = remembering({ key: '/a', value });
    expect(own.recognize('/a', bytes('value'))).toBe(value);
    const again = bytes('value');
    expect(own.recognize('/a', again)).toBe(again);
  });

  it('takes neither another value nor another key for its own', () => {
    const value = bytes('value');
    const own = remembering({ key: '/a', value });
    const other = bytes('of somebody else');
    expect(own.recognize('/a', other)).toBe(other);
    const elsewhere = bytes('value');
    expect(own.recognize('/b', elsewhere)).toBe(elsewhere);
    expect(own.recognize('/a', bytes('value'))).toBe(value);
  });

  it('forgets the oldest of more than 1,000 writes', () => {
    const writes = Array.from({ length: 1_001 }, (_, at) => ({ key: `/${at}`, value: bytes(`${at}`) }));
    const own = remembering(...writes);
    const oldest = bytes('0');
    expect(own.recognize('/0', oldest)).toBe(oldest);
    expect(own.recognize('/1', bytes('1'))).toBe(writes[1]?.value);
  });
});
