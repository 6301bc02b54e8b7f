// Which page is shown, from the address behind `#`: `#/pods/<namespace>/<name>?filter`. Behind `#`, as names may have dots,
// which the server would take for a file's.
import { useSyncExternalStore } from 'react';

export interface Route {
  page: string;
  segments: string[];
  query: URLSearchParams;
}

export function useRoute(): Route {
  const hash = useSyncExternalStore(subscribe, () => location.hash);
  return parseRoute(hash);
}

export function parseRoute(hash: string): Route {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split('?', 2);
  const [page = '', ...segments] = path.split('/').map(decoded);
  return { page: page || 'overview', segments, query: new URLSearchParams(query) };
}

/** Changes what is filtered without a step in the history. */
export function replaceQuery(query: URLSearchParams): void {
  const path = location.hash.split('?')[0] || '#/';
  const text = query.toString();
  history.replaceState(null, '', text ? `${path}?${text}` : path);
  dispatchEvent(new HashChangeEvent('hashchange'));
}

const pages: Record<string, string> = {
  Pod: 'pods',
  Node: 'nodes',
  Deployment: 'workloads',
  ReplicaSet: 'workloads',
  Service: 'services',
  PersistentVolumeClaim: 'volumes',
  PersistentVolume: 'volumes',
};

/** Where an object is shown; undefined for kinds without a page. */
export function objectLink(kind: string | undefined, namespace: string | undefined, name: string | undefined): string | undefined {
  const page = pages[kind ?? ''];
  if (!page || !name) return undefined;
  if (page === 'pods') return `#/pods/${encodeURIComponent(namespace ?? '')}/${encodeURIComponent(name)}`;
  if (page === 'nodes') return `#/nodes/${encodeURIComponent(name)}`;
  return `#/${page}?${new URLSearchParams({ ...(namespace && { namespace }), name })}`;
}

function subscribe(changed: () => void): () => void {
  addEventListener('hashchange', changed);
  return () => removeEventListener('hashchange', changed);
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch (error) {
    if (error instanceof URIError) return segment;
    throw error;
  }
}
