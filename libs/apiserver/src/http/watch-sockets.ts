// A watch over a WebSocket, an event a message. What clients send is not listened to. The next message waits until the socket has taken the
// one before.
import { StatusError } from '@berth/machinery';
import { type WebSocket, WebSocketServer } from 'ws';
import { sendMessage } from './channel-socket.ts';
import type { OpenWatch, ResourceRequests } from './resource-requests.ts';
import { noSuchPath } from './responses.ts';
import type { ServedResource } from './routes.ts';
import { checkOrigin, closeReason, isWebSocket, offered, switchedToWebSocket, unreadBytesMax } from './websocket-request.ts';

export class WatchSockets {
  readonly #resources: ResourceRequests;
  readonly #sockets = new WebSocketServer({
    noServer: true,
    maxPayload: unreadBytesMax,
    perMessageDeflate: false,
    // A watch has one protocol, whatever it is called.
    handleProtocols: (_, request) => offered(request)[0] ?? false,
  });

  constructor(resources: ResourceRequests) {
    this.#resources = resources;
  }

  /** Resolves when the watch is over. @throws StatusError before the upgrade */
  async serve(asked: ServedResource): Promise<void> {
    const { request, signal, audit, upgraded, begun } = asked;
    if (!upgraded) throw noSuchPath();
    checkOrigin(request);
    if (!isWebSocket(request)) throw StatusError.badRequest('unable to upgrade: use a WebSocket');
    const open = await this.#resources.openWatch(asked);
    signal.addEventListener('abort', open.close, { once: true });
    begun?.();
    await upgraded.begun(101, audit);
    await switchedToWebSocket(this.#sockets, upgraded, (socket) => {
      socket.on('error', () => socket.terminate());
      signal.addEventListener('abort', () => socket.close(1001), { once: true });
      return sendEvents(socket, open);
    });
    open.close();
  }
}

async function sendEvents(socket: WebSocket, { handle, format, close }: OpenWatch): Promise<void> {
  const isText = format.contentType === 'application/json';
  const message = (bytes: Uint8Array) => (isText ? Buffer.from(bytes).toString('utf8') : bytes);
  socket.on('close', close);
  try {
    while (socket.readyState === socket.OPEN) {
      const isOver = handle.ended;
      const item = handle.take();
      const bytes = item && format.encode(item);
      if (bytes) await sendMessage(socket, message(bytes));
      else if (item) handle.close();
      else if (isOver) break;
      else await handle.ready();
    }
    socket.close(1000);
  } catch (error) {
    if (!(error instanceof StatusError)) {
      socket.close(1011, closeReason(String(error)));
      return;
    }
    await sendMessage(socket, message(format.encodeError(error.status)));
    socket.close(1000);
  } finally {
    close();
  }
}
