// A stream of an HTTP/2 connection as the pair that requests and answers of HTTP/1.1 come in.
import type { ServerHttp2Stream } from 'node:http2';
import type { TLSSocket } from 'node:tls';
import type { ServedRequest, ServedResponse } from '../../core/served-message.ts';
import { type StreamHead, StreamRequest } from './stream-request.ts';
import { StreamResponse } from './stream-response.ts';

export interface StreamExchange {
  request: ServedRequest;
  response: ServedResponse;
}

export function streamExchange(stream: ServerHttp2Stream, head: StreamHead, socket: TLSSocket): StreamExchange {
  const request = new StreamRequest(stream, head, socket);
  return { request, response: new StreamResponse(stream, request.method) };
}
