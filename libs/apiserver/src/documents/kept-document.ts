// A long document between two readers. Compressed, as nearly all clients want it, it costs a tenth of itself while nobody asks, and little
// each time somebody does.
import { promisify } from 'node:util';
import { constants, gunzip, gzip } from 'node:zlib';
import type { Document } from './document-pieces.ts';

const compress = promisify(gzip);
const uncompress = promisify(gunzip);

export interface KeptDocument {
  gzipped: Buffer;
  hash: string;
}

export async function keptDocument({ bytes, hash }: Document): Promise<KeptDocument> {
  return { gzipped: await compress(bytes, { level: constants.Z_BEST_SPEED }), hash };
}

export function wholeDocument({ gzipped }: KeptDocument): Promise<Buffer> {
  return uncompress(gzipped);
}
