// What a request asks for, read from its head: path, query, verb, and what authorization, flow control, audit and metrics know it by.
import { type FieldRequirement, StatusError } from '@berth/machinery';
import type { Attributes } from '../core/authorizer.ts';
import { parseResourcePath, pathSegments, type ResourcePath } from '../core/request-info.ts';
import { readableFields } from '../core/selection.ts';
import type { ServedRequest } from '../core/served-message.ts';
import { withoutProxied } from './proxy/proxy-path.ts';
import { flag } from './query-options.ts';
import { isRegistryRequest } from './registry-path.ts';

export interface ParsedRequest {
  segments: string[];
  query: URLSearchParams;
  path: ResourcePath | undefined;
  attributes: Attributes;
}

const verbs: Record<string, string> = { GET: 'get', HEAD: 'get', POST: 'create', PUT: 'update', PATCH: 'patch', DELETE: 'delete' };
/** Whose body says what to do. */
const bodyVerbs = new Set(['create', 'update', 'patch', 'delete', 'deletecollection']);
const bodyMethods = new Set(['POST', 'PUT', 'PATCH', 'DELETE']);
/** Of pods here; other servers may have them of anything. */
const streams = ['log', 'exec', 'attach', 'portforward', 'proxy'];

/** @throws StatusError for a head that no two readers would take for the same request */
export function parsedRequest(request: ServedRequest): ParsedRequest {
  checkHead(request);
  // What is behind a proxy is none of this server's paths.
  const url = withoutProxied(request.url ?? '/')?.resource ?? request.url ?? '/';
  const mark = url.indexOf('?');
  const text = mark < 0 ? url : url.slice(0, mark);
  const found = pathSegments(text);
  // With an empty part it is the path of no resource.
  const segments = found ?? text.split('/').slice(1);
  const query = new URLSearchParams(mark < 0 ? '' : url.slice(mark + 1));
  const path = found && parseResourcePath(found);
  return { segments, query, path, attributes: attributesOf(request.method ?? 'GET', segments, path, query) };
}

function checkHead({ httpVersionMajor, rawHeaders }: ServedRequest): void {
  if (httpVersionMajor < 1) throw StatusError.badRequest('unsupported protocol version');
  let hosts = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index];
    if (name?.length === 4 && name.toLowerCase() === 'host') hosts++;
  }
  if (hosts > 1) throw StatusError.badRequest('too many Host headers');
}

function attributesOf(method: string, segments: string[], path: ResourcePath | undefined, query: URLSearchParams): Attributes {
  if (!path) return { verb: method === 'HEAD' ? 'get' : method.toLowerCase(), path: `/${segments.join('/')}` };
  const verb = verbOf(method, path, query);
  const { group, resource, subresource, namespace, name } = path;
  const selectors =
    verb === 'list' || verb === 'watch' || verb === 'deletecollection' ? selectedFields(query.get('fieldSelector')) : undefined;
  // A list or watch of one name is about that name.
  const only =
    verb === 'deletecollection' ? undefined : selectors?.find(({ field, operator }) => field === 'metadata.name' && operator === '=');
  return { verb, group, resource, subresource, namespace, name: name ?? only?.value, ...(selectors && { fieldSelector: selectors }) };
}

/** Undefined without one that can be read: whoever may ask hears of it when the request is served. */
function selectedFields(text: string | null): FieldRequirement[] | undefined {
  return text ? readableFields(text) : undefined;
}

/** Empty for a method that means nothing here, which only a role with every verb allows. */
function verbOf(method: string, path: ResourcePath, query: URLSearchParams): string {
  if (path.isWatch) return method === 'GET' ? 'watch' : '';
  const verb = verbs[method] ?? '';
  if (path.name !== undefined) return verb;
  if (verb === 'get') return flag(query, 'watch') ? 'watch' : 'list';
  return verb === 'delete' ? 'deletecollection' : verb;
}

export function hasBody({ verb }: Attributes): boolean {
  return bodyVerbs.has(verb);
}

/** By its method alone, where nobody here knows what the path means. */
export function mayHaveBody({ method = '' }: ServedRequest): boolean {
  return bodyMethods.has(method);
}

/** What is open for as long as its client wants, and waits more than it works. */
export function isLongRunning({ attributes }: Pick<ParsedRequest, 'attributes'>): boolean {
  if (attributes.verb === 'watch') return true;
  // Layers of images, up and down.
  if ('path' in attributes) return isRegistryRequest({ url: attributes.path });
  return 'subresource' in attributes && streams.includes(attributes.subresource ?? '');
}
