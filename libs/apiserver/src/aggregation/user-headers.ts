// For whom a request is, as servers that extend the API read it: in headers, which they believe because of the front proxy's certificate.
// What a client writes there itself never passes.
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http';
import type { User } from '../core/types.ts';

const extraPrefix = 'x-remote-extra-';
const own = new Set(['x-remote-user', 'x-remote-uid', 'x-remote-group']);
/** What may stand in the name of a header (RFC 9110, section 5.6.2), but the sign that escapes begin with. */
const plain = /^[A-Za-z0-9!#$&'*+\-.^_`|~]$/;

export function userHeaders({ name, uid, groups, extra = {} }: User): OutgoingHttpHeaders {
  const extras = Object.entries(extra).map(([key, values]) => [`X-Remote-Extra-${escaped(key)}`, values.map(asHeader)]);
  return {
    'X-Remote-User': asHeader(name),
    ...(uid && { 'X-Remote-Uid': asHeader(uid) }),
    ...(groups.length > 0 && { 'X-Remote-Group': groups.map(asHeader) }),
    ...Object.fromEntries(extras),
  };
}

export function withoutUserHeaders<Headers extends IncomingHttpHeaders | OutgoingHttpHeaders>(headers: Headers): Headers {
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => !own.has(name.toLowerCase()) && !name.toLowerCase().startsWith(extraPrefix)),
  ) as Headers;
}

/** Bytes of UTF-8, as Go writes them: Node's headers are Latin-1. */
function asHeader(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

function escaped(key: string): string {
  let text = '';
  for (const byte of Buffer.from(key, 'utf8')) {
    const char = String.fromCharCode(byte);
    text += plain.test(char) ? char : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return text;
}
