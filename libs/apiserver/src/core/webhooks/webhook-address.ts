// Where a webhook is: a service of the cluster, or a URL. The shape is that of `clientConfig` in webhook configurations and in conversions
// of custom resources.

export interface WebhookAddress {
  url?: string | undefined;
  service?: { namespace: string; name: string; path?: string | undefined; port?: number | undefined } | undefined;
  /** PEM in base64; absent or empty for the roots of the system. */
  caBundle?: string | undefined;
}

export interface Endpoint {
  /** Complete, with the time-out. */
  url: string;
  /** What the certificate must be for. */
  serverName: string;
  /** `host:port`, as Go writes it. */
  host: string;
  port: number;
  /** With query. */
  path: string;
  service?: { namespace: string; name: string } | undefined;
}

const defaultPort = 443;

/** @throws Error in Go's words for what is no address */
export function endpointOf({ url, service }: WebhookAddress, timeoutMs: number): Endpoint {
  const query = `timeout=${goSeconds(timeoutMs)}`;
  if (service) {
    const { namespace, name, path = '', port = defaultPort } = service;
    const serverName = `${name}.${namespace}.svc`;
    const host = `${serverName}:${port}`;
    const asked = `${path.startsWith('/') ? path : `/${path}`}?${query}`;
    return { url: `https://${host}${asked}`, serverName, host, port, path: asked, service: { namespace, name } };
  }
  if (!url) throw new Error('webhook configuration must have either service or URL');
  if (!URL.canParse(url)) throw new Error(`Unparsable URL: ${url}`);
  const { hostname, host, port, pathname } = new URL(url);
  const serverName = hostname.replace(/^\[|\]$/g, '');
  const asked = `${pathname}?${query}`;
  return { url: `https://${host}${asked}`, serverName, host, port: port === '' ? defaultPort : Number(port), path: asked };
}

/** Whole seconds, rounded up, as Go writes durations: `10s`, `1m30s`. */
function goSeconds(ms: number): string {
  const seconds = Math.max(1, Math.ceil(ms / 1000));
  const minutes = Math.floor(seconds / 60);
  return `${minutes > 0 ? `${minutes}m` : ''}${seconds % 60}s`;
}
