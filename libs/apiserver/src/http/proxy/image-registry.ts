// The cluster's image registry behind the API server: pods and people reach it at `/v2/` of the API, with the API's own certificate and
// credentials, and RBAC says by paths (nonResourceURLs) who may pull and push what. The registry itself listens to nobody else.
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { StatusError } from '@berth/machinery';
import type { ApiServer } from '../../core/api-server.ts';
import { allowBody } from '../body-reader.ts';
import { registryRoot } from '../registry-path.ts';
import type { Served } from '../routes.ts';
import { passAnswer } from './passed-answer.ts';
import { requestHeaders } from './proxied-headers.ts';

/** What its clients find the registry's own name by, as images on nodes begin with it. */
export const registryNameHeader = 'berth-registry';
const methods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']);
/** Names, tags, digests and the identifiers of uploads; never what a path could climb by. */
const segmentForm = /^(?!\.{1,2}$)[A-Za-z0-9._:+=~-]{1,255}$/;

export class ImageRegistryRequests {
  readonly #registry: URL;
  readonly #api: Pick<ApiServer, 'authorize'>;

  constructor(registry: URL, api: Pick<ApiServer, 'authorize'>) {
    this.#registry = registry;
    this.#api = api;
  }

  /** Resolves when the answer has been passed on. @throws StatusError before its first byte */
  async serve(asked: Served): Promise<void> {
    const { request, response, segments, query, audit } = asked;
    if (!methods.has(request.method ?? '')) throw StatusError.methodNotAllowed('a registry knows no such method');
    if (segments.some((segment) => !segmentForm.test(segment))) throw StatusError.badRequest('this is no path of a registry');
    await this.#checkMount(asked);
    // As it was authorized, not as it was written.
    const path = `/${segments.join('/')}${segments.length === 1 || asksForUploads(segments) ? '/' : ''}`;
    const search = query.toString();
    response.setHeader(registryNameHeader, this.#registry.host);
    const message = await this.#far(asked, `${path}${search && `?${search}`}`);
    await passAnswer({ message, response, method: request.method, begun: (code) => audit?.started(code) });
  }

  /** A layer is taken over from another repository only by who may pull from that one. */
  async #checkMount({ query, user, audit }: Served): Promise<void> {
    const from = query.get('from');
    if (from !== null) await this.#api.authorize(user, { verb: 'get', path: `/${registryRoot}/${from}` }, audit);
  }

  #far(asked: Served, path: string): Promise<IncomingMessage> {
    const { request, signal } = asked;
    const headers = {
      ...requestHeaders(request, '', path),
      // The addresses that it answers with are those of this server.
      host: request.headers.host ?? this.#registry.host,
      'x-forwarded-proto': 'https',
    };
    const send = this.#registry.protocol === 'https:' ? httpsRequest : httpRequest;
    const { hostname, port } = this.#registry;
    return new Promise((resolve, reject) => {
      const far = send({ hostname, port, path, method: request.method, headers, signal }, resolve);
      far.once('error', (error) => {
        const remedy = 'start it, or name another with --image-registry';
        reject(
          new StatusError(
            503,
            'ServiceUnavailable',
            `the image registry at ${this.#registry.host} does not answer: ${error.message}; ${remedy}`,
          ),
        );
      });
      allowBody(asked);
      request.pipe(far);
    });
  }
}

/** Where an upload begins, which is written with a slash at its end. */
function asksForUploads(segments: readonly string[]): boolean {
  return segments.at(-1) === 'uploads' && segments.at(-2) === 'blobs';
}
