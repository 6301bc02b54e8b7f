// Reads requests' bodies: only of who may do what they ask for, outside of the seats of flow control, for no longer than a body may take
// and within a bound on what all bodies take in memory. Who sends slowly keeps nobody waiting but itself.
import { StatusError } from '@berth/machinery';
import type { Clock } from '@berth/telemetry';
import type { ServedRequest, ServedResponse } from '../core/served-message.ts';

export const bodyBytesMax = 3 * 1024 * 1024;
/** As Kubernetes gives to a request as a whole. */
const bodyMsMax = 60_000;
/** Of bodies that are read, or wait for their seat, in all. */
const heldBytesMax = 512 * 1024 * 1024;
/** Of what one user may hold of it. */
const userShare = 0.25;

/** What is left of a body that nobody reads is taken for this long and this far, so that its client reads the answer. */
const discardMsMax = 500;
const discardBytesMax = 4 * 1024 * 1024;

export interface Body {
  bytes: Buffer;
  /** Once the body's request has its seat: what runs is bounded by those. */
  release(): void;
}

interface Exchange {
  request: ServedRequest;
  response: ServedResponse;
}

export class BodyReader {
  readonly #clock: Clock;
  readonly #heldBytesMax: number;
  readonly #heldByUser = new Map<string, number>();
  #heldBytes = 0;

  constructor(clock: Clock, limits: { heldBytesMax?: number } = {}) {
    this.#clock = clock;
    this.#heldBytesMax = limits.heldBytesMax ?? heldBytesMax;
  }

  /** @throws StatusError 413, 429, 504, or 400 when the client went away */
  async read(exchange: Exchange, user: string): Promise<Body> {
    const { request } = exchange;
    const declared = Number(request.headers['content-length'] ?? 0);
    if (declared > bodyBytesMax) throw tooLarge();
    allowBody(exchange);
    let held = 0;
    const release = () => {
      this.#hold(user, -held);
      held = 0;
    };
    const take = (bytes: number) => {
      held += bytes;
      return this.#hold(user, bytes);
    };
    try {
      const bytes = await this.#chunks(request, take);
      return { bytes, release };
    } catch (error) {
      release();
      throw error;
    }
  }

  /** What is still held, for tests. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  #chunks(request: ServedRequest, take: (bytes: number) => boolean): Promise<Buffer> {
    // Iterating over the request would cost three times as much.
    return new Promise((resolve, reject) => {
      const chunks: Buffer[] = [];
      let size = 0;
      const refuse = (error: Error) => {
        timer.cancel();
        request.off('data', add);
        request.pause();
        reject(error);
      };
      const add = (chunk: Buffer) => {
        size += chunk.length;
        chunks.push(chunk);
        const isWithin = take(chunk.length);
        if (size > bodyBytesMax) refuse(tooLarge());
        else if (!isWithin) refuse(StatusError.tooManyRequests('too many bodies of requests are being read, please try again later', 1));
      };
      const timer = this.#clock.after(bodyMsMax, () =>
        refuse(StatusError.timeout(`the body of the request did not come within ${bodyMsMax / 1000} s`)),
      );
      request.on('data', add);
      request.on('end', () => {
        timer.cancel();
        resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks));
      });
      // ECONNRESET is Node's word for a connection that ended before its request did.
      request.on('error', (error: NodeJS.ErrnoException) => refuse(error.code === 'ECONNRESET' ? cutOff() : error));
      // It may have gone while the request was looked at.
      if (request.destroyed) refuse(cutOff());
    });
  }

  /** False when that is more than there may be. */
  #hold(user: string, bytes: number): boolean {
    if (bytes === 0) return true;
    this.#heldBytes += bytes;
    const own = (this.#heldByUser.get(user) ?? 0) + bytes;
    if (own > 0) this.#heldByUser.set(user, own);
    else this.#heldByUser.delete(user);
    return this.#heldBytes <= this.#heldBytesMax && own <= this.#heldBytesMax * userShare;
  }
}

/** Lets a client go on that asked first whether its body is welcome; nothing is read from it before. */
export function allowBody({ request, response }: Exchange): void {
  if (asksFirst(request) && !response.headersSent) response.writeContinue();
}

function asksFirst(request: ServedRequest): boolean {
  const { expect } = request.headers;
  return expect !== undefined && request.httpVersion !== '1.0' && /(?:^|\W)100-continue(?:$|\W)/i.test(expect);
}

/**
 * Before a request is refused whose body is not wanted. Closed at once, the connection would be reset by what is still under way, and the
 * client would see that in place of its answer.
 */
export function discarded(request: ServedRequest, clock: Clock): Promise<void> | undefined {
  if (request.complete || request.destroyed || asksFirst(request)) return undefined;
  return new Promise((resolve) => {
    let bytes = 0;
    const count = (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > discardBytesMax) done();
    };
    const done = () => {
      timer.cancel();
      request.off('data', count).off('end', done).off('close', done);
      request.pause();
      resolve();
    };
    const timer = clock.after(discardMsMax, done);
    request.on('data', count).on('end', done).on('close', done);
    request.resume();
  });
}

function cutOff(): StatusError {
  return StatusError.badRequest('the request ended before its body did');
}

function tooLarge(): StatusError {
  return StatusError.tooLarge(`limit is ${bodyBytesMax}`);
}
