// What another server answers for, to clients of this process: the requests of a client over HTTP, with the user in headers. Who may do
// what within a version, its server says itself; what it answers is taken as it is, as nothing is known of it here.
import type { IncomingMessage } from 'node:http';
import { HttpClient, successful, type Transport, type WatchEvent, type WriteOptions } from '@berth/client';
import { apiVersionOf, type KubeObject, type ObjectKey, StatusError } from '@berth/machinery';
import type { Clock } from '@berth/telemetry';
import { computed, computedAnswer } from '../core/object-answer.ts';
import type { OtherServer } from '../core/other-servers.ts';
import type { Resource } from '../core/resource.ts';
import type { Call, WriteSettings } from '../core/types.ts';
import { watchItem } from '../core/watch-events.ts';
import { WatchStream } from '../core/watch-stream.ts';

/** For what is no watch, as a whole; requests that are passed on have as much. */
const requestMsMax = 60_000;

type Asked = Pick<OtherServer, 'isAvailable' | 'request'>;

export function otherResource(server: Asked, clock: Clock): Resource {
  const clientFor = (call: Call) => new HttpClient(transport(server, call, clock));
  return {
    get: async (call) => computedAnswer(await clientFor(call).get(call.kind, keyOf(call)), 200),
    list: async (call, { sendInitialEvents: _watches, resourceVersionMatch, ...options }) => {
      const { items, ...rest } = await clientFor(call).list(call.kind, {
        ...options,
        ...(call.namespace && { namespace: call.namespace }),
        ...(resourceVersionMatch && { resourceVersionMatch: resourceVersionMatch as 'Exact' }),
      });
      return { ...rest, entries: items.map(computed) };
    },
    watch: async (call, { labelSelector, fieldSelector, resourceVersion }) => {
      const stopping = new AbortController();
      const { namespace } = call;
      const options = { labelSelector, fieldSelector, resourceVersion, namespace, signal: stopping.signal };
      const stream = unselected(() => stopping.abort());
      void follow(stream, call, clientFor(call).watch(call.kind, options));
      return stream;
    },
    create: async (call, body, settings) => {
      const { name, subresource } = call;
      if (name && subresource) {
        const answer = await clientFor(call).createSubresource(call.kind, keyOf(call), subresource, body);
        return computedAnswer(answer as KubeObject, 201);
      }
      const object = body as KubeObject;
      const placed = { ...object, metadata: { ...object.metadata, ...(call.namespace && { namespace: call.namespace }) } };
      return computedAnswer(await clientFor(call).create(call.kind, placed, written(settings)), 201);
    },
    update: async (call, body, settings) =>
      computedAnswer(await clientFor(call).update(call.kind, body as KubeObject, partly(call, settings)), 200),
    patch: async (call, type, patch, settings) =>
      computedAnswer(await clientFor(call).patch(call.kind, keyOf(call), type, patch, partly(call, settings)), 200),
    apply: async (call, configuration, settings) =>
      computedAnswer(await clientFor(call).patch(call.kind, keyOf(call), 'apply', configuration, partly(call, settings)), 200),
    delete: async (call, settings) => {
      const { gracePeriodSeconds, propagationPolicy, preconditions } = settings;
      const options = { ...written(settings), gracePeriodSeconds, propagationPolicy, preconditions };
      const object = await clientFor(call).delete(call.kind, keyOf(call), options);
      return { ...computedAnswer(object, 200), object, bytes: computed(object).bytes, removed: object.kind === 'Status' };
    },
  };
}

function transport(server: Asked, { user, signal: gone }: Call, clock: Clock): Transport {
  const open: Transport['open'] = async ({ method, path, contentType, body, signal }) => {
    if (!server.isAvailable) throw StatusError.unavailable('service unavailable');
    const limit = new AbortController();
    const timer = signal ? undefined : clock.after(requestMsMax, () => limit.abort());
    const until = AbortSignal.any([limit.signal, ...[gone, signal].filter((one) => one !== undefined)]);
    const typed =
      body === undefined ? {} : { 'content-type': contentType ?? 'application/json', 'content-length': Buffer.byteLength(body) };
    try {
      const far = await server.request(user, { method, path, headers: { accept: 'application/json', ...typed }, signal: until });
      far.body.end(body);
      const { message, switched } = await far.answer;
      if (switched) throw new Error('it switched protocols unasked');
      return await successful(timed(message, () => timer?.cancel()));
    } catch (error) {
      timer?.cancel();
      if (limit.signal.aborted) throw StatusError.timeout('Timeout: request did not complete within the allotted timeout');
      throw error instanceof StatusError ? error : StatusError.unavailable((error as Error).message);
    }
  };
  return { open, close: () => undefined };
}

function timed(message: IncomingMessage, over: () => void): IncomingMessage {
  return message.once('close', over);
}

/** Everything that it is given, to its reader. */
function unselected(onEnd: () => void): WatchStream {
  const selection = { everything: true, matches: () => true };
  return new WatchStream({ selection, keyPrefix: '', bookmarks: true, after: 0, initial: [], onEnd });
}

/** Until either side has enough. */
async function follow(stream: WatchStream, { kind }: Call, events: AsyncIterable<WatchEvent<KubeObject>>): Promise<void> {
  try {
    for await (const event of events) {
      const { type } = event;
      if (type !== 'BOOKMARK') stream.push(watchItem(type, computed(event.object)));
      else {
        const { resourceVersion } = event;
        const mark = { apiVersion: apiVersionOf(kind), kind: kind.kind, metadata: { resourceVersion } } as unknown as KubeObject;
        stream.push(watchItem(type, computed(mark)));
      }
    }
    stream.close();
  } catch (error) {
    stream.fail(error instanceof StatusError ? error : StatusError.unavailable((error as Error).message));
  }
}

function keyOf({ namespace, name = '' }: Call): ObjectKey {
  return { name, ...(namespace && { namespace }) };
}

function written({ dryRun, fieldManager, force }: WriteSettings): WriteOptions {
  return { ...(dryRun && { dryRun }), ...(fieldManager && { fieldManager }), ...(force && { force }) };
}

function partly({ subresource }: Call, settings: WriteSettings): WriteOptions & { subresource?: string } {
  return { ...written(settings), ...(subresource && { subresource }) };
}
