// Where in a log file the last N lines begin, found from the end in blocks: the file may be large, the answer is near its end.
import type { FileHandle } from 'node:fs/promises';
import { parseRecord } from './log-lines.ts';

const blockBytes = 64 * 2 ** 10;
const newline = 0x0a;
/** Enough of a record to tell whether it ends a line. */
const prefixBytes = 128;

export interface TailStart {
  /** Of the first record of the tail, in bytes. */
  offset: number;
  /** How many lines the file has too few. */
  missing: number;
}

/** Where the last `lines` lines begin; pieces of a line (P) count as one with what ends it. */
export async function tailStart(file: FileHandle, sizeBytes: number, lines: number): Promise<TailStart> {
  if (lines <= 0) return { offset: sizeBytes, missing: 0 };
  let lineStarts = 0;
  /** Start of the record that was found last, going backwards. */
  let recordStart = sizeBytes;
  const block = Buffer.alloc(blockBytes);
  for (let end = sizeBytes; end > 0; ) {
    const start = Math.max(0, end - blockBytes);
    await file.read(block, 0, end - start, start);
    for (let at = end - start - 1; at >= 0; at--) {
      if (block[at] !== newline) continue;
      // A record ends here, so another one begins after it, unless this is the file's end.
      const next = start + at + 1;
      if (next < sizeBytes) recordStart = next;
      const ends = await endsLine(file, start + at);
      if (!ends) continue;
      if (lineStarts === lines) return { offset: recordStart, missing: 0 };
      lineStarts++;
    }
    end = start;
  }
  return { offset: 0, missing: lines - lineStarts };
}

/** Whether the record that ends at this newline is whole or a line's last piece. */
async function endsLine(file: FileHandle, newlineAt: number): Promise<boolean> {
  const start = await recordStartBefore(file, newlineAt);
  const prefix = Buffer.alloc(Math.min(prefixBytes, newlineAt - start));
  await file.read(prefix, 0, prefix.length, start);
  return parseRecord(prefix)?.partial !== true;
}

async function recordStartBefore(file: FileHandle, newlineAt: number): Promise<number> {
  const block = Buffer.alloc(4 * 2 ** 10);
  for (let end = newlineAt; end > 0; ) {
    const start = Math.max(0, end - block.length);
    await file.read(block, 0, end - start, start);
    const found = block.subarray(0, end - start).lastIndexOf(newline);
    if (found >= 0) return start + found + 1;
    end = start;
  }
  return 0;
}
