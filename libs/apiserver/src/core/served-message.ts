// Requests and answers as what serves them may read and call them: what HTTP/1.1 has from Node and streams of HTTP/2 have from us
// (`http/http2`). A method that only one of the two has does not compile, instead of failing on the other when it is called.
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { Readable, Writable } from 'node:stream';

type RequestParts =
  | 'complete'
  | 'headers'
  | 'headersDistinct'
  | 'httpVersion'
  | 'httpVersionMajor'
  | 'method'
  | 'rawHeaders'
  | 'socket'
  | 'url';

/** `socket` names its connection: nothing is read from it or written to it. */
export type ServedRequest = Readable & Pick<IncomingMessage, RequestParts>;

export type HeaderValue = number | string | readonly string[];

export interface ServedResponse extends Writable, Pick<ServerResponse, 'chunkedEncoding' | 'flushHeaders' | 'headersSent' | 'statusCode'> {
  setHeader(name: string, value: HeaderValue): unknown;
  appendHeader(name: string, value: string): unknown;
  hasHeader(name: string): boolean;
  writeHead(statusCode: number, headers?: OutgoingHttpHeaders): ServedResponse;
  writeContinue(): void;
}
