// One request to what is behind a proxy. Whatever the far side does (answer odd things, hold, break off at any byte), it ends here as an
// answer or as an error that says so: every part of the connection has a listener for its errors from its first moment to its last.
import { Agent, type ClientRequest, request as httpRequest, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http';
import type { Duplex } from 'node:stream';
import { connect as tlsConnect } from 'node:tls';
import { StatusError } from '@berth/machinery';
import { unreachable } from './service-endpoints.ts';

/** A request that is passed on as it came. */
export interface PassedRequest {
  method: string | undefined;
  /** Begins with `/`, query included. */
  path: string;
  headers: OutgoingHttpHeaders;
  signal: AbortSignal;
  /** Whether a connection may be one that was kept, and be kept: for what is short and may be sent again. */
  keeps?: boolean;
}

export interface FarRequestOptions {
  method: string | undefined;
  /** Begins with `/`, query included. */
  path: string;
  headers: OutgoingHttpHeaders;
  /** Whether the far side speaks TLS. */
  secure: boolean;
}

export interface FarAnswer {
  message: IncomingMessage;
  /** The connection and what came on it already, once the far side has switched protocols. */
  switched?: { stream: Duplex; head: Buffer };
}

const lastStatus = 999;

export class FarRequest {
  /** Takes the request's body. */
  readonly body: ClientRequest;
  /** @throws StatusError ServiceUnavailable when there is none that could be passed on */
  readonly answer: Promise<FarAnswer>;
  readonly #stream: Duplex | undefined;
  #switched: Duplex | undefined;
  #wasLost = false;

  /** @param way a connection, which is closed with the request, or who has some that are kept and secure */
  constructor(way: Duplex | Agent, { secure, ...options }: FarRequestOptions) {
    if (way instanceof Agent) this.body = httpRequest({ ...options, agent: way });
    else {
      this.#stream = way;
      // Errors reach whoever waits for the answer, or break off what is passed on; nobody else wants them.
      way.on('error', ignored);
      this.body = httpRequest({
        ...options,
        // Nobody can know which names a pod's certificate has; the tunnel itself is authenticated.
        createConnection: () => (secure ? owned(tlsConnect({ socket: way, rejectUnauthorized: false })) : way),
      });
    }
    this.answer = new Promise((resolve, reject) => {
      const settle = (answer: FarAnswer) => {
        answer.message.on('error', ignored);
        const { statusCode = 0 } = answer.message;
        if (statusCode >= 200 && statusCode <= lastStatus) resolve(answer);
        else reject(failed(new Error(`malformed HTTP status code "${statusCode}"`)));
      };
      this.body.on('response', (message) => settle({ message }));
      this.body.on('upgrade', (message, switched: Duplex, head) => {
        this.#switched = owned(switched);
        message.on('error', ignored);
        resolve({ message, switched: { stream: switched, head } });
      });
      this.body.on('error', (error: NodeJS.ErrnoException) => {
        this.#wasLost = this.body.reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
        reject(error instanceof StatusError ? error : failed(error));
      });
      // Some ends come without an error.
      this.body.on('close', () => reject(failed(new Error('EOF'))));
    });
    // Who gives up before there is an answer does not wait for it.
    this.answer.catch(ignored);
  }

  /** Whether there was no answer since a kept connection had ended unnoticed: the far side has seen nothing of the request. */
  get wasLost(): boolean {
    return this.#wasLost;
  }

  /** Also in the middle of an answer. A kept connection whose answer is whole stays. */
  close(): void {
    this.#switched?.destroy();
    this.body.destroy();
    this.#stream?.destroy();
  }
}

function ignored(): void {}

function owned<Stream extends Duplex>(stream: Stream): Stream {
  return stream.on('error', ignored);
}

function failed(error: Error): Error {
  return unreachable(`error trying to reach service: ${error.message}`);
}
