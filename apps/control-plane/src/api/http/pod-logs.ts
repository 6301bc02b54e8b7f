// GET pods/log: a container's output through the tunnel to its node, as plain text, while the client reads.
import type { ServerResponse } from 'node:http';
import { StatusError } from '@berth/machinery';
import type { Tunnel } from '@berth/protocol';
import type { ApiServer } from '../core/api-server.ts';
import { podConnection } from '../core/pod-connection.ts';
import type { Call } from '../core/types.ts';
import { drained } from './back-pressure.ts';
import { count, flag } from './query-options.ts';
import type { ResourceRequest } from './resource-requests.ts';

export function isPodLog(call: Call): boolean {
  return call.kind.group === '' && call.kind.kind === 'Pod' && call.subresource === 'log';
}

export class PodLogs {
  readonly #api: ApiServer;

  constructor(api: ApiServer) {
    this.#api = api;
  }

  async serve({ response, query, signal, audit }: ResourceRequest, call: Call): Promise<void> {
    const tunnel = await this.open(query, call, signal);
    if (signal.aborted) return;
    await audit?.started(200);
    await copyLog(tunnel, response);
  }

  /** @param signal ends it */
  async open(query: URLSearchParams, call: Call, signal: AbortSignal): Promise<Tunnel> {
    const connection = podConnection({ container: query.get('container') ?? '', stdout: true, log: logOptions(query) });
    const tunnel = await this.#api.connectPod(call, connection);
    const abort = () => tunnel.abort(new Error('the client went away'));
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
    return tunnel;
  }
}

function logOptions(query: URLSearchParams) {
  const sinceSeconds = count(query, 'sinceSeconds');
  const sinceTime = query.get('sinceTime') || undefined;
  if (sinceSeconds !== undefined && sinceTime !== undefined) {
    throw invalid('sinceSeconds', sinceSeconds, 'at most one of sinceTime or sinceSeconds may be specified');
  }
  if (sinceSeconds === 0) throw invalid('sinceSeconds', sinceSeconds, 'must be greater than 0');
  if (sinceTime !== undefined && Number.isNaN(Date.parse(sinceTime))) throw invalid('sinceTime', sinceTime, 'must be a time in RFC 3339');
  const limitBytes = count(query, 'limitBytes');
  if (limitBytes === 0) throw invalid('limitBytes', limitBytes, 'must be greater than 0');
  return {
    follow: flag(query, 'follow') ?? false,
    previous: flag(query, 'previous') ?? false,
    timestamps: flag(query, 'timestamps') ?? false,
    tailLines: count(query, 'tailLines'),
    limitBytes,
    sinceSeconds,
    sinceTime,
  };
}

function invalid(field: string, value: unknown, detail: string): StatusError {
  return StatusError.invalid({ group: '', kind: 'PodLogOptions' }, '', [{ type: 'Invalid', field, value, detail }]);
}

/** An error before the first byte becomes a Status; later ones can only break the answer off. */
async function copyLog(tunnel: Tunnel, response: ServerResponse): Promise<void> {
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
