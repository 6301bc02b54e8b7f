// A connection whose client wants to switch protocols. HTTP has let go of it already, so that until it is known whether the client gets
// what it wants, and when it does not, this is where it is answered: once, as the last thing on the connection.
import { type IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { RequestRecord } from '../audit/auditor.ts';

export class Upgraded {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  /** What came behind the request's head. */
  readonly head: Buffer;
  /** Of an answer instead of the switch; nothing of it goes out before `answer` is called. */
  readonly response: ServerResponse;
  #code: number | undefined;

  constructor(request: IncomingMessage, socket: Duplex, head: Buffer) {
    this.request = request;
    this.socket = socket;
    this.head = head;
    this.response = new ServerResponse(request);
    this.response.shouldKeepAlive = false;
  }

  /** Of what has begun; undefined until then. */
  get code(): number | undefined {
    return this.#code;
  }

  /** Before the first byte. From then on, only breaking off can say that something failed. */
  async begun(code: number, audit: RequestRecord | undefined): Promise<void> {
    this.#code = code;
    await audit?.started(code);
  }

  /** Lets the answer out. */
  answer(): ServerResponse {
    const { response, socket } = this;
    response.on('error', () => socket.destroy());
    socket.on('drain', () => response.emit('drain'));
    response.on('finish', () => socket.end());
    response.assignSocket(socket as Socket);
    return response;
  }
}
