// GET pods/log: a container's output through the tunnel to its node, while the client reads: as plain text, or over a WebSocket as messages
// of bytes or of base64.
import { StatusError } from '@berth/machinery';
import { drained, type Tunnel } from '@berth/protocol';
import { type WebSocket, WebSocketServer } from 'ws';
import type { ApiServer } from '../core/api-server.ts';
import { streamOptions } from '../core/pod-connection.ts';
import type { ServedResponse } from '../core/served-message.ts';
import { sendMessage } from './channel-socket.ts';
import { flag, wholeNumber } from './query-options.ts';
import { resourceCall } from './resource-call.ts';
import { wrongMethod } from './responses.ts';
import type { ServedResource, StreamAnswers } from './routes.ts';
import { checkOrigin, closeReason, isWebSocket, offered, offersOneOf, switchedToWebSocket, unreadBytesMax } from './websocket-request.ts';

const base64 = 'base64.binary.k8s.io';
const logProtocols = ['binary.k8s.io', base64];

export class PodLogs implements StreamAnswers {
  readonly resources = ['pods'];
  readonly #api: ApiServer;
  readonly #sockets = new WebSocketServer({
    noServer: true,
    maxPayload: unreadBytesMax,
    perMessageDeflate: false,
    handleProtocols: (_, request) => offered(request).find((name) => logProtocols.includes(name)) ?? false,
  });

  constructor(api: ApiServer) {
    this.#api = api;
  }

  /** Resolves when the log is over. @throws StatusError before its first byte */
  async serve(asked: ServedResource): Promise<void> {
    const { request, response, verb, query, signal, audit, upgraded } = asked;
    if (verb !== 'get' || request.method === 'HEAD') throw wrongMethod();
    if (upgraded) checkSocket(asked);
    const { open, isEmpty } = await this.#api.connect(resourceCall(this.#api, asked), verb, logOptions(query));
    if (isEmpty && !upgraded) {
      await audit?.started(204);
      return void response.writeHead(204).end();
    }
    const tunnel = await open();
    const abort = () => tunnel.abort(new Error('the client went away'));
    if (signal.aborted) return abort();
    signal.addEventListener('abort', abort, { once: true });
    if (!upgraded) {
      await audit?.started(200);
      return copyLog(tunnel, response);
    }
    await upgraded.begun(101, audit);
    await switchedToWebSocket(this.#sockets, upgraded, (socket) => sendLog(socket, tunnel, signal));
  }
}

function checkSocket({ request }: ServedResource): void {
  checkOrigin(request);
  if (isWebSocket(request) && offersOneOf(request, logProtocols)) return;
  throw StatusError.badRequest(`unable to upgrade: use a WebSocket that offers one of the protocols ${logProtocols.join(', ')}, or none`);
}

/** @throws StatusError BadRequest for what is no number */
export function logOptions(query: URLSearchParams) {
  return streamOptions('PodLogOptions', {
    container: query.get('container') || undefined,
    follow: flag(query, 'follow') ?? false,
    previous: flag(query, 'previous') ?? false,
    timestamps: flag(query, 'timestamps') ?? false,
    tailLines: wholeNumber(query, 'tailLines'),
    limitBytes: wholeNumber(query, 'limitBytes'),
    sinceSeconds: wholeNumber(query, 'sinceSeconds'),
    sinceTime: query.get('sinceTime') || undefined,
  });
}

async function sendLog(socket: WebSocket, tunnel: Tunnel, signal: AbortSignal): Promise<void> {
  socket.on('error', () => socket.terminate());
  signal.addEventListener('abort', () => socket.close(1001), { once: true });
  const encode = (data: Uint8Array) => (socket.protocol === base64 ? Buffer.from(data).toString('base64') : data);
  // As Kubernetes begins, so that the client knows that the connection stands.
  void sendMessage(socket, encode(new Uint8Array()));
  tunnel.onData((_channel, data) => sendMessage(socket, encode(data)));
  const { error } = await tunnel.finished;
  if (error === undefined) socket.close(1000);
  else socket.close(1011, closeReason(error));
}

/** An error before the first byte becomes a Status; later ones can only break the answer off. */
async function copyLog(tunnel: Tunnel, response: ServedResponse): Promise<void> {
  const begin = () => {
    if (!response.headersSent) response.writeHead(200, { 'content-type': 'text/plain', 'cache-control': 'no-cache, private' });
  };
  tunnel.onData(async (_channel, data) => {
    begin();
    if (response.destroyed) return;
    response.write(data);
    await drained(response);
  });
  const { error } = await tunnel.finished;
  if (response.destroyed) return;
  if (error !== undefined && !response.headersSent) throw StatusError.internal(error);
  begin();
  if (error === undefined) response.end();
  else response.destroy(new Error(error));
}
