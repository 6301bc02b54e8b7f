// Which headers pass a proxy, and as what: none that are about one connection (RFC 9110, section 7.6.1), none that prove a client to this
// server alone, and none that could not be written again.
import {
  type IncomingHttpHeaders,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  validateHeaderName,
  validateHeaderValue,
} from 'node:http';
import { posix } from 'node:path';
import type { ServedRequest } from '../../core/served-message.ts';

const ownHeaders = ['connection', 'keep-alive', 'proxy-authenticate', 'proxy-authorization', 'proxy-connection', 'te', 'trailer'];
const hopHeaders = new Set([...ownHeaders, 'transfer-encoding', 'upgrade']);
const credentials = ['authorization', 'impersonate-user', 'impersonate-group', 'impersonate-uid'];

/** @param base what comes before the path that the far side sees */
export function requestHeaders({ headers, socket }: ServedRequest, base: string, path: string): OutgoingHttpHeaders {
  const passed = Object.entries(endToEnd(headers)).filter(
    // Whether to send the body, this server has said itself.
    ([name]) => name !== 'expect' && !credentials.includes(name) && !name.startsWith('impersonate-extra-'),
  );
  const forwarded = [headers['x-forwarded-for'], socket.remoteAddress].filter((item) => item !== undefined).join(', ');
  return {
    ...Object.fromEntries(passed),
    'x-forwarded-for': forwarded,
    'x-forwarded-uri': forwardedPath(base, path),
    // Of unknown length there, too; without it, a method that seldom has a body would send it without framing.
    ...(headers['transfer-encoding'] !== undefined && { 'transfer-encoding': 'chunked' }),
  };
}

function forwardedPath(base: string, path: string): string {
  const [plain = ''] = path.split('?', 1);
  const joined = posix.join(base, plain);
  return plain.endsWith('/') && !joined.endsWith('/') ? `${joined}/` : joined;
}

/** Which pages of other origins may read the answer is this server's to say. */
const corsHeader = /^access-control-allow-(?:credentials|headers|methods|origin)$/;

/** @throws TypeError for what cannot be written again */
export function answerHeaders(headers: IncomingHttpHeaders): OutgoingHttpHeaders {
  const passed = Object.fromEntries(Object.entries(endToEnd(headers)).filter(([name]) => !corsHeader.test(name)));
  for (const [name, value] of Object.entries(passed)) {
    validateHeaderName(name);
    for (const one of [value].flat()) validateHeaderValue(name, one as string);
  }
  return passed;
}

function endToEnd(headers: IncomingHttpHeaders): OutgoingHttpHeaders {
  const named = String(headers.connection ?? '').toLowerCase();
  const ofThisConnection = new Set(named.split(',').map((name) => name.trim()));
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !hopHeaders.has(name) && !ofThisConnection.has(name)));
}

/** The head of an answer as the far side sent it, for a connection that is passed on from there. Latin-1, as headers are. */
export function rawAnswerHead({ statusCode, statusMessage, rawHeaders }: IncomingMessage): string {
  let lines = '';
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) lines += `${rawHeaders[index]}: ${rawHeaders[index + 1]}\r\n`;
  return `HTTP/1.1 ${statusCode} ${statusMessage}\r\n${lines}\r\n`;
}
