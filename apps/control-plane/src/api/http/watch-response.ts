// A watch over HTTP: one JSON line an event, in chunks, for as long as the client reads. A client that does not read makes
// us wait, so that what piles up does so in the core's bounded stream, which then drops the watcher.
import type { ServerResponse } from 'node:http';
import { StatusError } from '@berth/machinery';
import type { Random } from '@berth/telemetry';
import type { WatchHandle } from '../core/types.ts';
import { drained } from './back-pressure.ts';
import type { WatchFormat } from './representation.ts';

const defaultTimeoutMs = 30 * 60 * 1000;
/** Beyond, timers overflow; clients watch again. */
const timeoutMsMax = 24 * 60 * 60 * 1000;
/** Lines that are ready go out together, up to this size. */
const batchBytesMax = 64 * 1024;

/** How long a watch may last: what was asked for, else between 30 and 60 minutes, so that clients do not return together. */
export function watchTimeoutMs(timeoutSeconds: number | undefined, random: Random): number {
  if (timeoutSeconds) return Math.min(timeoutSeconds * 1000, timeoutMsMax);
  return defaultTimeoutMs + Math.floor(random.next() * defaultTimeoutMs);
}

/** Resolves when the watch has ended, for whatever reason. */
export async function streamWatch(response: ServerResponse, handle: WatchHandle, format: WatchFormat): Promise<void> {
  response.writeHead(200, { 'content-type': format.contentType, 'cache-control': 'no-cache, private' });
  response.flushHeaders();
  const writer = new BatchWriter(response);
  try {
    for await (const item of handle) {
      await writer.write(format.encode(item));
      if (response.destroyed) return;
    }
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    await writer.write(format.encodeError(error.status));
  }
  writer.flush();
  response.end();
}

/** Joins lines written in the same turn of the event loop into one chunk: one TLS record instead of many. */
class BatchWriter {
  readonly #response: ServerResponse;
  #lines: Uint8Array[] = [];
  #bytes = 0;
  #scheduled = false;

  constructor(response: ServerResponse) {
    this.#response = response;
  }

  async write(line: Uint8Array): Promise<void> {
    this.#lines.push(line);
    this.#bytes += line.length;
    if (this.#bytes >= batchBytesMax) this.flush();
    else this.#schedule();
    await drained(this.#response);
  }

  flush(): void {
    if (this.#lines.length === 0 || this.#response.destroyed) return;
    const lines = this.#lines;
    this.#lines = [];
    this.#bytes = 0;
    this.#response.write(lines.length === 1 ? lines[0] : Buffer.concat(lines));
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.flush();
    });
  }
}
