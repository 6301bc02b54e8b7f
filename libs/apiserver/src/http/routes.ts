// Which part of this server answers a request, from its path alone. All of them answer on one way: whoever asks is known and may, the
// body is there, and the request has its seat, whatever kind of answer it is (api-http.ts).
import { type KindDefinition, StatusError } from '@berth/machinery';
import type { ApiServer } from '../core/api-server.ts';
import type { Attributes } from '../core/authorizer.ts';
import type { OtherServer } from '../core/other-servers.ts';
import type { ResourcePath } from '../core/request-info.ts';
import type { User } from '../core/types.ts';
import { isHistoryQuery } from './history-path.ts';
import { hasBody, mayHaveBody, type ParsedRequest } from './parsed-request.ts';
import { isRegistryPath } from './registry-path.ts';
import { type Exchange, noSuchPath } from './responses.ts';

/** A request that may be answered. */
export interface Served extends Exchange {
  segments: string[];
  query: URLSearchParams;
  attributes: Attributes;
  user: User;
  /** Aborts when the client goes away or the server stops. */
  signal: AbortSignal;
  /** Empty for what has none, or is passed on unread. */
  body: Buffer;
  /** Called when what may take long has begun: a watch. */
  begun?: (() => void) | undefined;
}

export interface ServedResource extends Served {
  path: ResourcePath;
  /** As the request was authorized. */
  verb: string;
}

/** Resolves when the answer is over, streams included. @throws StatusError before its first byte */
type Answers<Asked> = (asked: Asked) => Promise<void>;

export interface RoutesOptions {
  api: ApiServer;
  fixedPaths: { serve: Answers<Served> };
  resources: { handle: Answers<ServedResource> };
  watchSockets: { serve: Answers<ServedResource> };
  /** By subresource: those whose answer is a stream. */
  streams: Record<string, StreamAnswers>;
  others: { serve(asked: Served, other: OtherServer): Promise<void> };
  imageRegistry: { serve: Answers<Served>; answers(segments: readonly string[]): Promise<boolean> };
}

export interface StreamAnswers {
  /** Of the core's group. */
  resources: readonly string[];
  serve: Answers<ServedResource>;
}

export interface Route {
  /** Undefined where there is none, or only another server knows it. */
  kind: KindDefinition | undefined;
  readsBody: boolean;
  serve: Answers<Served>;
}

export class Routes {
  readonly #options: RoutesOptions;

  constructor(options: RoutesOptions) {
    this.#options = options;
  }

  /** Which other server answers, for everything below its version. */
  other(segments: readonly string[]): OtherServer | undefined {
    const [root, first = '', second = ''] = segments;
    const { api } = this.#options;
    if (root === 'api') return api.otherFor('', first);
    return root === 'apis' ? api.otherFor(first, second) : undefined;
  }

  /** Whether it is for an image registry that is there. */
  isOfImages(segments: readonly string[]): Promise<boolean> {
    return this.#options.imageRegistry.answers(segments);
  }

  /** @throws StatusError for what nothing here answers */
  find({ request, upgraded }: Exchange, { segments, path, attributes }: ParsedRequest): Route {
    const { api, fixedPaths, resources, watchSockets, streams, others, imageRegistry } = this.#options;
    const other = this.other(segments);
    if (other) return { kind: undefined, readsBody: !upgraded && mayHaveBody(request), serve: (asked) => others.serve(asked, other) };
    if (isRegistryPath(segments) && !upgraded) {
      return { kind: undefined, readsBody: false, serve: (asked) => imageRegistry.serve(asked) };
    }
    if (!path) {
      const isPosted = attributes.verb === 'post' && isHistoryQuery(segments);
      if (upgraded) throw noSuchPath();
      return { kind: undefined, readsBody: isPosted, serve: (asked) => fixedPaths.serve(asked) };
    }
    if (path.isLonger) throw noSuchPath();
    const kind = api.kinds.require(path.group, path.version, path.resource);
    const { verb } = attributes;
    const stream = path.group === '' && path.subresource !== undefined ? streams[path.subresource] : undefined;
    const isStream = stream?.resources.includes(path.resource);
    const answering = isStream ? stream : undefined;
    if (answering) return { kind, readsBody: false, serve: (asked) => answering.serve({ ...asked, path, verb }) };
    if (!upgraded) return { kind, readsBody: hasBody(attributes), serve: (asked) => resources.handle({ ...asked, path, verb }) };
    if (verb !== 'watch') throw noSuchPath();
    return { kind, readsBody: false, serve: (asked) => watchSockets.serve({ ...asked, path, verb }) };
  }
}

/** For streams that need one. */
export function upgradeRequired(): StatusError {
  return StatusError.badRequest('Upgrade request required');
}
