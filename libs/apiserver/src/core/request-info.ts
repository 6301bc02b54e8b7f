// What a URL path means in the Kubernetes API: which resource, or none. Every later step (authorization, metrics, routing)
// reads this, so that they cannot disagree about a request.
import { StatusError } from '@berth/machinery';

export interface ResourcePath {
  group: string;
  version: string;
  resource: string;
  namespace?: string;
  name?: string;
  subresource?: string;
  /** In the old form of a watch, whose path begins with `watch`: `/api/v1/watch/namespaces/x/pods/y`. */
  isWatch?: true;
  /** There is more in the path than a subresource: nothing of this server's, although it is authorized as that. */
  isLonger?: true;
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
  if (rest[0] === 'watch') {
    const path = rest[1] === 'watch' ? undefined : within(group, version, rest.slice(1));
    return path && !path.subresource ? { ...path, isWatch: true } : undefined;
  }
  const [first = '', namespace, resource, name, subresource, ...more] = rest;
  // `namespaces/x/status` is the Namespace's own subresource, `namespaces/x/pods` a resource within it.
  const isOwn = rest.length <= 2 || (rest.length === 3 && (resource === 'status' || resource === 'finalize'));
  if (first === 'namespaces' && !isOwn && namespace) {
    if (resource === undefined) return undefined;
    return { group, version, resource, namespace, name, subresource, ...(more.length > 0 && { isLonger: true as const }) };
  }
  return { group, version, resource: first, name: rest[1], subresource: rest[2], ...(rest.length > 3 && { isLonger: true as const }) };
}

/** A path that no server reads. */
export class MalformedPath extends StatusError {}

/** As in Kubernetes, a path is decoded as a whole, and slashes at its end mean nothing. Undefined when a segment is empty. @throws MalformedPath for half an escape */
export function pathSegments(path: string): string[] | undefined {
  const segments = (path.includes('%') ? decoded(path) : path).split('/').slice(1);
  if (segments.at(-1) === '') segments.pop();
  while (segments.at(-1) === '' && (segments[0] === 'api' || segments[0] === 'apis')) segments.pop();
  return segments.includes('') ? undefined : segments;
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    // URIError says no more than the text itself does.
    throw new MalformedPath(400, 'BadRequest', `invalid URL escape in ${JSON.stringify(path)}`);
  }
}
