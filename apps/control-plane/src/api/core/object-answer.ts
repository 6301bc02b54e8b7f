// What a request on one object answers with: the object's bytes, and the object itself for whoever asks for it.
import type { Entry } from './object-codec.ts';
import type { Answer } from './types.ts';

export function answer(entry: Entry, code: number, warnings: string[]): Answer {
  return {
    code,
    warnings,
    get bytes() {
      return entry.bytes;
    },
    get object() {
      return entry.object;
    },
  };
}
