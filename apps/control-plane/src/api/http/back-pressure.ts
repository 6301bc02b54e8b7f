// Waiting for a slow reader, without waiting for one that is gone.
import { once } from 'node:events';
import type { Writable } from 'node:stream';

/** Resolves when there is room again, or nobody to write to any more. */
export async function drained(stream: Writable): Promise<void> {
  if (stream.destroyed || !stream.writableNeedDrain) return;
  const ended = new AbortController();
  try {
    const options = { signal: ended.signal };
    await Promise.race([once(stream, 'drain', options), once(stream, 'close', options)]);
  } finally {
    // Whichever did not happen rejects with the abort, and is no longer waited for.
    ended.abort();
  }
}
