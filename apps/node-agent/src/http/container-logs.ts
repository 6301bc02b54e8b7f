// `/containerLogs/NAMESPACE/POD/CONTAINER`: what `kubectl logs` reads through the API, for those who come by way of the node.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { StatusError } from '@berth/machinery';
import type { TunnelRequest } from '@berth/protocol';
import type { LogSource } from '../tunnels/log-source.ts';
import type { PodContainers } from '../tunnels/pod-containers.ts';

export interface LogSources {
  logs: LogSource;
  containers(namespace: string, pod: string, container: string): Promise<PodContainers | undefined>;
}

/** @throws StatusError before the first byte */
export async function serveContainerLog(
  sources: LogSources,
  [namespace = '', pod = '', container = '']: string[],
  query: URLSearchParams,
  { response }: { request: IncomingMessage; response: ServerResponse },
): Promise<void> {
  const found = await sources.containers(namespace, pod, container);
  if (!found) throw new StatusError(404, 'NotFound', `pod ${JSON.stringify(pod)} does not exist`);
  if (found.instances.length === 0) {
    throw new StatusError(404, 'NotFound', `container ${JSON.stringify(container)} not found in pod ${JSON.stringify(pod)}`);
  }
  const reader = new AbortController();
  response.once('close', () => reader.abort(new Error('the reader went away')));
  const open = await sources.logs.open(request(namespace, pod, container, logOptions(query)), found);
  response.setHeader('content-type', 'text/plain; charset=utf-8');
  try {
    for await (const chunk of open(reader.signal)) {
      if (!response.write(chunk)) await roomIn(response, reader.signal);
    }
    response.end();
  } catch (error) {
    if (reader.signal.aborted) return;
    if (!response.headersSent) throw error;
    response.destroy(error as Error);
  }
}

function request(namespace: string, pod: string, container: string, log: TunnelRequest['log']): TunnelRequest {
  const streams = { command: [], stdin: false, stdout: true, stderr: false, tty: false, port: 0 };
  return { tunnelId: '', kind: 'log', namespace, pod, uid: '', container, ...streams, log };
}

function logOptions(query: URLSearchParams): TunnelRequest['log'] {
  const flag = (name: string) => query.has(name) && !['0', 'false'].includes((query.get(name) ?? '').toLowerCase());
  const count = (name: string, min: number) => {
    const text = query.get(name);
    if (!text) return undefined;
    const value = Number(text);
    if (!Number.isSafeInteger(value) || value < min) {
      throw StatusError.badRequest(`invalid value ${JSON.stringify(text)} for ${name}: it must be a whole number, at least ${min}`);
    }
    return value;
  };
  const sinceTime = query.get('sinceTime') || undefined;
  if (sinceTime !== undefined && Number.isNaN(Date.parse(sinceTime))) {
    throw StatusError.badRequest(`invalid value ${JSON.stringify(sinceTime)} for sinceTime: it must be a time in RFC 3339`);
  }
  return {
    ...{ follow: flag('follow'), previous: flag('previous'), timestamps: flag('timestamps') },
    tailLines: count('tailLines', 0),
    limitBytes: count('limitBytes', 1),
    sinceSeconds: count('sinceSeconds', 1),
    sinceTime,
  };
}

function roomIn(response: ServerResponse, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      response.off('drain', done);
      signal.removeEventListener('abort', done);
      resolve();
    };
    response.once('drain', done);
    signal.addEventListener('abort', done, { once: true });
  });
}
