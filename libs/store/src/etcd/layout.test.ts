// What a value in etcd holds beside itself, and what values of builds before hold.
import type { IKeyValue } from 'etcd3';
import { expect, test } from 'vitest';
import { Layout } from './layout.ts';

const layout = new Layout('/berth');

function kept(value: Buffer): IKeyValue {
  return { key: layout.key('/a'), value, create_revision: '3', mod_revision: '5', version: '2', lease: '0' };
}

test('a value is read back with its place and origin, whatever bytes are in it', () => {
  for (const value of [new Uint8Array(), new Uint8Array([0]), new Uint8Array([255, 128, 0, 1]), new Uint8Array(70_000).fill(7)]) {
    for (const origin of [{ atMs: 0 }, { atMs: 1_800_000_000_000, author: 'create\nkubectl\nann' }, { atMs: 1, author: 'é'.repeat(500) }]) {
      for (const place of [0, 1, 49, 63]) {
        const kv = kept(layout.value(place, value, origin));
        expect(layout.origin(kv)).toEqual(origin);
        expect(layout.place(kv)).toBe(place);
        expect(layout.keyValue(kv)).toMatchObject({ key: '/a', createRevision: 3 * 64, modRevision: 5 * 64 + place, version: 2 });
        expect(Buffer.compare(layout.keyValue(kv).value, value)).toBe(0);
      }
    }
  }
});

test('a value that a build before wrote has a place and no origin', () => {
  const kv = kept(Buffer.from([7, 0x7b, 0x7d]));
  expect(layout.origin(kv)).toBeUndefined();
  expect(layout.keyValue(kv)).toMatchObject({ modRevision: 5 * 64 + 7, value: Buffer.from('{}') });
  const note = { ...kept(Buffer.from('{"place":3,"keys":["/a"]}')), key: Buffer.from('/berth.order/3') };
  expect(layout.noteIn(note)).toEqual({ place: 3, keys: ['/a'] });
});
