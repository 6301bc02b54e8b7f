// Chance as a port: seeded in simulations and for tie-breaks, the operating system's in production.
import { randomFillSync, randomUUID } from 'node:crypto';

export interface Random {
  /** In [0, 1). */
  next(): number;
  /** An integer in [0, limit). */
  int(limit: number): number;
  uuid(): string;
  /** Letters and digits as Kubernetes' generateName uses them: no vowels, no digits that look like letters. */
  suffix(length: number): string;
}

const suffixAlphabet = 'bcdfghjklmnpqrstvwxz2456789';

function build(next: () => number): Random {
  const int = (limit: number) => Math.floor(next() * limit);
  const hex = (count: number) => Array.from({ length: count }, () => int(16).toString(16)).join('');
  return {
    next,
    int,
    uuid: () => `${hex(8)}-${hex(4)}-4${hex(3)}-${'89ab'[int(4)]}${hex(3)}-${hex(12)}`,
    suffix: (length) => {
      let text = '';
      for (let i = 0; i < length; i++) text += suffixAlphabet[int(suffixAlphabet.length)];
      return text;
    },
  };
}

/** A repeatable sequence (mulberry32) from a 32-bit seed. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return build(() => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  });
}

/** Asking the operating system for every four bytes would cost more than all else that a create does with chance. */
const pool = Buffer.alloc(4096);
let used = pool.length;

function poolNumber(): number {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += 4;
  return pool.readUInt32LE(used - 4) / 2 ** 32;
}

export const systemRandom: Random = { ...build(poolNumber), uuid: () => randomUUID() };
