// Picks free numbers out of a range: the upper part first, so that the lower one stays for those who ask for a number.
import type { Random } from '@berth/telemetry';

const randomProbes = 16;

export interface NumberRange {
  /** Inclusive. */
  from: number;
  /** Inclusive. */
  to: number;
  /** How many of the lowest are handed out only when all others are taken. */
  spared: number;
}

interface Span {
  from: number;
  to: number;
}

/**
 * A free number, or undefined when there is none. `taken` may lag: the commit finds out. No range is gone through number by
 * number before chance was tried in all of them, so that a full one costs little while another has room.
 */
export function pickFree(ranges: NumberRange[], taken: (candidate: number) => boolean, random: Random): number | undefined {
  const uppers = ranges.map((range) => ({ from: boundaryOf(range), to: range.to }));
  const lowers = ranges.map((range) => ({ from: range.from, to: boundaryOf(range) - 1 }));
  return pickFrom(uppers, taken, random) ?? pickFrom(lowers, taken, random);
}

function boundaryOf({ from, to, spared }: NumberRange): number {
  return Math.min(from + spared, to + 1);
}

function pickFrom(all: Span[], taken: (candidate: number) => boolean, random: Random): number | undefined {
  const spans = all.filter(({ from, to }) => from <= to);
  return first(spans, (span) => probe(span, taken, random)) ?? first(spans, (span) => sweep(span, taken, random));
}

function first(spans: Span[], pick: (span: Span) => number | undefined): number | undefined {
  for (const span of spans) {
    const picked = pick(span);
    if (picked !== undefined) return picked;
  }
  return undefined;
}

function probe({ from, to }: Span, taken: (candidate: number) => boolean, random: Random): number | undefined {
  for (let attempt = 0; attempt < randomProbes; attempt++) {
    const candidate = from + random.int(to - from + 1);
    if (!taken(candidate)) return candidate;
  }
  return undefined;
}

function sweep({ from, to }: Span, taken: (candidate: number) => boolean, random: Random): number | undefined {
  const size = to - from + 1;
  const offset = random.int(size);
  for (let step = 0; step < size; step++) {
    const candidate = from + ((offset + step) % size);
    if (!taken(candidate)) return candidate;
  }
  return undefined;
}
