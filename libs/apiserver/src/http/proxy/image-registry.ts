// The cluster's image registry behind the API server: pods and people reach it at `/v2/` of the API, with the API's own certificate and
// credentials, and RBAC says by paths (nonResourceURLs) who may pull and push what. It is the one that the control plane was given, which listens
// to nobody else, or else the one that is installed in the cluster, whose other clients get their tokens here.
import { request as httpRequest, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { installedRegistry } from '@berth/api';
import { StatusError } from '@berth/machinery';
import type { ApiServer } from '../../core/api-server.ts';
import { allowBody } from '../body-reader.ts';
import type { InstalledRegistry } from '../registry/installed-registry.ts';
import { isRegistryPath, registryRoot } from '../registry-path.ts';
import { noSuchPath } from '../responses.ts';
import type { Served } from '../routes.ts';
import { passAnswer } from './passed-answer.ts';
import { requestHeaders } from './proxied-headers.ts';

/** What its clients find the registry's own name by, as images on nodes begin with it. */
export const registryNameHeader = 'berth-registry';
const methods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']);
/** Names, tags, digests and the identifiers of uploads; never what a path could climb by. */
const segmentForm = /^(?!\.{1,2}$)[A-Za-z0-9._:+=~-]{1,255}$/;

export interface ImageRegistryOptions {
  /** That the control plane was given; absent: the installed one is meant. */
  given: URL | undefined;
  installed: InstalledRegistry;
  api: Pick<ApiServer, 'authorize'>;
}

export class ImageRegistryRequests {
  readonly #options: ImageRegistryOptions;

  constructor(options: ImageRegistryOptions) {
    this.#options = options;
  }

  /** Whether a path is one of a registry that is there. */
  async answers(segments: readonly string[]): Promise<boolean> {
    const { given, installed } = this.#options;
    return isRegistryPath(segments) && (given !== undefined || (await installed.isThere()));
  }

  /** Resolves when the answer has been passed on. @throws StatusError before its first byte */
  async serve(asked: Served): Promise<void> {
    const { request, response, segments, query, audit } = asked;
    const { given, installed } = this.#options;
    const isThere = await installed.isThere();
    if (!given && !isThere) throw noSuchPath();
    if (isThere && `/${segments.join('/')}` === installedRegistry.tokenPath) return installed.serveToken(asked);
    if (!methods.has(request.method ?? '')) throw StatusError.methodNotAllowed('a registry knows no such method');
    if (segments.some((segment) => !segmentForm.test(segment))) throw StatusError.badRequest('this is no path of a registry');
    await this.#checkMount(asked);
    // As it was authorized, not as it was written.
    const path = `/${segments.join('/')}${segments.length === 1 || asksForUploads(segments) ? '/' : ''}`;
    const search = query.toString();
    response.setHeader(registryNameHeader, given?.host ?? installedRegistry.host);
    const message = await this.#far(asked, given, `${path}${search && `?${search}`}`);
    await passAnswer({ message, response, method: request.method, begun: (code) => audit?.started(code) });
  }

  /** A layer is taken over from another repository only by who may pull from that one. */
  async #checkMount({ query, user, audit }: Served): Promise<void> {
    const from = query.get('from');
    if (from !== null) await this.#options.api.authorize(user, { verb: 'get', path: `/${registryRoot}/${from}` }, audit);
  }

  async #far(asked: Served, given: URL | undefined, path: string): Promise<IncomingMessage> {
    const { request } = asked;
    const headers = {
      ...requestHeaders(request, '', path),
      // The addresses that it answers with are those of this server.
      host: request.headers.host ?? given?.host ?? installedRegistry.host,
      'x-forwarded-proto': 'https',
    };
    if (given) return farAnswer(given, asked, path, headers);
    const far = await this.#options.installed.request(asked, path, headers);
    allowBody(asked);
    request.pipe(far.body);
    return (await far.answer).message;
  }
}

function farAnswer(registry: URL, asked: Served, path: string, headers: OutgoingHttpHeaders): Promise<IncomingMessage> {
  const { request, signal } = asked;
  const send = registry.protocol === 'https:' ? httpsRequest : httpRequest;
  const { hostname, port } = registry;
  return new Promise((resolve, reject) => {
    const far = send({ hostname, port, path, method: request.method, headers, signal }, resolve);
    far.once('error', (error) => {
      const remedy = 'start it, or name another with --image-registry';
      reject(
        new StatusError(503, 'ServiceUnavailable', `the image registry at ${registry.host} does not answer: ${error.message}; ${remedy}`),
      );
    });
    allowBody(asked);
    request.pipe(far);
  });
}

/** Where an upload begins, which is written with a slash at its end. */
function asksForUploads(segments: readonly string[]): boolean {
  return segments.at(-1) === 'uploads' && segments.at(-2) === 'blobs';
}
