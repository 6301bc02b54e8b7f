import { ConfigMap } from '@berth/api';
import { describe, expect, it } from 'vitest';
import { erased } from './kinds-by-name.ts';
import { encodedList } from './list-encoding.ts';
import { Entry, encodeStored, headOf } from './object-codec.ts';

const kind = erased(ConfigMap);

function entry(name: string, bytes: number): Entry {
  const stored = encodeStored({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { text: 'x'.repeat(bytes) } } as never);
  return Entry.stored(headOf(kind), name, 7, stored);
}

/** As a sender does it: each piece is used up before the next one is taken. */
function sent(entries: Entry[]): { text: string; byteLength: number } {
  const { byteLength, pieces } = encodedList(kind, { entries, resourceVersion: '7' });
  const copies: Buffer[] = [];
  for (const piece of pieces) copies.push(Buffer.from(piece));
  const all = Buffer.concat(copies);
  expect(all.length).toBe(byteLength);
  return { text: all.toString('utf8'), byteLength };
}

describe('a list in pieces', () => {
  it.each([
    ['of nothing', []],
    ['of small objects', [10, 20, 30]],
    ['of many pieces', Array.from({ length: 400 }, (_, i) => 1_000 + i)],
    ['of objects larger than a piece', [10, 400_000, 10, 131_072, 300_000]],
  ])('%s is the JSON of its objects', (_, sizes) => {
    const entries = sizes.map((bytes, index) => entry(`map-${index}`, bytes));
    const { text } = sent(entries);
    expect(JSON.parse(text)).toEqual({
      kind: 'ConfigMapList',
      apiVersion: 'v1',
      metadata: { resourceVersion: '7' },
      // Items do not repeat what the list says.
      items: entries.map((one) => ({ ...JSON.parse(Buffer.from(one.bytes).toString('utf8')), apiVersion: undefined, kind: undefined })),
    });
  });

  it('does not touch another list that is being sent', () => {
    const entries = Array.from({ length: 300 }, (_, i) => entry(`map-${i}`, 1_000));
    const [first] = encodedList(kind, { entries, resourceVersion: '1' }).pieces;
    const before = Buffer.from(first ?? []);
    sent(Array.from({ length: 300 }, (_, i) => entry(`other-${i}`, 1_000)));
    expect(Buffer.compare(Buffer.from(first ?? []), before)).toBe(0);
  });
});
