// What a request says that asks for a WebSocket: which protocols it offers, and from which page it comes.
import { StatusError } from '@berth/machinery';
import type { WebSocket, WebSocketServer } from 'ws';
import type { ServedRequest } from '../core/served-message.ts';
import type { Upgraded } from './upgraded.ts';

/** Of what a client sends although nobody listens. */
export const unreadBytesMax = 64 * 1024;
/** RFC 6455, section 5.5: a control frame has 125 bytes, two of them for the code. */
const closeReasonBytesMax = 123;

/** How a browser carries its token; no protocol to speak. */
const tokenProtocol = /^base64url\.bearer\.authorization\.k8s\.io\./;

export function isWebSocket(request: ServedRequest): boolean {
  return request.headers.upgrade?.toLowerCase() === 'websocket';
}

export function offers(request: ServedRequest, protocol: string): boolean {
  return offered(request).includes(protocol);
}

/** A client that names none speaks the first version. */
export function offersOneOf(request: ServedRequest, known: readonly string[]): boolean {
  const names = offered(request);
  return names.length === 0 || names.some((name) => known.includes(name));
}

export function offered(request: ServedRequest): string[] {
  const names = String(request.headers['sec-websocket-protocol'] ?? '').split(',');
  return names.map((name) => name.trim()).filter((name) => name !== '' && !tokenProtocol.test(name));
}

/**
 * Browsers send their client certificate with any page's WebSocket; only our own page may have one. Other programs name whatever
 * origin they like, and some have to name one (Go's x/net, which Kubernetes' own tests use).
 */
export function checkOrigin({ headers }: ServedRequest): void {
  const { origin, host } = headers;
  if (origin === undefined || !isBrowser(headers['user-agent'])) return;
  // A page that came without TLS may be anybody's, whatever host it names.
  const isOwn =
    URL.canParse(origin) &&
    host !== undefined &&
    URL.canParse(`https://${host}`) &&
    new URL(origin).origin === new URL(`https://${host}`).origin;
  if (!isOwn) {
    throw new StatusError(403, 'Forbidden', `streams may not be opened from pages of ${origin}`);
  }
}

/** All browsers begin so, and no page can change what they send. */
function isBrowser(userAgent = ''): boolean {
  return userAgent.startsWith('Mozilla/');
}

/** Resolves when what is served is over, or the handshake came to nothing. @param serve never rejects */
export function switchedToWebSocket(
  sockets: WebSocketServer,
  { request, socket, head }: Upgraded,
  serve: (webSocket: WebSocket) => Promise<void>,
): Promise<void> {
  return new Promise((resolve) => {
    socket.once('close', resolve);
    sockets.handleUpgrade(request, socket, head, (webSocket) => void serve(webSocket).finally(resolve));
  });
}

/** As much of a text as a WebSocket can end with. */
export function closeReason(text: string): string {
  return Buffer.from(text)
    .subarray(0, closeReasonBytesMax)
    .toString('utf8')
    .replace(/\uFFFD+$/, '');
}
