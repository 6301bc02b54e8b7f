// What a request on one object answers with: the object's bytes, and the object itself for whoever asks for it.
import type { KubeObject } from '@berth/machinery';
import { toBytes } from './object-codec.ts';
import type { Answer, Encoded } from './types.ts';

export function answer(entry: Encoded, code: number, warnings: string[]): Answer {
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

/** Of an object that is not stored: made as bytes once somebody wants them. */
export function computed(object: KubeObject): Encoded {
  let bytes: Uint8Array | undefined;
  return {
    object,
    get bytes() {
      bytes ??= toBytes(object);
      return bytes;
    },
  };
}

export function computedAnswer(object: KubeObject, code: number, warnings: string[] = []): Answer {
  return answer(computed(object), code, warnings);
}
