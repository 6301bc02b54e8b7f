// What a URL path means in the Kubernetes API: which resource, or none. Every later step (authorization, metrics, routing)
// reads this, so that they cannot disagree about a request.

export interface ResourcePath {
  group: string;
  version: string;
  resource: string;
  namespace?: string;
  name?: string;
  subresource?: string;
}

/** Undefined for paths outside of resources, such as /version, /apis or /apis/apps/v1. Segments come decoded. */
export function parseResourcePath(segments: string[]): ResourcePath | undefined {
  const [root, ...rest] = segments;
  if (root === 'api') return within('', rest[0], rest.slice(1));
  if (root === 'apis') return within(rest[0] ?? '', rest[1], rest.slice(2));
  return undefined;
}

function within(group: string, version: string | undefined, rest: string[]): ResourcePath | undefined {
  if (version === undefined || rest.length === 0) return undefined;
  const [first = '', namespace, resource, name, subresource, ...more] = rest;
  // `namespaces/x/status` is the Namespace's own subresource, `namespaces/x/pods` a resource within it.
  const isOwn = rest.length <= 2 || (rest.length === 3 && (resource === 'status' || resource === 'finalize'));
  if (first === 'namespaces' && !isOwn && namespace) {
    if (more.length > 0 || resource === undefined) return undefined;
    return { group, version, resource, namespace, name, subresource };
  }
  if (rest.length > 3) return undefined;
  return { group, version, resource: first, name: rest[1], subresource: rest[2] };
}

/** Decoded path segments without empty ones at either end; undefined when the encoding is malformed. */
export function pathSegments(path: string): string[] | undefined {
  try {
    const segments = path.split('/').slice(1).map(decodeURIComponent);
    if (segments.at(-1) === '') segments.pop();
    return segments.includes('') ? undefined : segments;
  } catch {
    // decodeURIComponent throws URIError for half an escape; the caller answers 404.
    return undefined;
  }
}
