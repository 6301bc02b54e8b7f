// Waiting for a slow reader, without waiting for one that is gone.
import type { Writable } from 'node:stream';

/** Resolves when there is room again, or nobody to write to any more; undefined when there is no need to wait. */
export function drained(stream: Writable): Promise<void> | undefined {
  if (stream.destroyed || !stream.writableNeedDrain) return undefined;
  return new Promise((resolve) => {
    const done = () => {
      stream.off('drain', done);
      stream.off('close', done);
      resolve();
    };
    stream.on('drain', done);
    stream.on('close', done);
  });
}

/** Writes what one that is still there can take, at once. Resolves as `drained` does. */
export function writeDrained(stream: Writable, bytes: Uint8Array): Promise<void> | undefined {
  if (!stream.writable) return undefined;
  stream.write(bytes);
  return drained(stream);
}
