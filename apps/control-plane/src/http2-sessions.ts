// HTTP/2 on connections of the API's HTTPS server whose client chose it (ALPN): each stream becomes a request like those of HTTP/1.1. A
// session has bounds on what it may have open, is closed when it is idle, and ends in good order: what is under way is answered, and the
// client told to go elsewhere with what comes next.
import { constants, createServer, type Http2Server, type ServerHttp2Session } from 'node:http2';
import type { TLSSocket } from 'node:tls';
import { type ServedRequest, type ServedResponse, streamExchange } from '@berth/apiserver';
import type { Clock } from '@berth/telemetry';

/** As in Kubernetes. */
const concurrentStreamsMax = 250;
/** Impersonation may take 256 values, a header each. */
const headersMax = 512;
/** Names and values, as HTTP/1.1 has it here: more is answered with 431. */
const headBytesMax = 16 * 1024;
/** Of heads and bodies that came and were not read; more streams are refused. Each may have its window of 64 KiB full. */
const sessionMegabytesMax = 64;
/** For the answer to a ping. */
const pongMsMax = 15_000;
/** For what is under way when the server stops; nothing new is taken by then. */
const leaveMsMax = 10_000;

type Handler = (request: ServedRequest, response: ServedResponse) => void;

export interface Http2Options {
  clock: Pick<Clock, 'after'>;
  idleMs: number;
  handle: Handler;
  /** With a head that is too large. */
  refuse: (response: ServedResponse) => void;
}

export class Http2Sessions {
  readonly #options: Http2Options;
  readonly #server: Http2Server;
  readonly #open = new Set<ServerHttp2Session>();

  constructor(options: Http2Options) {
    this.#options = options;
    this.#server = createServer({
      settings: {
        enablePush: false,
        maxConcurrentStreams: concurrentStreamsMax,
        // With 32 bytes beside each header (RFC 9113, section 6.5.2), and room to say that it is too large.
        maxHeaderListSize: 4 * headBytesMax,
      },
      maxHeaderListPairs: headersMax,
      maxSessionMemory: sessionMegabytesMax,
    });
  }

  /** Of a connection whose client speaks HTTP/2. */
  accept(socket: TLSSocket): void {
    this.#server.once('session', (session) => this.#begin(session, socket));
    this.#server.emit('connection', socket);
  }

  /** Asks clients to leave; resolves when they have. */
  async stop(): Promise<void> {
    await Promise.all([...this.#open].map((session) => leave(session, this.#options.clock)));
  }

  #begin(session: ServerHttp2Session, socket: TLSSocket): void {
    const { clock, idleMs, handle, refuse } = this.#options;
    this.#open.add(session);
    let streams = 0;
    session.once('close', () => this.#open.delete(session));
    // Whatever ends it is its client's doing or fate; without a listener it would end the process.
    session.on('error', () => session.destroy());
    // Node would call a listener that it is given with the time once only.
    session.on('timeout', () => (streams === 0 ? void leave(session, clock) : answersOrEnds(session, this.#options)));
    session.setTimeout(idleMs);
    session.on('stream', (stream, headers, _flags, rawHeaders) => {
      streams += 1;
      stream.once('close', () => {
        streams -= 1;
      });
      const { request, response } = streamExchange(stream, { headers, rawHeaders: rawHeaders as unknown as string[] }, socket);
      if (headBytes(request.rawHeaders) > headBytesMax) refuse(response);
      else handle(request, response);
    });
  }
}

/**
 * For a connection on which all is quiet and something under way, such as a watch. Its client may be gone; and after a flood (of streams that
 * are called off, of frames that are none) nghttp2 has said goodbye and reads no more, which Node does not notice.
 */
function answersOrEnds(session: ServerHttp2Session, { clock, idleMs }: Pick<Http2Options, 'clock' | 'idleMs'>): void {
  const timer = clock.after(pongMsMax, () => session.destroy());
  session.once('close', timer.cancel);
  const isSent = session.ping(() => {
    timer.cancel();
    session.removeListener('close', timer.cancel);
    // An answer to a ping is nothing that Node counts as a sign of life.
    session.setTimeout(idleMs);
  });
  if (!isSent) session.destroy();
}

function headBytes(rawHeaders: readonly string[]): number {
  let bytes = 0;
  for (const text of rawHeaders) bytes += text.length;
  return bytes;
}

/** With GOAWAY: what is under way ends by itself, for as long as it may. */
function leave(session: ServerHttp2Session, clock: Http2Options['clock']): Promise<void> {
  return new Promise((resolve) => {
    if (session.destroyed) return resolve();
    const timer = clock.after(leaveMsMax, () => session.destroy(undefined, constants.NGHTTP2_NO_ERROR));
    session.once('close', () => {
      timer.cancel();
      resolve();
    });
    session.close();
  });
}
