// A stream of an HTTP/2 connection as the pair that requests and answers of HTTP/1.1 come in. They are used by what `Exchange` and its
// users read and call, all of which both have; this is the one place where that is said to the compiler.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ServerHttp2Stream } from 'node:http2';
import type { TLSSocket } from 'node:tls';
import { type StreamHead, StreamRequest } from './stream-request.ts';
import { StreamResponse } from './stream-response.ts';

export interface StreamExchange {
  request: IncomingMessage;
  response: ServerResponse;
}

export function streamExchange(stream: ServerHttp2Stream, head: StreamHead, socket: TLSSocket): StreamExchange {
  const request = new StreamRequest(stream, head, socket);
  const response = new StreamResponse(stream, request.method);
  return { request: request as unknown as IncomingMessage, response: response as unknown as ServerResponse };
}
