// What the far side of a proxy answered, as the client gets it: its status, its headers but those that are about one connection, and its
// body, whose links lead back through the proxy.
import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import type { Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import type { ServedResponse } from '../../core/served-message.ts';
import { unreachable } from '../../core/webhooks/index.ts';
import { htmlLinks } from './html-links.ts';
import { type ProxiedPage, rewrittenLink } from './link-rewriting.ts';
import { answerHeaders } from './proxied-headers.ts';

export interface PassedAnswer {
  message: IncomingMessage;
  response: ServedResponse;
  /** Of the request. */
  method: string | undefined;
  /** Absent to leave links as they are. */
  page?: ProxiedPage;
  /** Called once it is known that the answer can be passed on. */
  begun(code: number): Promise<void> | undefined;
}

/** Resolves when the answer is passed on, or broken off. @throws StatusError before its first byte, for what cannot be passed on */
export async function passAnswer({ message, response, method, page, begun }: PassedAnswer): Promise<void> {
  const { statusCode = 502 } = message;
  const headers = headersOf(message);
  const passed = page ? rewritten(message, headers, page, method) : { headers, steps: [] };
  await begun(statusCode);
  response.writeHead(statusCode, passed.headers);
  // A stream may be long in coming to its first byte.
  if (headers['content-length'] === undefined) response.flushHeaders();
  try {
    await pipeline([message, ...passed.steps, response]);
  } catch {
    // Half an answer can only be broken off, which pipeline did.
    response.destroy();
  }
}

interface Rewritten {
  headers: OutgoingHttpHeaders;
  steps: Duplex[];
}

function rewritten(message: IncomingMessage, headers: OutgoingHttpHeaders, page: ProxiedPage, method: string | undefined): Rewritten {
  const { location } = headers;
  if (typeof location === 'string' && location !== '')
    return { headers: { ...headers, location: rewrittenLink(location, page) }, steps: [] };
  const { 'content-type': type = '', 'content-encoding': encoding = '' } = message.headers;
  if (type.split(';', 1)[0]?.trim() !== 'text/html' || (encoding !== '' && encoding !== 'gzip')) return { headers, steps: [] };
  const { 'content-length': _before, ...others } = headers;
  const links = htmlLinks((link) => rewrittenLink(link, page));
  // An answer without a body has nothing to unpack.
  const isPacked = encoding === 'gzip' && method !== 'HEAD' && message.headers['content-length'] !== '0' && message.statusCode !== 304;
  return { headers: others, steps: isPacked ? [createGunzip(), links, createGzip()] : [links] };
}

function headersOf(message: IncomingMessage): OutgoingHttpHeaders {
  try {
    return answerHeaders(message.headers);
  } catch (error) {
    throw unreachable(`error trying to reach service: ${(error as Error).message}`);
  }
}
