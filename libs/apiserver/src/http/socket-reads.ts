// What is read for as long as the client likes, over WebSockets: a pod's log, as messages of bytes or of base64, and a watch, an event a
// message (Kubernetes' protocols `binary.k8s.io` and `base64.binary.k8s.io`). What clients send is not listened to. The next
// message waits until the socket has taken the one before.
import { StatusError } from '@berth/machinery';
import type { Tunnel } from '@berth/protocol';
import { type WebSocket, WebSocketServer } from 'ws';
import type { ApiServer } from '../core/api-server.ts';
import type { Attributes } from '../core/authorizer.ts';
import type { FlowControl } from '../flow-control/flow-control.ts';
import { sendMessage } from './channel-socket.ts';
import type { PodLogs } from './pod-logs.ts';
import type { Upgrade } from './pod-streams.ts';
import type { ResourcePath } from './request-info.ts';
import type { OpenWatch, ResourceRequests } from './resource-requests.ts';
import { checkOrigin, isWebSocket, offered, offersOneOf } from './websocket-request.ts';

const logProtocols = ['binary.k8s.io', 'base64.binary.k8s.io'];
const base64 = 'base64.binary.k8s.io';
/** Of what a client sends although nobody listens. */
const messageBytesMax = 64 * 1024;
/** RFC 6455, section 5.5: a control frame has 125 bytes, two of them for the code. */
const closeReasonBytesMax = 123;

export interface SocketReadsOptions {
  api: ApiServer;
  resources: ResourceRequests;
  podLogs: PodLogs;
  flowControl: FlowControl;
}

export class SocketReads {
  readonly #options: SocketReadsOptions;
  readonly #sockets = new WebSocketServer({
    noServer: true,
    maxPayload: messageBytesMax,
    perMessageDeflate: false,
    // A watch has one protocol, whatever it is called.
    handleProtocols: (_, request) => offered(request).find((name) => !isLogUrl(request.url) || logProtocols.includes(name)) ?? false,
  });

  constructor(options: SocketReadsOptions) {
    this.#options = options;
  }

  covers({ group, resource, subresource }: ResourcePath, { verb }: Attributes): boolean {
    return verb === 'watch' || (verb === 'get' && group === '' && resource === 'pods' && subresource === 'log');
  }

  /** @throws StatusError before the upgrade */
  async upgrade(asked: Upgrade): Promise<void> {
    const { request, attributes, user, audit } = asked;
    checkOrigin(request);
    await this.#options.api.authorize(user, attributes, audit);
    const isWatch = attributes.verb === 'watch';
    if (!isWebSocket(request) || !(isWatch || offersOneOf(request, logProtocols))) {
      throw StatusError.badRequest(
        `unable to upgrade: use a WebSocket that offers one of the protocols ${logProtocols.join(', ')}, or none`,
      );
    }
    await (isWatch ? this.#watch(asked) : this.#log(asked));
  }

  async #watch(asked: Upgrade): Promise<void> {
    const { resources, flowControl } = this.#options;
    const { user, attributes, signal } = asked;
    const seat = await flowControl.admit(user, attributes, signal);
    try {
      const open = await resources.openWatch({ ...asked, verb: 'watch' });
      signal.addEventListener('abort', open.close, { once: true });
      this.#upgraded(asked, (socket) => sendEvents(socket, open));
    } finally {
      seat?.release();
    }
  }

  async #log(asked: Upgrade): Promise<void> {
    const { api, podLogs } = this.#options;
    const { path, query, user, audit, signal } = asked;
    const kind = api.kinds.require(path.group, path.version, path.resource);
    const { namespace, name, subresource } = path;
    const tunnel = await podLogs.open(query, { user, kind, namespace, name, subresource, audit, signal, allowed: 'get' }, signal);
    this.#upgraded(asked, (socket) => sendLog(socket, tunnel));
  }

  /** @param serve never rejects */
  #upgraded({ request, socket, head, signal }: Upgrade, serve: (socket: WebSocket) => Promise<void>): void {
    this.#sockets.handleUpgrade(request, socket, head, (webSocket) => {
      webSocket.on('error', () => webSocket.terminate());
      signal.addEventListener('abort', () => webSocket.close(1001), { once: true });
      void serve(webSocket);
    });
  }
}

function isLogUrl(url = ''): boolean {
  return /\/log(\?|$)/.test(url);
}

async function sendLog(socket: WebSocket, tunnel: Tunnel): Promise<void> {
  const encode = (data: Uint8Array) => (socket.protocol === base64 ? Buffer.from(data).toString('base64') : data);
  // As Kubernetes begins, so that the client knows that the connection stands.
  void sendMessage(socket, encode(new Uint8Array()));
  tunnel.onData((_channel, data) => sendMessage(socket, encode(data)));
  const { error } = await tunnel.finished;
  if (error === undefined) socket.close(1000);
  else socket.close(1011, closeReason(error));
}

async function sendEvents(socket: WebSocket, { handle, format, close }: OpenWatch): Promise<void> {
  const isText = format.contentType === 'application/json';
  const message = (bytes: Uint8Array) => (isText ? Buffer.from(bytes).toString('utf8') : bytes);
  socket.on('close', close);
  try {
    while (socket.readyState === socket.OPEN) {
      const isOver = handle.ended;
      const item = handle.take();
      if (item) await sendMessage(socket, message(format.encode(item)));
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

function closeReason(text: string): string {
  return Buffer.from(text)
    .subarray(0, closeReasonBytesMax)
    .toString('utf8')
    .replace(/\uFFFD+$/, '');
}
