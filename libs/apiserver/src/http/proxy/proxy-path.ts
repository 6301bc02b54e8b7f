// What a proxy path names: `/api/v1/namespaces/shop/services/https:web:443/proxy/rest?query`. The rest is passed on as the client
// wrote it, so it is cut off before anything else reads the path.

export interface ProxyPath {
  /** Everything up to and with `/proxy`, as the client wrote it: what links of the answer are put behind. */
  base: string;
  /** Begins with `/`, query included. */
  rest: string;
  /** Whether the client asked for the proxy itself, without a slash. */
  isBare: boolean;
}

const pattern = /^(\/api\/v1\/(?:namespaces\/[^/]+\/(?:pods|services)|nodes)\/[^/]+\/proxy)(?=[/?]|$)(.*)$/s;

/** The part of a URL that names the resource: all of it unless it is a proxy path. */
export function withoutProxied(url: string): { resource: string; rest: string } | undefined {
  const match = pattern.exec(url);
  return match ? { resource: match[1] ?? '', rest: match[2] ?? '' } : undefined;
}

/** @param url of a request whose path names a proxy subresource */
export function proxyPath(url: string): ProxyPath {
  const { resource, rest } = withoutProxied(url) ?? { resource: url, rest: '' };
  return { base: resource, rest: rest.startsWith('/') ? rest : `/${rest}`, isBare: !rest.startsWith('/') };
}
