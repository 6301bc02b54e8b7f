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

/** Resolves when the bytes have left, so that their memory can be used again, or when nobody reads them any more. */
export function written(stream: Writable, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      stream.off('close', done);
      resolve();
    };
    stream.on('close', done);
    stream.write(bytes, done);
  });
}
