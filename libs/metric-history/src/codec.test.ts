// Whatever is measured comes back from blocks and journals as it was, torn and damaged ones aside, which are known for what they are.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DamagedBlock, decodeHead, encodeBlock } from './block.ts';
import { ByteReader, ByteWriter } from './bytes.ts';
import { JournalEncoder, journalTicks, type Tick } from './journal.ts';
import { decodeColumn, encodeColumn } from './value-codec.ts';

const value = fc.oneof(
  fc.constantFrom(Number.NaN, 0, -0, 1, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 2 ** 53, -(2 ** 60), 1e-9),
  fc.integer(),
  fc.nat(5),
  fc.integer({ min: 0, max: 1e12 }).map((millionths) => millionths / 1e6),
  fc.double(),
);
const columns = fc
  .integer({ min: 1, max: 20 })
  .chain((length) =>
    fc
      .dictionary(fc.string({ maxLength: 10 }), fc.array(value, { minLength: length, maxLength: length }), { maxKeys: 8 })
      .map((found) => ({ length, found })),
  );
const noTurn = async () => {};

describe('a column', () => {
  it('comes back as it was', () => {
    fc.assert(
      fc.property(fc.array(value, { maxLength: 80 }), (values) => {
        const writer = new ByteWriter();
        encodeColumn(writer, Float64Array.from(values));
        expect([...decodeColumn(new ByteReader(writer.taken()), values.length)]).toEqual(values);
      }),
    );
  });

  it('takes a few bytes where nothing changes, and a few for each that counts seconds', () => {
    const size = (values: number[]) => {
      const writer = new ByteWriter();
      encodeColumn(writer, Float64Array.from(values));
      return writer.length;
    };
    expect(size(new Array(60).fill(123_456_789))).toBeLessThan(8);
    expect(size(Array.from({ length: 60 }, (_none, index) => 100 + (index * 123_457) / 1e6))).toBeLessThan(60 * 4);
  });
});

describe('a block', () => {
  it('comes back as it was', async () => {
    await fc.assert(
      fc.asyncProperty(columns, async ({ length, found }) => {
        const timesMs = Array.from({ length }, (_none, index) => 1.7e12 + index * 30_000);
        const bytes = await encodeBlock(
          timesMs,
          new Map(Object.entries(found).map(([key, values]) => [key, Float64Array.from(values)])),
          noTurn,
        );
        const head = await decodeHead(bytes, noTurn);
        expect(head.timesMs).toEqual(timesMs);
        const read = head.keys.map((key, index) => [key, [...decodeColumn(new ByteReader(bytes, head.offsets[index]), length)]]);
        expect(Object.fromEntries(read)).toEqual({ ...found });
      }),
    );
  });

  it('is refused when any byte is another, or it ends early', async () => {
    const bytes = await encodeBlock([1000, 2000], new Map([['a', Float64Array.of(1, 2)]]), noTurn);
    for (let index = 0; index < bytes.length; index++) {
      const damaged = bytes.slice();
      damaged[index] = (damaged[index] ?? 0) ^ 0x10;
      await expect(decodeHead(damaged, noTurn)).rejects.toThrow(DamagedBlock);
      await expect(decodeHead(bytes.slice(0, index), noTurn)).rejects.toThrow(DamagedBlock);
    }
  });
});

describe('a journal', () => {
  const ticks = fc.array(
    fc.dictionary(
      fc.constantFrom('a', 'b', 'c', 'd'),
      value.filter((one) => !Number.isNaN(one)),
    ),
    { maxLength: 8 },
  );

  it('has every whole frame, wherever it ends', async () => {
    await fc.assert(
      fc.asyncProperty(ticks, fc.nat(40), async (found, cut) => {
        const written: Tick[] = found.map((values, index) => ({ atMs: index * 30_000, values: new Map(Object.entries(values)) }));
        const encoder = new JournalEncoder();
        const frames: Uint8Array[] = [];
        for (const tick of written) frames.push(await encoder.frame(tick, noTurn));
        const whole = Buffer.concat(frames);
        expect([...journalTicks(whole)]).toEqual(written);
        const last = frames.at(-1)?.length ?? 0;
        const torn = whole.subarray(0, whole.length - Math.min(last, cut));
        expect([...journalTicks(torn)]).toEqual(cut === 0 ? written : written.slice(0, -1));
      }),
    );
  });
});
