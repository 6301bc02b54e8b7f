// What a proxy path names: `/api/v1/namespaces/shop/services/https:web:443/proxy/rest?query`. The rest is passed on as the client
// wrote it, so it is cut off before anything else reads the path.
import { pathSegments } from '../request-info.ts';

export interface ProxyPath {
  /** Everything up to and with `/proxy`, as the client wrote it: what links of the answer are put behind. */
  base: string;
  /** Begins with `/`, query included. */
  rest: string;
  /** Whether the client asked for the proxy itself, without a slash. */
  isBare: boolean;
  /** Undefined stands for http. */
  scheme: string | undefined;
  name: string;
  /** A number, or a port's name. */
  port: string | undefined;
}

const pattern = /^(\/api\/v1\/(?:namespaces\/[^/]+\/(?:pods|services)|nodes)\/[^/]+\/proxy)(?=[/?]|$)(.*)$/s;

/** The part of a URL that names the resource: all of it unless it is a proxy path. */
export function withoutProxied(url: string): { resource: string; rest: string } | undefined {
  const match = pattern.exec(url);
  return match ? { resource: match[1] ?? '', rest: match[2] ?? '' } : undefined;
}

/** @param url of a request whose path names a proxy subresource; undefined for a name that is none */
export function proxyPath(url: string): ProxyPath | undefined {
  const cut = withoutProxied(url);
  const named = cut && pathSegments(cut.resource)?.at(-2);
  if (!cut || !named) return undefined;
  const parts = named.split(':');
  // `name`, `name:port` or `scheme:name:port`; an empty scheme or port is none.
  const [scheme, name, port] = parts.length === 3 ? parts : [undefined, ...parts];
  if (!name || parts.length > 3 || (scheme && scheme !== 'http' && scheme !== 'https')) return undefined;
  const rest = cut.rest.startsWith('/') ? cut.rest : `/${cut.rest}`;
  return { base: cut.resource, rest, isBare: !cut.rest.startsWith('/'), scheme: scheme || undefined, name, port: port || undefined };
}
