// Waiting for a slow reader, without waiting for one that is gone.
import type { Writable } from 'node:stream';

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
