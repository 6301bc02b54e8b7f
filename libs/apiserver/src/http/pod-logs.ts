// GET pods/log: a container's output through the tunnel to its node, as plain text, while the client reads.
import type { ServerResponse } from 'node:http';
import { type FieldError, StatusError } from '@berth/machinery';
import type { Tunnel } from '@berth/protocol';
import type { ApiServer } from '../core/api-server.ts';
import { podConnection } from '../core/pod-connection.ts';
import type { Call } from '../core/types.ts';
import { drained } from './back-pressure.ts';
import { flag, wholeNumber } from './query-options.ts';
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
    const connection = podConnection({ container: query.get('container') ?? '', stdout: true, log: logOptions(query, call.name ?? '') });
    const tunnel = await this.#api.connectPod(call, connection);
    const abort = () => tunnel.abort(new Error('the client went away'));
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
    return tunnel;
  }
}

/** @throws StatusError Invalid with everything that is wrong, in kube-apiserver's words */
export function logOptions(query: URLSearchParams, podName: string) {
  const numbers = {
    tailLines: wholeNumber(query, 'tailLines'),
    limitBytes: wholeNumber(query, 'limitBytes'),
    sinceSeconds: wholeNumber(query, 'sinceSeconds'),
  };
  const sinceTime = query.get('sinceTime') || undefined;
  const errors: FieldError[] = [];
  const invalid = (field: string, value: unknown, detail: string) => errors.push({ type: 'Invalid', field, value, detail });
  const { tailLines = 0, limitBytes = 1, sinceSeconds } = numbers;
  if (tailLines < 0) invalid('tailLines', tailLines, 'must be greater than or equal to 0');
  if (limitBytes < 1) invalid('limitBytes', limitBytes, 'must be greater than 0');
  if (sinceTime !== undefined && Number.isNaN(Date.parse(sinceTime))) invalid('sinceTime', sinceTime, 'must be a time in RFC 3339');
  if (sinceSeconds !== undefined && sinceTime !== undefined)
    errors.push({ type: 'Forbidden', field: '', detail: 'at most one of `sinceTime` or `sinceSeconds` may be specified' });
  else if (sinceSeconds !== undefined && sinceSeconds < 1) invalid('sinceSeconds', sinceSeconds, 'must be greater than 0');
  if (errors.length > 0) throw StatusError.invalid({ group: '', kind: 'PodLogOptions' }, podName, errors);
  return {
    follow: flag(query, 'follow') ?? false,
    previous: flag(query, 'previous') ?? false,
    timestamps: flag(query, 'timestamps') ?? false,
    ...numbers,
    sinceTime,
  };
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
