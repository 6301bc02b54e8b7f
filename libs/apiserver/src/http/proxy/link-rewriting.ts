// Links of a proxied page lead back through the proxy: those that name the far side itself, or a path of it, get the proxy's own path in
// front. (As kube-apiserver's, apimachinery's util/proxy.)
import { posix } from 'node:path';

export interface ProxiedPage {
  /** The proxy's path up to and with `/proxy`. */
  base: string;
  /** The far side as the proxy dials it, `address:port`. */
  farHost: string;
  /** The host that the client asked for. */
  askedHost: string;
}

/** Scheme, host, path, and the rest (RFC 3986, appendix B). */
const urlParts = /^(?:([a-z][a-z0-9+.-]*):)?(?:\/\/([^/?#]*))?([^?#]*)(.*)$/is;

/** The link as it should be followed from the client; unchanged when it leads elsewhere, or is relative to the page. */
export function rewrittenLink(link: string, { base, farHost, askedHost }: ProxiedPage): string {
  const [, scheme, host = '', path = '', rest = ''] = urlParts.exec(link) ?? [];
  if (!path.startsWith('/') || (host !== '' && host !== farHost && host !== askedHost)) return link;
  const origin = host !== '' && host === askedHost ? `${scheme === undefined ? '' : `${scheme}:`}//${host}` : '';
  if (path.startsWith(base)) return origin + path + rest;
  // Which keeps a slash at the end, and lets nothing climb out by `..`.
  return origin + base + posix.normalize(path) + rest;
}
