// Copies of volumes' files: only what was ever written, so that the reserved rest costs neither time nor space; a second copy writes only
// what differs from the first, which is how the pause of writes stays short on disks that cannot share blocks.
import { type FileHandle, open } from 'node:fs/promises';
import type { RunCommand } from './run-command.ts';

const blockBytes = 4096;
const chunkBytes = 4 * 2 ** 20;
/** One line of `filefrag -v`: number, first and last block in the file, blocks on the disk, length, flags. */
const extentLine = /^\s*\d+:\s*(\d+)\.\.\s*(\d+):.*:\s*([\w, ]*)$/;

export interface Extent {
  start: number;
  end: number;
}

/** In bytes, ascending, without those that were reserved and never written. */
export async function writtenExtents(run: RunCommand, file: string): Promise<Extent[]> {
  const extents: Extent[] = [];
  for (const line of (await run('filefrag', ['-s', '-v', `-b${blockBytes}`, file])).split('\n')) {
    const [, first, last, flags = ''] = extentLine.exec(line) ?? [];
    if (first === undefined || /unwritten/.test(flags)) continue;
    const [start, end] = [Number(first) * blockBytes, (Number(last) + 1) * blockBytes];
    const before = extents.at(-1);
    if (before && before.end === start) before.end = end;
    else extents.push({ start, end });
  }
  return extents;
}

export function extentBytes(extents: readonly Extent[]): number {
  return extents.reduce((sum, { start, end }) => sum + end - start, 0);
}

/**
 * @param target is there, and at least as large
 * @param onlyDifferences reads what the target has, and leaves what is the same
 * @throws the signal's reason, between two chunks
 */
export async function copyExtents(
  source: string,
  target: string,
  extents: readonly Extent[],
  { onlyDifferences = false, signal }: { onlyDifferences?: boolean; signal?: AbortSignal } = {},
): Promise<void> {
  await using from = await open(source, 'r');
  await using to = await open(target, 'r+');
  const { size } = await from.stat();
  const [wanted, present] = [Buffer.allocUnsafe(chunkBytes), Buffer.allocUnsafe(onlyDifferences ? chunkBytes : 0)];
  for (const extent of extents) {
    for (let at = extent.start; at < Math.min(extent.end, size); at += chunkBytes) {
      signal?.throwIfAborted();
      const length = Math.min(chunkBytes, extent.end - at, size - at);
      const chunk = wanted.subarray(0, length);
      await readFully(from, chunk, at);
      if (onlyDifferences) {
        const known = present.subarray(0, length);
        await readFully(to, known, at);
        if (known.equals(chunk)) continue;
      }
      await to.writev([chunk], at);
    }
  }
}

async function readFully(file: FileHandle, into: Buffer, position: number): Promise<void> {
  for (let done = 0; done < into.length; ) {
    const { bytesRead } = await file.read(into, done, into.length - done, position + done);
    // Beyond its end a file reads as what a hole does.
    if (bytesRead === 0) {
      into.fill(0, done);
      return;
    }
    done += bytesRead;
  }
}
