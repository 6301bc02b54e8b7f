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

/** A free number, or undefined when there is none. `taken` may lag: the commit finds out. */
export function pickFree(range: NumberRange, taken: (candidate: number) => boolean, random: Random): number | undefined {
  const boundary = Math.min(range.from + range.spared, range.to + 1);
  return pickBetween(boundary, range.to, taken, random) ?? pickBetween(range.from, boundary - 1, taken, random);
}

function pickBetween(from: number, to: number, taken: (candidate: number) => boolean, random: Random): number | undefined {
  const size = to - from + 1;
  if (size <= 0) return undefined;
  for (let probe = 0; probe < randomProbes; probe++) {
    const candidate = from + random.int(size);
    if (!taken(candidate)) return candidate;
  }
  const offset = random.int(size);
  for (let step = 0; step < size; step++) {
    const candidate = from + ((offset + step) % size);
    if (!taken(candidate)) return candidate;
  }
  return undefined;
}
