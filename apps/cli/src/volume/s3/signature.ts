// Signature version 4 of S3 requests: a digest over method, path, query, headers and body, keyed by day, region and service. As Amazon's
// "Signature Calculations for the Authorization Header" has it; its published examples are the tests. Written here since it is these few lines.
import { createHash, createHmac } from 'node:crypto';

export interface Credentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string | undefined;
}

export interface UnsignedRequest {
  method: string;
  /** With the port where it is not the usual one. */
  host: string;
  /** Decoded, with a slash at the beginning. */
  path: string;
  query: Record<string, string>;
  /** By name in small letters. */
  headers: Record<string, string>;
  /** SHA-256 of the body, in hexadecimal digits. */
  bodyDigest: string;
}

const algorithm = 'AWS4-HMAC-SHA256';
const service = 's3';

/** @returns all headers that are to be sent, `host` aside */
export function signedHeaders(request: UnsignedRequest, credentials: Credentials, region: string, atMs: number): Record<string, string> {
  const time = new Date(atMs).toISOString().replaceAll(/[-:]|\.\d+/g, '');
  const headers: Record<string, string> = {
    ...request.headers,
    'x-amz-content-sha256': request.bodyDigest,
    'x-amz-date': time,
    ...(credentials.sessionToken !== undefined && { 'x-amz-security-token': credentials.sessionToken }),
  };
  const all = { ...headers, host: request.host };
  const names = Object.keys(all).sort();
  const canonical = [
    ...[request.method, uriEncoded(request.path, '/'), queryText(request.query)],
    ...names.map(
      (name) =>
        `${name}:${String(all[name as keyof typeof all])
          .trim()
          .replaceAll(/ +/g, ' ')}`,
    ),
    ...['', names.join(';'), request.bodyDigest],
  ].join('\n');
  const scope = [time.slice(0, 8), region, service, 'aws4_request'];
  const key = scope.reduce<Buffer | string>((secret, part) => hmac(secret, part), `AWS4${credentials.secretAccessKey}`);
  const signature = hmac(key, [algorithm, time, scope.join('/'), sha256(canonical)].join('\n')).toString('hex');
  const credential = `${credentials.accessKeyId}/${scope.join('/')}`;
  return { ...headers, authorization: `${algorithm} Credential=${credential}, SignedHeaders=${names.join(';')}, Signature=${signature}` };
}

/** In the order in which it is signed. */
export function queryText(query: Record<string, string>): string {
  return Object.entries(query)
    .map(([name, value]) => [uriEncoded(name), uriEncoded(value)])
    .sort(([a = ''], [b = '']) => (a < b ? -1 : 1))
    .map((pair) => pair.join('='))
    .join('&');
}

/** RFC 3986, each byte but unreserved characters. @param kept left as it is */
export function uriEncoded(text: string, kept = ''): string {
  return [...text].map((character) => (character === kept || /[A-Za-z0-9._~-]/.test(character) ? character : escaped(character))).join('');
}

function escaped(character: string): string {
  return [...Buffer.from(character)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('');
}

export function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
