// Values as differences from what they were before, each in as few bytes as it needs: most metrics do not change from one sample to the
// next, and what changes counts things or hundredths of seconds. NaN stands for "there is none".
import type { ByteReader, ByteWriter } from './bytes.ts';

/** In the lowest bits of a word; above them a count, or a difference with its sign in the lowest bit. */
const same = 0;
const absent = 1;
const whole = 2;
const millionths = 3;
const raw = 4;
const kinds = 8;
/** Beyond, a difference and its kind do not fit in a number. */
const differenceMax = 2 ** 48;
const perUnit = 1e6;

export interface EncodedRun {
  kind: typeof same | typeof absent;
  length: number;
}

/** @param previous of each value, what it is the difference from; NaN for none */
export function encodeValues(writer: ByteWriter, values: ArrayLike<number>, previous: ArrayLike<number>): void {
  let run: EncodedRun = { kind: same, length: 0 };
  const endRun = () => {
    if (run.length > 0) writer.varint(run.length * kinds + run.kind);
  };
  for (let index = 0; index < values.length; index++) {
    const value = values[index] ?? Number.NaN;
    const before = previous[index] ?? Number.NaN;
    const kind = Number.isNaN(value) ? absent : Object.is(value, before) ? same : undefined;
    if (kind !== undefined && kind === run.kind) {
      run.length++;
      continue;
    }
    endRun();
    run = { kind: kind ?? same, length: kind === undefined ? 0 : 1 };
    if (kind === undefined) encodeChange(writer, value, Number.isNaN(before) ? 0 : before);
  }
  endRun();
}

function encodeChange(writer: ByteWriter, value: number, before: number): void {
  const difference = value - before;
  if (Math.abs(difference) <= differenceMax && Number.isInteger(difference) && Object.is(before + difference, value)) {
    writer.varint(signed(difference) * kinds + whole);
    return;
  }
  const fine = Math.round(value * perUnit) - Math.round(before * perUnit);
  if (Math.abs(fine) <= differenceMax && Object.is(finely(before, fine), value)) {
    writer.varint(signed(fine) * kinds + millionths);
    return;
  }
  writer.varint(raw);
  writer.float(value);
}

/** @param previous of a value, given its place; values before it are decoded by then @throws RangeError for bytes that are none */
export function decodeValues(reader: ByteReader, into: Float64Array, previous: (index: number) => number): void {
  let index = 0;
  while (index < into.length) {
    const word = reader.varint();
    const kind = word % kinds;
    const amount = Math.floor(word / kinds);
    if (kind === same || kind === absent) {
      const end = index + amount;
      if (amount === 0 || end > into.length) throw new RangeError('a run of values that is longer than all of them');
      for (; index < end; index++) into[index] = kind === absent ? Number.NaN : previous(index);
      continue;
    }
    const known = previous(index);
    const before = Number.isNaN(known) ? 0 : known;
    if (kind === whole) into[index] = before + unsigned(amount);
    else if (kind === millionths) into[index] = finely(before, unsigned(amount));
    else if (kind === raw) into[index] = reader.float();
    else throw new RangeError(`a value of kind ${kind}`);
    index++;
  }
}

function finely(before: number, difference: number): number {
  return (Math.round(before * perUnit) + difference) / perUnit;
}

function signed(value: number): number {
  return value < 0 ? -value * 2 - 1 : value * 2;
}

function unsigned(value: number): number {
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
}

/** One series over time: each value follows the last that there was. */
export function encodeColumn(writer: ByteWriter, column: Float64Array): void {
  const previous = new Float64Array(column.length);
  let last = Number.NaN;
  for (let index = 0; index < column.length; index++) {
    previous[index] = last;
    const value = column[index] ?? Number.NaN;
    if (!Number.isNaN(value)) last = value;
  }
  encodeValues(writer, column, previous);
}

export function decodeColumn(reader: ByteReader, length: number): Float64Array {
  const column = new Float64Array(length);
  let last = Number.NaN;
  let seen = 0;
  decodeValues(reader, column, (index) => {
    for (; seen < index; seen++) {
      const before = column[seen] ?? Number.NaN;
      if (!Number.isNaN(before)) last = before;
    }
    return last;
  });
  return column;
}
