// The HTTP GET of a probe or a lifecycle hook, as the kubelet makes it: redirects are followed on the same host only, certificates
// are not checked, and failures read as Go's client writes them, since people know them so.
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { HTTPGetAction } from '@berth/api';
import { type ProbeTarget, resolvePort } from './probe-target.ts';

const redirectsMax = 10;
const bodyBytesMax = 10 * 1024;
const followedCodes = [301, 302, 303, 307, 308];

type Headers = Record<string, string | string[]>;

export interface HttpAnswer {
  code: number;
  /** The beginning of the body of an answer that ended the redirects; empty for others, which nobody reads. */
  body: string;
}

/** No answer came. */
export class HttpActionError extends Error {
  /** HTTPS was asked for, and the other side speaks HTTP. */
  readonly isPlainHttp: boolean;

  constructor(message: string, isPlainHttp: boolean, options?: ErrorOptions) {
    super(message, options);
    this.name = 'HttpActionError';
    this.isPlainHttp = isPlainHttp;
  }
}

export interface HttpActionOptions {
  purpose: 'probe' | 'lifecycle';
  /** Instead of the action's own. */
  scheme?: 'http';
  signal?: AbortSignal;
}

/** @throws HttpActionError, or Error for an action that names no port of the container */
export function httpAction(action: HTTPGetAction, target: ProbeTarget, options: HttpActionOptions): Promise<HttpAnswer> {
  const scheme = options.scheme ?? (action.scheme || 'HTTP').toLowerCase();
  const host = action.host || target.podIp;
  const port = resolvePort(action.port, target.container);
  const path = action.path?.startsWith('/') ? action.path : `/${action.path ?? ''}`;
  const url = new URL(`${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}${path}`);
  return get(url, headersOf(action, options.purpose), options.signal, redirectsMax);
}

function headersOf({ httpHeaders = [] }: HTTPGetAction, purpose: string): Headers {
  const headers: Headers = { 'user-agent': `kube-${purpose}/1.35`, accept: '*/*' };
  const own = Map.groupBy(httpHeaders, ({ name }) => name.toLowerCase());
  for (const [name, given] of own) {
    const [first = '', ...more] = given.map(({ value = '' }) => value);
    headers[name] = more.length > 0 && name !== 'host' ? [first, ...more] : first;
  }
  if (headers.accept === '') delete headers.accept;
  return headers;
}

function get(url: URL, headers: Headers, signal: AbortSignal | undefined, redirectsLeft: number): Promise<HttpAnswer> {
  const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
  // Nobody issued a certificate for a pod's address: whoever asks for HTTPS asks for encryption only.
  const tls = url.protocol === 'https:' ? { rejectUnauthorized: false } : {};
  return new Promise((resolve, reject) => {
    const request = send(url, { headers, agent: false, ...(signal && { signal }), ...tls });
    let hasAnswered = false;
    request.once('response', (response) => {
      hasAnswered = true;
      const next = redirectTarget(response, url);
      const code = response.statusCode ?? 0;
      if (next) {
        response.destroy();
        if (redirectsLeft === 0) reject(new HttpActionError(`Get "${url}": stopped after ${redirectsMax} redirects`, false));
        else get(next, headers, signal, redirectsLeft - 1).then(resolve, reject);
      } else if (code >= 300 && code < 400) beginning(response).then((body) => resolve({ code, body }));
      else {
        response.destroy();
        resolve({ code, body: '' });
      }
    });
    // Nobody asked for another protocol: Node would drop such an answer without a word, and the probe would never end.
    request.once('upgrade', ({ statusCode = 101 }, socket) => {
      socket.on('error', () => undefined).destroy();
      resolve({ code: statusCode, body: '' });
    });
    request.once('close', () => hasAnswered || reject(new HttpActionError(`Get "${url}": EOF`, false)));
    // A server that is cut off after its status line has answered all the same: what comes later settles nothing.
    request.on('error', (error: NodeJS.ErrnoException) => reject(failure(url, error)));
    request.end();
  });
}

/** As much of the body as is shown, when it ends, breaks off, or is longer than that. */
async function beginning(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes >= bodyBytesMax) break;
    }
  } catch {
    // The answer's code is known; of a body that broke off, what came is shown.
  }
  response.destroy();
  return Buffer.concat(chunks).subarray(0, bodyBytesMax).toString();
}

/** Where to go on; undefined for another host, which is not the container's business. */
function redirectTarget({ statusCode = 0, headers: { location } }: IncomingMessage, from: URL): URL | undefined {
  if (!followedCodes.includes(statusCode) || location === undefined || !URL.canParse(location, from.href)) return undefined;
  const next = new URL(location, from.href);
  return next.hostname === from.hostname && /^https?:$/.test(next.protocol) ? next : undefined;
}

function failure(url: URL, error: NodeJS.ErrnoException): HttpActionError {
  if (error.name === 'AbortError' || error.name === 'TimeoutError') {
    const message = `Get "${url}": context deadline exceeded (Client.Timeout exceeded while awaiting headers)`;
    return new HttpActionError(message, false, { cause: error });
  }
  if (error.code === 'ECONNREFUSED')
    return new HttpActionError(`Get "${url}": dial tcp ${url.host}: connect: connection refused`, false, { cause: error });
  const isPlainHttp =
    error.code === 'EPROTO' || error.code === 'ERR_SSL_WRONG_VERSION_NUMBER' || error.code === 'ERR_SSL_PACKET_LENGTH_TOO_LONG';
  const said = isPlainHttp ? 'http: server gave HTTP response to HTTPS client' : error.message;
  return new HttpActionError(`Get "${url}": ${said}`, isPlainHttp, { cause: error });
}
