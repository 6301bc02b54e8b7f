// A watch over HTTP: one JSON line an event, in chunks, for as long as the client reads. A client that does not read makes
// us wait, so that what piles up does so in the core's bounded stream, which then drops the watcher.
import { StatusError } from '@berth/machinery';
import { drained } from '@berth/protocol';
import type { Random } from '@berth/telemetry';
import type { ServedResponse } from '../core/served-message.ts';
import type { WatchHandle, WatchItem } from '../core/types.ts';
import type { WatchFormat } from './representation.ts';

const defaultTimeoutMs = 30 * 60 * 1000;
/** Beyond, timers overflow; clients watch again. */
const timeoutMsMax = 24 * 60 * 60 * 1000;
/** Lines that are ready go out together, up to this size. */
const batchBytesMax = 64 * 1024;

/** How long a watch may last: what was asked for, which may be less than nothing, else between 30 and 60 minutes, so that clients do not return together. */
export function watchTimeoutMs(timeoutSeconds: number | undefined, random: Random): number {
  if (timeoutSeconds) return Math.min(Math.max(timeoutSeconds, 0) * 1000, timeoutMsMax);
  return defaultTimeoutMs + Math.floor(random.next() * defaultTimeoutMs);
}

/** Resolves when the watch has ended, for whatever reason. */
export async function streamWatch(response: ServedResponse, handle: WatchHandle, format: WatchFormat, joins: SharedJoins): Promise<void> {
  response.writeHead(200, { 'content-type': format.contentType, 'cache-control': 'no-cache, private' });
  response.flushHeaders();
  const frame = framing(response);
  try {
    while (!response.destroyed) {
      const isOver = handle.ended;
      const lines = readyLines(handle, format);
      if (lines.length > 0) {
        response.write(joins.join(lines, frame));
        await drained(response);
      } else {
        if (isOver) break;
        await handle.ready();
      }
    }
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    response.write(frame(format.encodeError(error.status)));
  }
  response.end(frame(noBytes));
}

type Frame = (bytes: Uint8Array) => Uint8Array;

const noBytes = Buffer.alloc(0);
const lineEnd = Buffer.from('\r\n');

/**
 * How pieces of this body are framed. Node would write a chunk's length, bytes and line ends as four pieces for every watcher,
 * which TLS copies together each time; framed here, a piece that watchers share goes out as it is.
 */
function framing(response: ServedResponse): Frame {
  // An HTTP/1.0 client gets no chunks; the end of the connection is the end of its watch.
  if (!response.chunkedEncoding) return asItIs;
  response.chunkedEncoding = false;
  return asChunk;
}

/** RFC 9112, section 7.1. */
function asChunk(bytes: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, lineEnd]);
}

function asItIs(bytes: Uint8Array): Uint8Array {
  return bytes;
}

/** All that can be sent now, up to the size of a batch. */
function readyLines(handle: WatchHandle, format: WatchFormat): Uint8Array[] {
  const lines: Uint8Array[] = [];
  for (let bytes = 0; bytes < batchBytesMax; ) {
    const item = take(handle, lines.length > 0);
    if (!item) break;
    const line = format.encode(item);
    if (!line) {
      handle.close();
      break;
    }
    lines.push(line);
    bytes += line.length;
  }
  return lines;
}

/** A failure waits until what came before it is sent. */
function take(handle: WatchHandle, isFailureLater: boolean): WatchItem | undefined {
  try {
    return handle.take();
  } catch (error) {
    if (isFailureLater) return undefined;
    throw error;
  }
}

/**
 * Lines joined into one piece, which becomes few TLS records instead of many. Watchers that ask for the same are woken one
 * after the other with the same lines, so the last piece usually serves all of them and is copied once.
 */
export class SharedJoins {
  #lines: Uint8Array[] = [];
  #frame: Frame = asItIs;
  #piece: Uint8Array = noBytes;

  join(lines: Uint8Array[], frame: Frame): Uint8Array {
    if (frame !== this.#frame || !isSame(lines, this.#lines)) {
      this.#lines = lines;
      this.#frame = frame;
      this.#piece = frame(Buffer.concat(lines));
    }
    return this.#piece;
  }
}

function isSame(lines: Uint8Array[], others: Uint8Array[]): boolean {
  if (lines.length !== others.length) return false;
  for (let i = 0; i < lines.length; i++) if (lines[i] !== others[i]) return false;
  return true;
}
